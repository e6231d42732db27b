/** One request to the upstream and its answer back, both as streams. Decides nothing about callers or quotas. */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Transform } from "node:stream";
import type { Dispatcher } from "undici";
import type { Clock } from "../base/clock.ts";
import type { AnswerCopy } from "./answer-copy.ts";
import { answerHeaders } from "./answer-headers.ts";
import { BodyTooLarge, countedBody, discardBody, tooLargeDetail } from "./body.ts";
import type { PassedBody } from "./examine.ts";
import type { Refusal } from "./refusal.ts";
import type { HeaderPairs } from "./request-headers.ts";
import type { Upstream } from "./upstream.ts";

export interface Passage {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly target: string;
  /** Names and values in turn. */
  readonly headers: string[];
  readonly body: PassedBody;
  readonly bodyBytesMax: number;
  /** The gateway's own headers at the time the answer begins; `answered` are the upstream's, names and values in turn. */
  readonly ownHeaders: (answered: readonly string[]) => HeaderPairs;
  readonly clock: Clock;
  /** Where the answer is to be kept: it is read to its end, whether the caller waits for it or not. */
  readonly copy: AnswerCopy | null;
}

export type Outcome =
  | { readonly kind: "answered"; readonly status: number }
  /** A 304, which costs the caller nothing: it is not sent yet, since its headers are to say so. */
  | { readonly kind: "not-modified"; readonly headers: readonly string[] }
  /** No answer to pass on; nothing is sent yet. `cause` is for the log. */
  | {
      readonly kind: "failed";
      readonly refusal: Refusal;
      readonly cause: Error;
      readonly canRepeat: boolean;
      readonly isUnsent: boolean;
    }
  /** The answer ended too early, and so did the caller's connection: nothing else can tell it. */
  | { readonly kind: "broken"; readonly status: number; readonly cause: Error }
  | { readonly kind: "left" };

/** A caller who does not read on is let go after this long; it would hold a connection to the upstream. */
const STALLED_MS_MAX = 120_000;

export async function forward(upstream: Upstream, passage: Passage): Promise<Outcome> {
  const { request, response } = passage;
  const { kind } = passage.body;
  if (request.headers.expect !== undefined && kind !== "read") response.writeContinue();
  const stream = kind === "stream" ? countedBody(request, passage.bodyBytesMax) : null;
  const outcome = await attempt(upstream, passage, stream);
  if (outcome.kind === "failed" && outcome.canRepeat) return attempt(upstream, passage, stream);
  if (stream !== null) discardBody(request, passage.bodyBytesMax);
  return outcome;
}

function attempt(upstream: Upstream, passage: Passage, stream: Transform | null): Promise<Outcome> {
  const { request, response, target, headers } = passage;
  return new Promise((resolve) => {
    const { copy } = passage;
    const caller = watchCaller(passage, stream);
    let isSent = false;
    let hasBegun = false;
    let hasData = false;
    let status = 0;
    let notModified: readonly string[] | null = null;
    const settle = (outcome: Outcome): void => {
      caller.stop();
      resolve(outcome);
    };
    upstream.pool.dispatch(
      {
        path: target,
        method: request.method ?? "GET",
        headers,
        body: passage.body.kind === "read" ? passage.body.bytes : stream,
        headersTimeout: upstream.timeoutMs,
        bodyTimeout: upstream.silenceMsMax,
      },
      {
        onRequestStart: (controller) => {
          isSent = true;
          caller.abortWhenGone(controller);
        },
        onResponseStarted: () => {
          hasBegun = true;
        },
        onResponseStart: (controller, statusCode, _parsed, statusMessage) => {
          if (statusCode < 200) return;
          status = statusCode;
          const raw = textOf(controller.rawHeaders);
          copy?.begin(statusCode, raw);
          if (statusCode === 304) {
            notModified = raw;
            return;
          }
          if (caller.isGone()) return;
          response.writeHead(statusCode, statusMessage ?? "", answerHeaders(raw, passage.ownHeaders(raw)));
          // Headers and a body that came together leave together; headers that came alone (an event stream) leave now.
          queueMicrotask(() => {
            if (!hasData && !response.writableEnded) response.write(NOTHING);
          });
        },
        onResponseData: (controller, chunk) => {
          hasData = true;
          copy?.take(chunk);
          if (copy !== null && caller.isGone()) return;
          if (!response.write(chunk)) waitForReader(passage, controller);
        },
        onResponseEnd: () => {
          copy?.end();
          if (caller.isGone()) return settle({ kind: "left" });
          if (notModified !== null) return settle({ kind: "not-modified", headers: notModified });
          response.end();
          settle({ kind: "answered", status });
        },
        onResponseError: (_controller, cause) => {
          if (caller.isGone()) return settle({ kind: "left" });
          if (!response.headersSent) return settle(failure(cause, passage, { isSent, hasBegun }));
          request.socket.destroy();
          settle({ kind: "broken", status, cause });
        },
      },
    );
  });
}

