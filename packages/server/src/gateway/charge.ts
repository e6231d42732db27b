/** What a visit costs its caller: spent before it goes on, and given back where the answer is free. */
import { type Operation, sayRefusal, type Verdict, whenOver } from "@trulinks/limits";
import type { Caller } from "../accounts/caller.ts";
import type { Clock } from "../base/clock.ts";
import { EVENT_STREAM, planOf, type Quotas } from "./quotas.ts";
import { CHALLENGE, type Refusal } from "./refusal.ts";
import type { Visit } from "./visit.ts";

export interface ChargeDeps {
  readonly quotas: Quotas;
  readonly clock: Clock;
}

export type Charged =
  /** The visit knows its caller, what is left, and what it has spent. */
  | { readonly kind: "admitted" }
  | { readonly kind: "refused"; readonly refusal: Refusal }
  /** The caller went away while it waited for its turn. */
  | { readonly kind: "left" };

/** One decision over all limits. A few of a caller's requests wait while another one is under way. */
export async function charge(deps: ChargeDeps, visit: Visit, caller: Caller): Promise<Charged> {
  const { limiter, operationOf, keyOf } = deps.quotas;
  const operation = operationOf(visit.request, visit.operation);
  // So that idle callers are forgotten where no new ones come.
  limiter.forgetIdle(deps.clock.now(), 1);
  const spender = limiter.resolve(planOf(caller), keyOf(caller), deps.clock.now());
  const entered = enter(deps, visit, spender, operation);
  const verdict = entered instanceof Promise ? await entered : entered;
  if (verdict === null) return { kind: "left" };

  const nowMs = deps.clock.now();
  const quota = limiter.quotaOf(spender, operation, nowMs);
  if (caller.kind === "anonymous" && quota.limit === 0) {
    return { kind: "refused", refusal: { code: "unauthenticated", headers: CHALLENGE } };
  }
  visit.caller = caller;
  visit.quota = quota;
  if (verdict.kind === "refused") return { kind: "refused", refusal: sayRefusal(verdict, quota, nowMs) };
  visit.isAdmitted = true;
  visit.admission = verdict;
  return { kind: "admitted" };
}

/** A promise only where the request waits; null: its caller went away meanwhile. */
function enter(
  { quotas: { limiter }, clock }: ChargeDeps,
  { request, response }: Visit,
  spender: ReturnType<Quotas["limiter"]["resolve"]>,
  operation: Operation,
): Verdict | Promise<Verdict | null> {
  const { promise, resolve } = Promise.withResolvers<Verdict | null>();
  const nowMs = clock.now();
  const entered = limiter.enter(spender, operation, nowMs, resolve);
  if (entered.kind !== "waiting") return entered;
  const cancel = clock.after(entered.untilMs - nowMs, () => {
    const refusal = limiter.abandon(entered, clock.now());
    if (refusal !== null) resolve(refusal);
  });
  whenOver(request, response, () => {
    if (limiter.abandon(entered, clock.now()) !== null) resolve(null);
  });
  return promise.finally(cancel);
}

/** An admitted request costs whatever its answer is, but for 304 and our own faults. */
export function giveBack({ quotas: { limiter }, clock }: ChargeDeps, visit: Visit): void {
  const { admission } = visit;
  if (admission === null) return;
  const nowMs = clock.now();
  limiter.refund(admission, nowMs);
  visit.quota = limiter.quotaOf(admission.caller, admission.operation, nowMs);
}

/** An event stream leaves at its headers: it may last for hours, and the caller's other requests need not wait for it. */
export function letStreamGo(
  { quotas: { limiter }, clock }: ChargeDeps,
  { admission }: Visit,
  contentType: string | undefined,
): void {
  if (admission !== null && contentType?.startsWith(EVENT_STREAM)) {
    limiter.becomeStream(admission, clock.now());
  }
}

/** With the last byte of its answer the request is no longer under way, nor when nobody waits for it any more. */
export function leave({ quotas: { limiter }, clock }: ChargeDeps, visit: Visit): void {
  const { admission, request, response } = visit;
  if (admission !== null) whenOver(request, response, () => limiter.release(admission, clock.now()));
}
