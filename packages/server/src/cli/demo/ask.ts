import { StartRefused } from "../../base/start-refused.ts";

export interface Ask {
  readonly authorization?: string;
  readonly body?: object;
  readonly idempotencyKey?: string;
  /** Every other status ends the start. */
  readonly expected: readonly number[];
}

export interface Answered {
  readonly status: number;
  readonly body: unknown;
}

const TIMEOUT_MS = 10_000;

/** One call of the demo to an API. An answer that was not expected is a sentence, without what was sent. */
export async function ask(
  method: string,
  url: string,
  { authorization, body, idempotencyKey, expected }: Ask,
): Promise<Answered> {
  const response = await fetch(url, {
    method,
    headers: {
      ...(authorization === undefined ? {} : { authorization }),
      ...(body === undefined ? {} : { "content-type": "application/json" }),
      ...(idempotencyKey === undefined ? {} : { "idempotency-key": idempotencyKey }),
    },
    body: body === undefined ? null : JSON.stringify(body),
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  const text = await response.text();
  const answered = { status: response.status, body: text === "" ? null : (JSON.parse(text) as unknown) };
  if (expected.includes(answered.status)) return answered;
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
