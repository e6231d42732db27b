/** What a visit costs its caller: spent before it goes on, and given back where the answer is free. */
import { HEADERS, secondsUntil } from "@trulinks/protocol";
import type { Caller } from "../accounts/caller.ts";
import type { Clock } from "../base/clock.ts";
import { planOf, type Quotas } from "./quotas.ts";
import { CHALLENGE, type Refusal } from "./refusal.ts";
import type { Visit } from "./visit.ts";

export interface ChargeDeps {
  readonly quotas: Quotas;
  readonly clock: Clock;
}

/** Null: admitted. The visit then knows its caller, what is left, and what it has spent. */
export function charge({ quotas, clock }: ChargeDeps, visit: Visit, caller: Caller): Refusal | null {
  const { limiter, operation, keyOf } = quotas;
  const nowMs = clock.now();
  const spender = limiter.resolve(planOf(caller), keyOf(caller), nowMs);
  const verdict = limiter.decide(spender, operation, nowMs);
  const quota = limiter.quotaOf(spender, operation, nowMs);
  if (caller.kind === "anonymous" && quota.limit === 0) {
    return { code: "unauthenticated", headers: CHALLENGE };
  }
  visit.caller = caller;
  visit.quota = quota;
  if (verdict.kind === "admitted") {
    visit.isAdmitted = true;
    visit.admission = verdict;
    return null;
  }
  const detail = `API rate limit exceeded: ${quota.limit} requests in ${quota.windowS} seconds are used up.`;
  if (verdict.retryAtMs === null) return { code: "rate-limited", detail };
  const waitS = secondsUntil(verdict.retryAtMs, nowMs);
  return { code: "rate-limited", detail, headers: [[HEADERS.retryAfter, String(waitS)]] };
}

/** An admitted request costs whatever its answer is, but for 304 and our own faults. */
export function giveBack({ quotas: { limiter }, clock }: ChargeDeps, visit: Visit): void {
  const { admission } = visit;
  if (admission === null) return;
  const nowMs = clock.now();
  limiter.refund(admission, nowMs);
  visit.quota = limiter.quotaOf(admission.caller, admission.operation, nowMs);
}

/** It is over, whatever became of it. */
export function leave({ quotas: { limiter }, clock }: ChargeDeps, { admission }: Visit): void {
  if (admission !== null) limiter.release(admission, clock.now());
}
