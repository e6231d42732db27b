/** One POST to a receiver: no redirects, one deadline over everything, and an answer of bounded size. */
import { Agent, type Dispatcher, Pool } from "undici";
import type { Cancel, Clock } from "../base/clock.ts";
import type { AddressPolicy } from "./addresses.ts";
import { createConnector, type TlsTerms } from "./connector.ts";
import { ANSWER_BYTES_MAX, type Timings } from "./delivery.ts";
import { type Outcome, outcomeOfStatus, unansweredBy } from "./outcome.ts";
import { parseRetryAfterMs } from "./retry-after.ts";

export interface PostRequest extends TlsTerms {
  readonly url: string;
  readonly headers: readonly (readonly [string, string])[];
  readonly body: Uint8Array;
  /** Over name, connection, TLS, sending and answer together. */
  readonly deadlineMs: number;
}

export interface PostResult {
  readonly outcome: Outcome;
  /** What came of an answer, even where the outcome is that it was not whole in time. */
  readonly answer: Answer | null;
  readonly timings: Timings;
  /** What went wrong, for the log; null where an answer came. */
  readonly detail: string | null;
}

export interface Answer {
  readonly status: number;
  readonly headers: readonly (readonly [string, string])[];
  /** Up to `ANSWER_BYTES_MAX`, as text. */
  readonly body: string;
}

/** Never rejects: whatever happens is an outcome. */
export type Post = (request: PostRequest) => Promise<PostResult>;

export interface Poster {
  readonly post: Post;
  /** Ends all connections. */
  close(): Promise<void>;
}

export interface PosterDeps {
  readonly addresses: AddressPolicy;
  readonly clock: Pick<Clock, "now" | "monotonic" | "after">;
}

// Hooks with equal terms share connections. Few terms are in use at once; the least recently used are let go.
const AGENTS_MAX = 64;

export function createPoster({ addresses, clock }: PosterDeps): Poster {
  const agents = new Map<string, Agent>();

  function agentFor({ verifyTls, ca, deadlineMs }: PostRequest): Agent {
    const key = `${verifyTls} ${deadlineMs} ${ca ?? ""}`;
    const agent = agents.get(key) ?? createAgent({ addresses, verifyTls, ca, timeoutMs: deadlineMs });
    agents.delete(key);
    agents.set(key, agent);
    const [oldest] = agents;
    if (agents.size > AGENTS_MAX && oldest !== undefined) {
      agents.delete(oldest[0]);
      void oldest[1].close();
    }
    return agent;
  }

  return {
    post: (request) => post(agentFor(request), clock, request),
    async close() {
      const open = [...agents.values()];
      agents.clear();
      await Promise.all(open.map((agent) => agent.destroy()));
    },
  };
}

function createAgent(options: Parameters<typeof createConnector>[1]): Agent {
  return new Agent({
    factory: (origin) => {
      const url = new URL(origin);
      // The deadline is ours, and bounds the answer as a whole; undici's own timers are off.
      return new Pool(url, { connect: createConnector(url, options), headersTimeout: 0, bodyTimeout: 0 });
    },
  });
}

function post(agent: Agent, clock: PosterDeps["clock"], request: PostRequest): Promise<PostResult> {
  const { promise, resolve } = Promise.withResolvers<PostResult>();
  const { origin, pathname, search } = new URL(request.url);
  const handler = createHandler(clock, request.deadlineMs, resolve);
  try {
    const headers = request.headers.flat();
    const path = pathname + search;
    agent.dispatch({ origin, path, method: "POST", headers, body: Buffer.from(request.body) }, handler);
  } catch (error) {
    handler.onResponseError(null, error as Error);
  }
  return promise;
}

/** Gathers one answer and says once how it ended. */
function createHandler(
  clock: PosterDeps["clock"],
  deadlineMs: number,
  resolve: (result: PostResult) => void,
): Required<Pick<Dispatcher.DispatchHandler, "onRequestStart" | "onResponseStart" | "onResponseData">> & {
  onResponseEnd(): void;
  onResponseError(controller: unknown, error: Error): void;
} {
  const startMs = clock.monotonic();
  const chunks: Buffer[] = [];
  let bytes = 0;
  let firstByteMs: number | null = null;
  let head: Pick<Answer, "status" | "headers"> | null = null;
  let controller: Dispatcher.DispatchController | null = null;
  let isOver = false;

  const finish = (outcome: Outcome, detail: string | null) => {
    if (isOver) return;
    isOver = true;
    cancelDeadline();
    const answer = head === null ? null : { ...head, body: textOf(chunks) };
    resolve({ outcome, answer, timings: { firstByteMs, totalMs: clock.monotonic() - startMs }, detail });
  };
  const finishAnswered = () => {
    if (head !== null) finish(answeredOutcome(head, clock.now()), null);
  };
  const cancelDeadline: Cancel = clock.after(deadlineMs, () => {
    finish({ kind: "deadline" }, `no whole answer within ${deadlineMs} ms`);
    controller?.abort(new Error("The deadline has passed."));
  });

  return {
    onRequestStart(started) {
      controller = started;
      if (isOver) started.abort(new Error("The deadline has passed."));
    },
    onResponseStart(_, status, headers) {
      // 1xx announce an answer and are none.
      if (status < 200) return;
      firstByteMs = clock.monotonic() - startMs;
      head = { status, headers: Object.entries(headers).flatMap(pairsOf) };
    },
    onResponseData(started, chunk) {
      chunks.push(chunk.subarray(0, ANSWER_BYTES_MAX - bytes));
      bytes += chunk.length;
      if (bytes <= ANSWER_BYTES_MAX) return;
      finishAnswered();
      started.abort(new Error("The rest of the answer is of no use."));
    },
    onResponseEnd: finishAnswered,
    onResponseError(_, error) {
      const code = codeOf(error);
      finish({ kind: unansweredBy(code) }, `${code} ${error.message}`.trim());
    },
  };
}

function answeredOutcome({ status, headers }: Pick<Answer, "status" | "headers">, nowMs: number): Outcome {
  const retryAfter = headers.find(([name]) => name.toLowerCase() === "retry-after")?.[1];
  return outcomeOfStatus(status, parseRetryAfterMs(retryAfter, nowMs));
}

function codeOf(error: Error): string {
  if ("code" in error && typeof error.code === "string") return error.code;
  // Some faults of the answer have a name and no code.
  return error.name === "HTTPParserError" ? "HPE_UNKNOWN" : "";
}

function pairsOf([name, value]: [string, string | string[] | undefined]): readonly (readonly [
  string,
  string,
])[] {
  return [value ?? []].flat().map((one) => [name, one] as const);
}

/** What is not UTF-8 is replaced, and so is NUL, which not every database can keep in a text. */
function textOf(chunks: readonly Buffer[]): string {
  return Buffer.concat(chunks).toString("utf8").replaceAll("\0", "\ufffd");
}
