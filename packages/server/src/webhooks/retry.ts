import type { Outcome } from "./outcome.ts";

/** What becomes of a delivery after an attempt. */
export type Next =
  | { readonly kind: "delivered" }
  | { readonly kind: "rejected" }
  | { readonly kind: "retry"; readonly atMs: number }
  | { readonly kind: "failed"; readonly because: "attempts-exhausted" | "no-retries" | "gone" };

export interface RetryFacts {
  readonly outcome: Outcome;
  /** Which attempt of its schedule just ended, from 1. */
  readonly attempt: number;
  readonly retries: "default" | "none";
  /** Nothing is tried again after this; null: as long as the policy says. */
  readonly retryUntilMs: number | null;
  readonly nowMs: number;
  /** At least 0, below 1. */
  readonly chance: number;
}

/** No receiver may ask for longer (DESIGN, the wire). */
export const RETRY_AFTER_MS_MAX = 24 * 3_600_000;

// Jitter is added, never taken away: a retry is at most a tenth late and never early.
const JITTER_SHARE = 0.1;

/** Decides what becomes of a delivery. `retriesS`: the policy's delays, one for each retry, in seconds. */
export function afterAttempt(retriesS: readonly number[], facts: RetryFacts): Next {
  const { outcome, attempt, retries, retryUntilMs, nowMs, chance } = facts;
  if (outcome.kind === "accepted") return { kind: "delivered" };
  if (outcome.kind === "rejected") return { kind: "rejected" };
  if (outcome.kind === "refused" && outcome.status === 410) return { kind: "failed", because: "gone" };
  if (retries === "none") return { kind: "failed", because: "no-retries" };

  const delayS = retriesS[attempt - 1];
  if (delayS === undefined) return { kind: "failed", because: "attempts-exhausted" };
  const plannedMs = Math.round(delayS * 1_000 * (1 + JITTER_SHARE * chance));
  const askedMs = outcome.kind === "refused" ? Math.min(outcome.retryAfterMs ?? 0, RETRY_AFTER_MS_MAX) : 0;
  const atMs = nowMs + Math.max(plannedMs, askedMs);
  if (retryUntilMs !== null && atMs > retryUntilMs) return { kind: "failed", because: "attempts-exhausted" };
  return { kind: "retry", atMs };
}
