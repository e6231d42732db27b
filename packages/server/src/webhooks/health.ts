/**
 * A hook's health: what an attempt says of it, when its owner is told, when it is paused, and what makes it sound again.
 * Pure. A hook that is sound costs its deliveries nothing: every claim carries its hook, and so what was known of it.
 */
import type { Policy } from "@trulinks/protocol";
import type { Failing, Hook, HookHealth, HookState } from "./hook.ts";
import type { Outcome } from "./outcome.ts";

/** What an attempt has shown of its hook; null: nothing that was not known. */
export type Shown = "failing" | "sound" | null;

/** Of a hook as it was when the attempt was claimed. `isPing`: only such an answer brings back what failing had paused. */
export function shownBy(
  outcome: Outcome,
  { state, health }: Pick<Hook, "state" | "health">,
  { isPing }: { readonly isPing: boolean },
): Shown {
  if (outcome.kind === "accepted" || (outcome.kind === "rejected" && !isPing)) {
    const isBack = isPing && outcome.kind === "accepted" && isResumable(state, health);
    return isBack || (state === "active" && health.failing !== null) ? "sound" : null;
  }
  const isSaid = state !== "active" || health.failing !== null;
  return isSaid || !isFailureOfHook(outcome) ? null : "failing";
}

/**
 * 410 disables the hook at once. A 422 to a ping is no answer to anything. And where the platform's own proxy fails, that is
 * not the receiver's. A 429 or 503 with `Retry-After` is: what it asks for is granted, and only if it asks for days does a
 * step follow.
 */
function isFailureOfHook(outcome: Outcome): boolean {
  if (outcome.kind === "rejected" || outcome.kind === "proxy") return false;
  return !(outcome.kind === "refused" && outcome.status === 410);
}

/** Whether a good answer to a ping makes it active: what somebody paused by hand stays paused. */
export function isResumable(state: HookState, { pausedBecause }: HookHealth): boolean {
  return state === "paused" && pausedBecause === "failing";
}

/** `tell`: its owner hears `hook.failing`. `pause`: it is paused, and its owner hears `hook.paused`. */
export type Step = "tell" | "pause";

/** A hook has a step to take if it is failing since these moments, or longer. */
export interface StepBounds {
  readonly tellSinceMs: number;
  readonly pauseSinceMs: number;
  /** And was told then, or earlier: so long its owner has to mend it, however late the platform came to tell. */
  readonly pauseToldMs: number;
}

export function stepBounds(
  { failing_after_s, paused_after_s }: Pick<Policy["webhooks"], "failing_after_s" | "paused_after_s">,
  nowMs: number,
): StepBounds {
  return {
    tellSinceMs: nowMs - failing_after_s * 1_000,
    pauseSinceMs: nowMs - paused_after_s * 1_000,
    pauseToldMs: nowMs - (paused_after_s - failing_after_s) * 1_000,
  };
}

/** Never a second step without the first. */
export function stepOf(failing: Failing, bounds: StepBounds): Step | null {
  const { sinceMs, toldAtMs } = failing;
  if (toldAtMs === null) return sinceMs <= bounds.tellSinceMs ? "tell" : null;
  return sinceMs <= bounds.pauseSinceMs && toldAtMs <= bounds.pauseToldMs ? "pause" : null;
}

/** The health of a hook that somebody changes: another receiver, or one that its owner vouches for, begins anew. */
export function healthAfterChange(
  before: Pick<Hook, "url" | "health" | "state">,
  after: Pick<Hook, "url" | "state">,
  { isStateGiven }: { readonly isStateGiven: boolean },
): HookHealth {
  const isAnew = after.url !== before.url || after.state === "pending" || after.state === "disabled";
  const failing = isAnew || (isStateGiven && after.state === "active") ? null : before.health.failing;
  if (after.state !== "paused") return { failing, pausedBecause: null };
  return { failing, pausedBecause: isStateGiven ? "asked" : before.health.pausedBecause };
}
