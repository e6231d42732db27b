/** How much may be under way at once: in all, per hook, and per origin (scheme, host and port). */
import type { HookId } from "@trulinks/protocol";
import type { Hook } from "./hook.ts";

export interface Slots {
  /** Takes a place for one delivery of this hook; false if there is none. */
  enter(hook: Hook): boolean;
  /** The receiver is done with it: hook and origin have a place again, while in all it still counts. */
  answer(hook: Hook): void;
  /** It is over. */
  leave(): void;
  /** How many places are left in all. */
  free(): number;
  /** How many of them this hook could take. */
  placesOf(hook: Hook): number;
  /** The hooks that have something under way. */
  hooks(): Iterable<Hook>;
}

// As much as a fast receiver on one core keeps busy; a slow one leaves the rest to other origins.
export const ORIGIN_IN_FLIGHT_MAX = 64;
const ORIGINS_REMEMBERED_MAX = 1_024;

export function createSlots(inFlightMax: number): Slots {
  const byHook = new Map<HookId, { readonly hook: Hook; readonly count: number }>();
  const byOrigin = new Map<string, number>();
  const originOf = createOriginOf();
  let total = 0;

  const countOf = (id: HookId) => byHook.get(id)?.count ?? 0;
  const placesOf = (hook: Hook) => {
    const ofHook = hook.inFlightMax - countOf(hook.id);
    const ofOrigin = ORIGIN_IN_FLIGHT_MAX - (byOrigin.get(originOf(hook)) ?? 0);
    return Math.max(0, Math.min(ofHook, ofOrigin, inFlightMax - total));
  };

  function add(hook: Hook, one: 1 | -1): void {
    const count = countOf(hook.id) + one;
    if (count === 0) byHook.delete(hook.id);
    else byHook.set(hook.id, { hook, count });
    const origin = originOf(hook);
    const originCount = (byOrigin.get(origin) ?? 0) + one;
    if (originCount === 0) byOrigin.delete(origin);
    else byOrigin.set(origin, originCount);
  }

  return {
    enter(hook) {
      if (placesOf(hook) === 0) return false;
      total += 1;
      add(hook, 1);
      return true;
    },
    answer: (hook) => add(hook, -1),
    leave() {
      total -= 1;
    },
    free: () => inFlightMax - total,
    placesOf,
    hooks: () => [...byHook.values()].map(({ hook }) => hook),
  };
}

/** Remembers what it parsed: this is asked several times for every delivery. */
function createOriginOf(): (hook: Hook) => string {
  const origins = new Map<string, string>();
  return ({ url }) => {
    const origin = origins.get(url) ?? new URL(url).origin;
    if (origins.size >= ORIGINS_REMEMBERED_MAX) origins.clear();
    origins.set(url, origin);
    return origin;
  };
}
