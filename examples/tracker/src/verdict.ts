import { errorCodeOf } from "@trulinks/protocol";
import type { Call } from "./outbox.ts";

/** What came of one call to TruLinks. */
export type CallOutcome =
  | {
      readonly kind: "answered";
      readonly status: number;
      /** `Retry-After` in seconds, where it was sent. */
      readonly retryAfterS: number | null;
      readonly body: unknown;
    }
  | { readonly kind: "unanswered"; readonly reason: string };

export type Verdict =
  | { readonly kind: "done" }
  | { readonly kind: "refused"; readonly status: number; readonly reason: string }
  /** `delayMs` null: as long as the back-off says. */
  | { readonly kind: "later"; readonly delayMs: number | null; readonly reason: string };

// These say nothing about the call: the key is wrong, or TruLinks is busy. Other calls would fare no better.
const STATUSES_OF_NOW: readonly number[] = [401, 403, 408, 425, 429];

/** Whether a call is over, refused for good, or to be made again. */
export function judge(call: Call, outcome: CallOutcome): Verdict {
  if (outcome.kind === "unanswered") return { kind: "later", delayMs: null, reason: outcome.reason };
  const { status, retryAfterS, body } = outcome;
  if (status >= 200 && status < 300) return { kind: "done" };
  const problem = problemOf(body);
  const reason = `TruLinks answered ${status}${problem ? `: ${problem}` : ""}`;
  // Only TruLinks itself can refuse a call. A 404 from something else at that address is a wrong address.
  if (status < 400 || status >= 500 || STATUSES_OF_NOW.includes(status) || problem === null) {
    return { kind: "later", delayMs: retryAfterS === null ? null : retryAfterS * 1000, reason };
  }
  if (call.method === "DELETE" && status === 404) return { kind: "done" };
  return { kind: "refused", status, reason: problem };
}

/** What TruLinks says is wrong with the call, or null if the body is no problem of TruLinks. */
function problemOf(body: unknown): string | null {
  if (typeof body !== "object" || body === null) return null;
  const { type, detail, message, errors } = body as Record<string, unknown>;
  if (typeof type !== "string" || errorCodeOf(type) === null) return null;
  const flaws = Array.isArray(errors)
    ? errors.map((error) => ` ${error?.pointer}: ${error?.message}.`).join("")
    : "";
  return `${String(message ?? detail ?? type)}${flaws}`;
}
