/** What an answer of the API means for the job that asked. Pure. */
import { errorCodeOf } from "@trulinks/protocol";
import type { JobStep } from "./jobs.ts";
import { type Answer, memberOf } from "./trulinks.ts";

export const ATTEMPTS_MAX = 12;
const BACKOFF_MS_MIN = 1_000;
const BACKOFF_MS_MAX = 300_000;
/** A limit that names no time is waited for at least a minute. */
const LIMIT_MS_MIN = 60_000;
const IN_FLIGHT_MS = 2_000;

/** `attempt`: 1 for the first. Null: no answer came, and nobody knows whether the request arrived. */
export function stepAfter(answer: Answer | null, attempt: number): JobStep {
  if (answer !== null && answer.status >= 200 && answer.status < 300) return { kind: "greeted" };
  const reason =
    answer === null ? "no answer" : `${answer.status}: ${memberOf(answer.body, "message") ?? ""}`;
  if (attempt >= ATTEMPTS_MAX)
    return { kind: "given-up", reason: `${reason} (attempt ${attempt}, the last)` };
  const backoffMs = Math.min(BACKOFF_MS_MAX, BACKOFF_MS_MIN * 2 ** (attempt - 1));
  if (answer === null) return later(backoffMs, reason);

  const waitS = answer.headers.get("retry-after");
  if (waitS !== null && /^[0-9]{1,6}$/.test(waitS))
    return { kind: "user-later", delayMs: Number(waitS) * 1000, reason };
  if (isLimit(answer)) return { kind: "user-later", delayMs: Math.max(LIMIT_MS_MIN, backoffMs), reason };
  switch (errorCodeOf(String(memberOf(answer.body, "type")))) {
    case "idempotency-in-flight":
      return later(IN_FLIGHT_MS, reason);
    case "idempotency-unknown":
      // The next attempt looks first whether the comment is there.
      return { kind: "later", delayMs: backoffMs, reason, isNewKey: true };
  }
  // A token may have been replaced meanwhile; the file is read anew for each attempt.
  if (answer.status === 401 || answer.status === 408 || answer.status >= 500) return later(backoffMs, reason);
  // Anything else is an error of ours: repeating it would only break a rule.
  return { kind: "given-up", reason };
}

function later(delayMs: number, reason: string): JobStep {
  return { kind: "later", delayMs, reason, isNewKey: false };
}

function isLimit({ status, body }: Answer): boolean {
  return (
    status === 429 || (status === 403 && String(memberOf(body, "message")).includes("secondary rate limit"))
  );
}
