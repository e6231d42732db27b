/** A request that may go on, on its way to the upstream. */
import type { IncomingMessage } from "node:http";
import { HEADERS } from "@trulinks/protocol";
import type { Caller } from "../accounts/caller.ts";
import type { Clock } from "../base/clock.ts";
import { plainAddress } from "../base/network-address.ts";
import type { AnswerCopy } from "./answer-copy.ts";
import { gatewayHeaders, valuesOf } from "./answer-headers.ts";
import { type ChargeDeps, letStreamGo } from "./charge.ts";
import type { IsTrusted } from "./client-address.ts";
import { type End, refused } from "./ending.ts";
import type { PassedBody } from "./examine.ts";
import { forward } from "./forward.ts";
import { signedIdentity } from "./identity.ts";
import type { Refusal } from "./refusal.ts";
import { type Arrived, upstreamHeaders } from "./request-headers.ts";
import type { Asked } from "./request-shape.ts";
import { targetBelow } from "./target.ts";
import type { Upstream } from "./upstream.ts";
import type { Visit } from "./visit.ts";

export interface PassDeps extends ChargeDeps {
  readonly connected: Upstream | null;
  readonly identityKey: Uint8Array;
  readonly isTrusted: IsTrusted;
  readonly bodyBytesMax: number;
  readonly clock: Clock;
}

export interface Passed {
  readonly caller: Caller;
  readonly asked: Extract<Asked, { kind: "asked" }>;
  readonly body: PassedBody;
  /** Null: nobody keeps the answer. */
  readonly copy: AnswerCopy | null;
}

/** On to the upstream, with a signed word about the caller. */
export async function pass(
  gateway: PassDeps,
  visit: Visit,
  { caller, asked, body, copy }: Passed,
): Promise<End> {
  const { connected, clock, bodyBytesMax } = gateway;
  const { request, response, requestId } = visit;
  if (connected === null) return refused({ code: "no-upstream" });
  const target = targetBelow(connected.basePath, asked.path);
  if (target === null) return refused({ code: "unparseable", detail: "The path has a segment `..`." });
  if (connected.inFlight >= connected.inFlightMax) return refused(BUSY);

  connected.inFlight += 1;
  try {
    const addressed = { method: request.method ?? "GET", target, requestId };
    const identity = await signedIdentity(gateway.identityKey, caller, addressed, clock.now());
    return await forward(connected, {
      request,
      response,
      target,
      headers: upstreamHeaders(arrived(gateway, request, asked.host), identity),
      body,
      copy,
      bodyBytesMax,
      ownHeaders: (answered) => {
        letStreamGo(gateway, visit, valuesOf(answered, "content-type"));
        return gatewayHeaders(requestId, visit.quota, clock.now());
      },
      clock,
    });
  } finally {
    connected.inFlight -= 1;
  }
}

function arrived(
  { isTrusted }: PassDeps,
  { rawHeaders, headers, socket }: IncomingMessage,
  host: string | undefined,
): Arrived {
  const peer = plainAddress(socket.remoteAddress ?? "") ?? "unknown";
  const scheme = "encrypted" in socket ? "https" : "http";
  return { rawHeaders, connection: headers.connection, peer, isPeerTrusted: isTrusted(peer), scheme, host };
}

const BUSY: Refusal = {
  code: "unavailable",
  detail: "Too many requests are under way.",
  headers: [[HEADERS.retryAfter, "1"]],
};
