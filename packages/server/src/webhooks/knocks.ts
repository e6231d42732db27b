/**
 * How often an integrator may have the platform call at receivers that have not answered yet, so that nobody makes it
 * knock at a stranger's door by making hooks and deleting them again. Kept in memory: it is a brake, not a count.
 */
import type { Clock } from "../base/clock.ts";
import type { HookOwner } from "./hook.ts";

/** At once, and again within an hour: as many hooks as an owner may have. */
export const KNOCKS_PER_H_MAX = 100;
const HOUR_MS = 3_600_000;
const INTERVAL_MS = HOUR_MS / KNOCKS_PER_H_MAX;
const OWNERS_MAX = 10_000;

export type Knocked =
  | { readonly kind: "free" }
  | { readonly kind: "too-often"; readonly retryAfterMs: number };

export interface Knocks {
  /** Takes one of the owner's knocks, if it has one left. */
  take(owner: HookOwner): Knocked;
}

/** `spentMs`: when all of the owner's knocks will have come back; the cell rate algorithm's theoretical arrival time. */
export function knock(spentMs: number, nowMs: number): Knocked & { readonly spentMs: number } {
  // Where the host's clock was set back, all of them come back within the hour all the same.
  const fromMs = Math.min(Math.max(spentMs, nowMs), nowMs + HOUR_MS);
  const retryAfterMs = fromMs + INTERVAL_MS - nowMs - HOUR_MS;
  if (retryAfterMs > 0) return { kind: "too-often", retryAfterMs, spentMs };
  return { kind: "free", spentMs: fromMs + INTERVAL_MS };
}

export function createKnocks(clock: Pick<Clock, "now">): Knocks {
  const spentMsOf = new Map<string, number>();
  return {
    take(owner) {
      const name = owner.kind === "user" ? `user ${owner.userId}` : `app ${owner.appId}`;
      const { spentMs, ...knocked } = knock(spentMsOf.get(name) ?? 0, clock.now());
      // Whoever knocked last stands last; the longest silent is forgotten first.
      spentMsOf.delete(name);
      spentMsOf.set(name, spentMs);
      const [oldest] = spentMsOf.keys();
      if (spentMsOf.size > OWNERS_MAX && oldest !== undefined) spentMsOf.delete(oldest);
      return knocked;
    },
  };
}