interface CallerWatch {
  readonly isGone: () => boolean;
  readonly abortWhenGone: (controller: Dispatcher.DispatchController) => void;
  readonly stop: () => void;
}

/** Ends the upstream's side when the caller goes away, whether the upstream has been reached by then or not. */
function watchCaller({ request, response, copy }: Passage, body: Transform | null): CallerWatch {
  const { socket } = request;
  let running: Dispatcher.DispatchController | null = null;
  const isGone = (): boolean => socket.destroyed && !response.writableEnded;
  const end = (): void => {
    // Who asks again under the same key gets the answer that it did not wait for.
    if (copy !== null) return;
    const reason = new Error("the caller has left");
    body?.destroy(reason);
    running?.abort(reason);
  };
  // The socket, not the response: one that waits behind another on its connection is never told of the end. Each
  // of them listens, and Node would warn of more than ten.
  socket.setMaxListeners(0);
  socket.once("close", end);
  return {
    isGone,
    abortWhenGone: (controller) => {
      running = controller;
      if (isGone()) end();
    },
    stop: () => {
      socket.off("close", end);
    },
  };
}

function waitForReader(
  { request, response, clock }: Passage,
  controller: Dispatcher.DispatchController,
): void {
  controller.pause();
  const { socket } = request;
  const giveUp = clock.after(STALLED_MS_MAX, () => socket.destroy());
  const go = (): void => {
    giveUp();
    response.off("drain", go);
    socket.off("close", go);
    controller.resume();
  };
  response.on("drain", go);
  socket.on("close", go);
}

const STALE_CONNECTION: ReadonlySet<string> = new Set(["ECONNRESET", "EPIPE", "UND_ERR_SOCKET"]);

interface Progress {
  /** Whether anything of the request may have reached the upstream. */
  readonly isSent: boolean;
  /** Whether anything of an answer has come. */
  readonly hasBegun: boolean;
}

function failure(
  cause: Error,
  { request, body, bodyBytesMax }: Passage,
  { isSent, hasBegun }: Progress,
): Outcome {
  const isUnsent = !isSent;
  if (cause instanceof BodyTooLarge) {
    const refusal: Refusal = { code: "too-large", detail: tooLargeDetail(bodyBytesMax) };
    return { kind: "failed", refusal, cause, canRepeat: false, isUnsent };
  }
  const code = "code" in cause ? String(cause.code) : "";
  if (code === "UND_ERR_HEADERS_TIMEOUT") {
    return { kind: "failed", refusal: { code: "upstream-timeout" }, cause, canRepeat: false, isUnsent };
  }
  // The upstream may close an idle connection in the instant in which we write to it. Only what may be repeated
  // is, only once, and only if not a byte came back.
  const isSafe = (request.method === "GET" || request.method === "HEAD") && body.kind === "none";
  const canRepeat = isSafe && !hasBegun && STALE_CONNECTION.has(code);
  return { kind: "failed", refusal: { code: "upstream-unreachable" }, cause, canRepeat, isUnsent };
}

// Sends the headers alone. `flushHeaders` would write them in UTF-8 and spoil what is beyond ASCII.
const NOTHING = Buffer.alloc(0);

type RawHeaders = Dispatcher.DispatchController["rawHeaders"];

// Bytes outside ASCII go through unchanged: Node reads and writes headers as Latin-1.
function textOf(raw: RawHeaders): readonly string[] {
  if (!Array.isArray(raw)) return [];
  return raw.map((part) => (typeof part === "string" ? part : part.toString("latin1")));
}
