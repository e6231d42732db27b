/** What a visit costs its caller: spent before it goes on, and given back where the answer is free. */
import { HEADERS, secondsUntil } from "@trulinks/protocol";
import type { Caller } from "../accounts/caller.ts";
import type { Clock } from "../base/clock.ts";
import { type Quotas, quotaAccess } from "./quotas.ts";
import { CHALLENGE, type Refusal } from "./refusal.ts";
import type { Visit } from "./visit.ts";

export interface ChargeDeps {
  readonly quotas: Quotas;
  readonly clock: Clock;
}

/** Null: admitted. The visit then knows its caller, what is left, and what it has spent. */
export async function charge(
  { quotas, clock }: ChargeDeps,
  visit: Visit,
  caller: Caller,
): Promise<Refusal | null> {
  const { account, ledger } = quotaAccess(quotas, caller);
  if (caller.kind === "anonymous" && account.policy.limit === 0) {
    return { code: "unauthenticated", headers: CHALLENGE };
  }
  const nowMs = clock.now();
  const spent = await ledger.spend(account, { cost: 1, nowMs });
  visit.caller = caller;
  visit.quota = spent.quota;
  if (spent.kind === "admitted") {
    visit.isAdmitted = true;
    visit.receipt = spent.receipt;
    return null;
  }
  const { limit, windowS } = spent.quota;
  const detail = `API rate limit exceeded: ${limit} requests in ${windowS} seconds are used up.`;
  if (spent.retryAtMs === null) return { code: "rate-limited", detail };
  const waitS = secondsUntil(spent.retryAtMs, nowMs);
  return { code: "rate-limited", detail, headers: [[HEADERS.retryAfter, String(waitS)]] };
}

/** An admitted request costs whatever its answer is, but for 304 and our own faults. */
export async function giveBack({ quotas, clock }: ChargeDeps, visit: Visit): Promise<void> {
  const { caller, receipt } = visit;
  if (caller === null || receipt === null) return;
  const { account, ledger } = quotaAccess(quotas, caller);
  visit.receipt = null;
  visit.quota = await ledger.refund(account, receipt, clock.now());
}
