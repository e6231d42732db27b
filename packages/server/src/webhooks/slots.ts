/**
 * The places of this process: how much may be under way at once, in all, per origin and per hook, and who may have the
 * next one. Decides in constant time. Times are milliseconds of a clock that never goes back.
 */
import type { HookId } from "@trulinks/protocol";
import { HOOK_IN_FLIGHT_MAX, type Hook } from "./hook.ts";
import { type Footing, HANGING_MS } from "./ramp.ts";

/** What one delivery holds from its start until it is over. */
export interface Place {
  readonly hook: Hook;
  readonly origin: string;
  readonly sinceMs: number;
}

/** Who asks for a place, and on what footing. */
export interface Entrant extends Footing {
  readonly hook: Hook;
  readonly origin: string;
}

/** Why there is none: until its hook answers, or its origin, or a hook that is trusted no more than this one; `all`: until any does, or is settled. */
export type Obstacle = "hook" | "origin" | "trust" | "all";

export interface Slots {
  enter(entrant: Entrant, nowMs: number): Place | Obstacle;
  /** The receiver is done with it: its place is free again, and what remains is to settle it. */
  answer(place: Place): void;
  /** One that was answered is settled. */
  leave(): void;
  /** How many that are trusted would find a place now, one of each hook. */
  free(nowMs: number): number;
  /** How many of these places retries could have. */
  freeForRetries(): number;
  /** True if an attempt at this hook has been under way for long, or many at its origin have, which has no place left. */
  isHanging(id: HookId, origin: string, nowMs: number): boolean;
  /** How many receivers are at it. */
  inFlight(): number;
}

// As much as a fast receiver on one core keeps busy; a slow one leaves the rest to other origins.
export const ORIGIN_IN_FLIGHT_MAX = 64;
// Retries, and hooks that failed or were slow the last time, have half of all places and half of an origin's: first
// attempts always find one. The slow have less than that, so that those which fail at once recover beside them.
const MISTRUSTED_SHARE = 1 / 2;
const SLOW_SHARE = 3 / 8;
// Of the places that hanging attempts leave, so much is for what has just started. However many receivers begin to
// hang at once, a second later there are places for the others.
const STARTED_SHARE = 3 / 4;
// So many times the places may be answered and not yet settled: a store that is held up for a moment holds up nobody, and
// one that is slower than the receivers slows us down before memory fills.
export const UNSETTLED_SHARE = 4;

interface Taken extends Place {
  readonly ofHook: { underWay: number; hanging: number };
  readonly ofOrigin: { underWay: number; mistrusted: number; hanging: number };
  readonly trust: Footing["trust"];
  isHanging: boolean;
}

export function createSlots(placesMax: number): Slots {
  const byHook = new Map<HookId, Taken["ofHook"]>();
  const byOrigin = new Map<string, Taken["ofOrigin"]>();
  /** Those that do not hang, oldest first. */
  const started = new Set<Taken>();
  const underWay = { mistrusted: 0, slow: 0, hanging: 0 };
  const mistrustedMax = Math.ceil(placesMax * MISTRUSTED_SHARE);
  const slowMax = Math.ceil(placesMax * SLOW_SHARE);
  const unsettledMax = placesMax * UNSETTLED_SHARE;
  let inFlight = 0;
  let unsettled = 0;
  /** Before this nothing more will be found to hang; looking each time would cost more than all the rest. */
  let lookAtMs = 0;

  function noteHanging(nowMs: number): void {
    if (nowMs < lookAtMs) return;
    lookAtMs = nowMs + HANGING_MS;
    for (const place of started) {
      lookAtMs = place.sinceMs + HANGING_MS + 1;
      if (nowMs < lookAtMs) return;
      started.delete(place);
      place.isHanging = true;
      place.ofHook.hanging += 1;
      place.ofOrigin.hanging += 1;
      underWay.hanging += 1;
    }
  }

  function free(nowMs: number): number {
    noteHanging(nowMs);
    const startedMax = Math.ceil((placesMax - underWay.hanging) * STARTED_SHARE);
    const freeInAll = Math.min(placesMax - inFlight, unsettledMax - unsettled - inFlight);
    return Math.max(0, Math.min(freeInAll, startedMax - started.size));
  }

  /** A second place only while an eighth of all is free, and each further one an eighth more. */
  function isShareUsed(count: number): boolean {
    return count > 0 && count * placesMax >= HOOK_IN_FLIGHT_MAX * (placesMax - inFlight);
  }

  function obstacle({ hook, origin, trust, window }: Entrant, nowMs: number): Obstacle | null {
    const freeInAll = free(nowMs);
    const ofHook = byHook.get(hook.id);
    if (ofHook !== undefined) {
      if (ofHook.hanging > 0 || ofHook.underWay >= window || isShareUsed(ofHook.underWay)) return "hook";
    }
    const ofOrigin = byOrigin.get(origin);
    if (ofOrigin !== undefined && ofOrigin.underWay >= ORIGIN_IN_FLIGHT_MAX) return "origin";
    if (trust !== "sound") {
      if ((ofOrigin?.mistrusted ?? 0) >= ORIGIN_IN_FLIGHT_MAX * MISTRUSTED_SHARE) return "origin";
      if (underWay.mistrusted >= mistrustedMax) return "trust";
      if (trust === "slow" && underWay.slow >= slowMax) return "trust";
    }
    return freeInAll === 0 ? "all" : null;
  }

  /** `one` more of each, or one less. */
  function count({ ofHook, ofOrigin, trust, hook, origin }: Taken, one: 1 | -1): void {
    ofHook.underWay += one;
    ofOrigin.underWay += one;
    if (trust !== "sound") {
      ofOrigin.mistrusted += one;
      underWay.mistrusted += one;
    }
    if (trust === "slow") underWay.slow += one;
    if (ofHook.underWay === 0) byHook.delete(hook.id);
    if (ofOrigin.underWay === 0) byOrigin.delete(origin);
  }

  return {
    enter(entrant, nowMs) {
      const found = obstacle(entrant, nowMs);
      if (found !== null) return found;
      const { hook, origin, trust } = entrant;
      const ofHook = byHook.get(hook.id) ?? { underWay: 0, hanging: 0 };
      const ofOrigin = byOrigin.get(origin) ?? { underWay: 0, mistrusted: 0, hanging: 0 };
      const place = { hook, origin, trust, sinceMs: nowMs, ofHook, ofOrigin, isHanging: false };
      byHook.set(hook.id, ofHook);
      byOrigin.set(origin, ofOrigin);
      started.add(place);
      count(place, 1);
      inFlight += 1;
      return place;
    },
    answer(place) {
      const taken = place as Taken;
      count(taken, -1);
      inFlight -= 1;
      unsettled += 1;
      if (started.delete(taken)) return;
      taken.ofHook.hanging -= 1;
      taken.ofOrigin.hanging -= 1;
      underWay.hanging -= 1;
    },
    leave() {
      unsettled -= 1;
    },
    free,
    freeForRetries: () => Math.max(0, mistrustedMax - underWay.mistrusted),
    isHanging(id, origin, nowMs) {
      noteHanging(nowMs);
      if ((byHook.get(id)?.hanging ?? 0) > 0) return true;
      const ofOrigin = byOrigin.get(origin);
      if (ofOrigin === undefined || ofOrigin.underWay < ORIGIN_IN_FLIGHT_MAX) return false;
      return ofOrigin.hanging * 2 >= ofOrigin.underWay;
    },
    inFlight: () => inFlight,
  };
}
