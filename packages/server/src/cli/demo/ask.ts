import type { Clock } from "../../base/clock.ts";
import { StartRefused } from "../../base/start-refused.ts";

export interface Ask {
  readonly clock: Pick<Clock, "after">;
  readonly authorization?: string;
  readonly body?: object;
  /** Every other status ends the start. */
  readonly expected: readonly number[];
}

export interface Answered {
  readonly status: number;
  readonly body: unknown;
}

const TIMEOUT_MS = 10_000;

/** One call of the demo to an API. What was not expected is told in a sentence, without what was sent. */
export async function ask(method: string, url: string, options: Ask): Promise<Answered> {
  const answered = await call(method, url, options).catch((error) => {
    throw new StartRefused(
      `The demo could not be set up: ${method} ${url} was not answered (${reasonOf(error)}).`,
      { cause: error },
    );
  });
  if (options.expected.includes(answered.status)) return answered;
  const message = textOf(answered.body, "message") ?? "no reason given";
  throw new StartRefused(
    `The demo could not be set up: ${method} ${url} answered ${answered.status}: ${message}`,
  );
}

/** A member of an answer that is a text, or null. */
export function textOf(body: unknown, name: string): string | null {
  const value =
    typeof body === "object" && body !== null ? (body as Record<string, unknown>)[name] : undefined;
  return typeof value === "string" ? value : null;
}

/** `fetch` says only that it failed, and keeps the reason in `cause`. */
function reasonOf(error: unknown): string {
  const { cause } = (error ?? {}) as { cause?: unknown };
  const told = cause instanceof Error ? cause : error;
  return told instanceof Error ? told.message : String(told);
}

async function call(method: string, url: string, { clock, authorization, body }: Ask): Promise<Answered> {
  const patience = new AbortController();
  const cancel = clock.after(TIMEOUT_MS, () => patience.abort());
  try {
    const response = await fetch(url, {
      method,
      headers: {
        ...(authorization === undefined ? {} : { authorization }),
        ...(body === undefined ? {} : { "content-type": "application/json" }),
      },
      body: body === undefined ? null : JSON.stringify(body),
      signal: patience.signal,
    });
    const text = await response.text();
    return { status: response.status, body: text === "" ? null : (JSON.parse(text) as unknown) };
  } finally {
    cancel();
  }
}
