/** One request and its answer: gathers what comes, and says once how it ended. */
import type { Dispatcher } from "undici";
import type { Cancel, Clock } from "../base/clock.ts";
import type { Connection, Connections, Route } from "./connections.ts";
import { ANSWER_BYTES_MAX } from "./delivery.ts";
import { codeOf, type Outcome, outcomeOfStatus, unansweredBy } from "./outcome.ts";
import type { Answer, PostRequest, PostResult } from "./post.ts";
import { parseRetryAfterMs } from "./retry-after.ts";

export interface ExchangeDeps {
  readonly connections: Connections;
  readonly clock: Pick<Clock, "now" | "monotonic" | "after">;
}

/** 1xx answers before the answer; no honest receiver sends more. */
export const ANNOUNCEMENTS_MAX = 16;

// The names in a certificate, say, are as many as its owner likes.
const DETAIL_CHARACTERS_MAX = 500;

const REACHED: Readonly<Record<Connection["stage"], string>> = {
  name: "no address",
  address: "no connection",
  connected: "no whole answer",
};

type Head = Pick<Answer, "status" | "headers">;
type HeaderPair = readonly [string, string];

export class Exchange implements Dispatcher.DispatchHandler {
  readonly #deps: ExchangeDeps;
  readonly #request: PostRequest;
  readonly #resolve: (result: PostResult) => void;
  readonly #startMs: number;
  readonly #cancelDeadline: Cancel;
  readonly #options: Dispatcher.DispatchOptions;
  #connection: Connection;
  #firstByteMs: number | null = null;
  #announcements = 0;
  #head: Head | null = null;
  #chunks: Buffer[] | null = null;
  #bytes = 0;
  #isRepeated = false;
  #isOver = false;

  constructor(
    deps: ExchangeDeps,
    { route, path }: { readonly route: Route; readonly path: string },
    request: PostRequest,
    resolve: (result: PostResult) => void,
  ) {
    this.#deps = deps;
    this.#request = request;
    this.#resolve = resolve;
    this.#startMs = deps.clock.monotonic();
    this.#options = { path, method: "POST", headers: flat(request.headers), body: request.body };
    this.#cancelDeadline = deps.clock.after(request.deadlineMs, () => this.#meetDeadline());
    this.#connection = deps.connections.take(route);
    this.#connection.client.dispatch(this.#options, this);
  }

  onRequestStart(): void {
    this.#connection.requests++;
  }

  onResponseStarted(): void {
    this.#firstByteMs ??= this.#elapsedMs();
  }

  onResponseStart(
    _: Dispatcher.DispatchController,
    status: number,
    headers: Readonly<Record<string, string | string[] | undefined>>,
  ): void {
    // 1xx announce an answer and are none.
    if (status >= 200) this.#head = { status, headers: pairsOf(headers) };
    else if (++this.#announcements > ANNOUNCEMENTS_MAX) {
      this.#fail({ kind: "too-large" }, `more than ${ANNOUNCEMENTS_MAX} answers of 1xx`);
    }
  }

  onResponseData(_: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#isOver) return;
    this.#chunks ??= [];
    this.#chunks.push(chunk.subarray(0, ANSWER_BYTES_MAX - this.#bytes));
    this.#bytes += chunk.length;
    if (this.#bytes <= ANSWER_BYTES_MAX || this.#head === null) return;
    // The rest is of no use, and may be endless.
    this.#fail(answeredOutcome(this.#head, this.#deps.clock.now()), null);
  }

  onResponseEnd(): void {
    if (this.#isOver || this.#head === null) return;
    this.#deps.connections.free(this.#connection);
    this.#finish(answeredOutcome(this.#head, this.#deps.clock.now()), null);
  }

  onResponseError(_: unknown, error: Error): void {
    if (this.#isOver) return;
    const code = codeOf(error);
    const kind = unansweredBy(code);
    const isOurs = code === "UND_ERR_DESTROYED";
    if (kind === "reset" && !isOurs && this.#mayRepeat()) this.#repeat();
    else this.#fail({ kind }, `${code} ${error.message}`.trim().slice(0, DETAIL_CHARACTERS_MAX));
  }

  /**
   * A receiver may close a connection that was free at the very moment at which we use it again. Then not one byte of
   * an answer comes, and that says nothing about the receiver: the same request goes out once more on a new connection,
   * as part of the same attempt and within its deadline. `webhook-id` makes that safe even if the receiver has read the
   * first one.
   */
  #mayRepeat(): boolean {
    return !this.#isRepeated && this.#firstByteMs === null && this.#connection.requests > 1;
  }

  #repeat(): void {
    const { connections } = this.#deps;
    const { route } = this.#connection;
    this.#isRepeated = true;
    connections.end(this.#connection);
    this.#connection = connections.open(route);
    this.#connection.client.dispatch(this.#options, this);
  }

  #meetDeadline(): void {
    const { stage } = this.#connection;
    // A name server that is silent is no fault in answering.
    const kind = stage === "name" ? "dns" : "deadline";
    this.#fail({ kind }, `${REACHED[stage]} within ${this.#request.deadlineMs} ms`);
  }

  /** Ends the connection, too: what may still come on it is of no use. */
  #fail(outcome: Outcome, detail: string | null): void {
    this.#finish(outcome, detail);
    this.#deps.connections.end(this.#connection);
  }

  #finish(outcome: Outcome, detail: string | null): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#cancelDeadline();
    const { requests, timings } = this.#connection;
    this.#resolve({
      outcome,
      answer: this.#head === null ? null : { ...this.#head, body: textOf(this.#chunks) },
      timings: { firstByteMs: this.#firstByteMs, totalMs: this.#elapsedMs() },
      connected: requests <= 1 ? timings : null,
      detail,
    });
  }

  #elapsedMs(): number {
    return this.#deps.clock.monotonic() - this.#startMs;
  }
}

function answeredOutcome({ status, headers }: Head, nowMs: number): Outcome {
  const retryAfter = headers.find(([name]) => name === "retry-after")?.[1];
  return outcomeOfStatus(status, parseRetryAfterMs(retryAfter, nowMs));
}

function flat(pairs: readonly HeaderPair[]): string[] {
  const list: string[] = [];
  for (const pair of pairs) list.push(pair[0], pair[1]);
  return list;
}

/** The names are in lower case. */
function pairsOf(headers: Readonly<Record<string, string | string[] | undefined>>): readonly HeaderPair[] {
  const pairs: HeaderPair[] = [];
  for (const name in headers) {
    const value = headers[name];
    if (typeof value === "string") pairs.push([name, value]);
    else for (const one of value ?? []) pairs.push([name, one]);
  }
  return pairs;
}

/** What is not UTF-8 is replaced, and so is NUL, which not every database can keep in a text. */
function textOf(chunks: readonly Buffer[] | null): string {
  if (chunks === null) return "";
  return Buffer.concat(chunks).toString("utf8").replaceAll("\0", "\ufffd");
}
