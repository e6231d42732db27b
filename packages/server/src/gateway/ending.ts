/** How a visit ends: what is sent, what it costs in the end, and its line in the log. */
import { ERRORS, HEADERS } from "@trulinks/protocol";
import type { Log } from "../base/log.ts";
import { Unavailable } from "../base/unavailable.ts";
import { answerHeaders, gatewayHeaders } from "./answer-headers.ts";
import { type ChargeDeps, giveBack } from "./charge.ts";
import type { RequestFact } from "./fact.ts";
import type { Outcome } from "./forward.ts";
import { type Refusal, type RefusalOptions, sendRefusal } from "./refusal.ts";
import type { HeaderPairs } from "./request-headers.ts";
import { type Visit, visitFields } from "./visit.ts";

/** As forwarding ended, or with a refusal of our own; `cause` is for the log. */
export type End =
  | Outcome
  /** The answer that an earlier request with this `Idempotency-Key` got. */
  | {
      readonly kind: "repeated";
      readonly status: number;
      readonly headers: readonly string[];
      readonly bytes: Uint8Array;
    }
  | { readonly kind: "refused"; readonly refusal: Refusal; readonly cause?: unknown };

export interface EndingDeps extends ChargeDeps, RefusalOptions {
  readonly log: Log;
  readonly onFact?: (fact: RequestFact) => void;
}

export function refused(refusal: Refusal): End {
  return { kind: "refused", refusal };
}

/** Sends what has not been sent yet and gives back what the answer does not cost. Returns the status, null if none. */
export function conclude(deps: EndingDeps, visit: Visit, end: End): number | null {
  const { request, response, requestId } = visit;
  switch (end.kind) {
    case "answered":
    case "broken":
      return end.status;
    case "left":
      return null;
    case "not-modified":
      giveBack(deps, visit);
      response.writeHead(
        304,
        answerHeaders(end.headers, gatewayHeaders(requestId, visit.quota, deps.clock.now())),
      );
      response.end();
      return 304;
    case "repeated": {
      const own = gatewayHeaders(requestId, visit.quota, deps.clock.now());
      response.writeHead(end.status, answerHeaders(end.headers, [...own, REPEATED]));
      response.end(end.bytes);
      return end.status;
    }
    case "failed":
    case "refused": {
      if (response.headersSent) throw end.cause ?? new Error("refused after the answer had begun");
      if (ERRORS[end.refusal.code].status >= 500) giveBack(deps, visit);
      const own = gatewayHeaders(requestId, visit.quota, deps.clock.now());
      return sendRefusal(request, response, end.refusal, own, deps);
    }
    default:
      return end satisfies never;
  }
}

/** As Stripe says it. */
const REPEATED = ["Idempotent-Replayed", "true"] as const;

/** One line and one fact for a visit, whatever became of it. */
export function observe(deps: EndingDeps, visit: Visit, end: End, status: number | null): void {
  const { log, clock, onFact } = deps;
  const nowMs = clock.monotonic();
  const cause = "cause" in end ? end.cause : undefined;
  const fields = {
    ...visitFields(visit, nowMs),
    status,
    outcome: end.kind,
    ...("refusal" in end ? { code: end.refusal.code } : {}),
    ...(cause instanceof Error ? { cause: cause.message } : {}),
  };
  log.info(visit.isAdmitted ? "request.admitted" : "request.refused", fields);
  if (end.kind === "refused" && end.refusal.code === "internal") {
    log.error("request.broken", { request: visit.requestId, error: cause });
  }
  const code = "refusal" in end ? end.refusal.code : null;
  onFact?.({ kind: "requested", outcome: end.kind, code, status, durationMs: nowMs - visit.startedAtMs });
}

/** What went wrong in here, as the caller may know it. */
export function faultOf({ requestId }: Visit, cause: unknown): End {
  if (cause instanceof Unavailable) {
    const headers: HeaderPairs = [[HEADERS.retryAfter, String(cause.retryAfterS)]];
    return { kind: "refused", refusal: { code: "unavailable", headers }, cause };
  }
  return {
    kind: "refused",
    refusal: { code: "internal", detail: `The request's id is ${requestId}.` },
    cause,
  };
}
