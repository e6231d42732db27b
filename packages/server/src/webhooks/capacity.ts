/**
 * What this process can take on: which leased delivery starts now, which is kept at hand, which goes back, and what
 * to ask the store for. Does nothing itself. Times are milliseconds of a clock that never goes back.
 */
import { createBacklog, type Line, nextOf } from "./backlog.ts";
import type { Claim } from "./claim.ts";
import type { Hook } from "./hook.ts";
import { createLeftovers, givenInFull } from "./leftovers.ts";
import { createOriginOf } from "./origin.ts";
import { createPatience } from "./patience.ts";
import type { Room } from "./publish.ts";
import { createRamp, type Trust } from "./ramp.ts";
import { createSlots, type Place } from "./slots.ts";
import { createTurns, type Tried } from "./turns.ts";

export interface Started {
  readonly claim: Claim;
  readonly place: Place;
}

export interface Taken {
  /** Counts as under way from here on. */
  readonly start: readonly Started[];
  /** Has to go back. */
  readonly back: readonly Claim[];
}

/** What was stored just now: how much room was said to be here, and how many more were stored than came. */
export interface Stored {
  readonly room: Room;
  readonly left: number;
}

export interface Capacity {
  /** For what is about to be stored. Of hooks of which the store holds more, little is handed over: it would overtake that. */
  roomForNew(nowMs: number): Room;
  takeNew(claims: readonly Claim[], stored: Stored, nowMs: number): Taken;
  /** What to ask the store for, one question at a time; not at all if `countMax` is 0. */
  room(nowMs: number): Room;
  /** What the store gave for `room`. */
  take(claims: readonly Claim[], room: Room, nowMs: number): Taken;
  /** The receiver is done with one. `succeeded` null: it was not asked. */
  answer(place: Place, succeeded: boolean | null, nowMs: number): Taken;
  /** One is over, and settled. */
  leave(nowMs: number): Taken;
  /** Time has passed: what was at hand for too long has to go back. */
  tick(nowMs: number): Taken;
  takeAll(): readonly Claim[];
  /** True if the store is known to hold something that is due; cheap. */
  knowsOfMore(): boolean;
  /** True if there is room for something of that. */
  isHungry(nowMs: number): boolean;
  load(): SenderLoad;
}

/** How much this process has taken on; asking costs nothing. */
export interface SenderLoad {
  /** Deliveries under way: posted, or being settled. */
  readonly inFlight: number;
  /** Leased, and waiting here for a place. */
  readonly atHand: number;
}

// Of one hook at a time: as many as it may have under way, and as many again at hand. If many hooks have something left, fewer.
export const CLAIMS_OF_HOOK_MAX = 16;
// Of all hooks at a time: enough to keep the places busy, and little enough to find room at hand if all are of one origin.
const CLAIMS_SHARE = 1 / 8;
const CLAIMS_MIN = 16;
// So many hooks are named of which nothing is wanted; of the rest what comes in vain goes back. Naming them is not free.
const LEFT_OUT_MAX = 64;
// However much of what was just stored had to go back, so much is handed over the next time.
const HANDED_OVER_MIN = 8;
// Of the hooks that failed or were slow so many wait at hand for the places that they share, and more are fetched below half.
const MISTRUSTED_WAITING_MAX = 64;
const USELESS_MS_MIN = 10;
const USELESS_MS_MAX = 1_000;

export function createCapacity(placesMax: number): Capacity {
  const slots = createSlots(placesMax);
  const ramp = createRamp();
  const turns = createTurns();
  const backlog = createBacklog(placesMax, turns.leave);
  const leftovers = createLeftovers();
  const originOf = createOriginOf();
  const patience = { minMs: USELESS_MS_MIN, maxMs: USELESS_MS_MAX };
  /** With asking for hooks of which there is more, and for others. */
  const asking = { known: createPatience(patience), others: createPatience(patience) };
  let asked = asking.others;
  let handedOverMax = placesMax;

  function footingOf({ hook, attempt }: Claim): { readonly trust: Trust; readonly window: number } {
    const footing = ramp.footingOf(hook);
    return footing.trust === "sound" && attempt > 1 ? { ...footing, trust: "doubtful" } : footing;
  }

  function tryClaim(claim: Claim, nowMs: number, start: Started[]): Tried {
    const { hook } = claim;
    const footing = footingOf(claim);
    const entered = slots.enter({ hook, origin: originOf(hook), ...footing }, nowMs);
    if (typeof entered === "string") return { kind: "obstructed", by: entered, trust: footing.trust };
    start.push({ claim, place: entered });
    return { kind: "started", trust: null };
  }

  /** Tries with what is next in a line. */
  const tryingLines = (nowMs: number, start: Started[]) => (line: Line) => {
    const claim = nextOf(line);
    if (claim === undefined) return NOTHING_LEFT;
    const tried = tryClaim(claim, nowMs, start);
    if (tried.kind === "obstructed") return tried;
    backlog.takeNext(line);
    const next = nextOf(line);
    return { kind: "started", trust: next === undefined ? null : footingOf(next).trust } as const;
  };

  /** False: there is no room for it here. */
  function keep(claim: Claim, { by, trust }: Obstructed, nowMs: number): boolean {
    if (by === "trust" && turns.countOf(trust) >= MISTRUSTED_WAITING_MAX) return false;
    const line = backlog.add(claim, originOf(claim.hook), nowMs);
    if (line !== null) turns.lineUp(line, by, trust);
    return line !== null;
  }

  /** False: it has to go back. */
  function startOrKeep(claim: Claim, nowMs: number, start: Started[]): boolean {
    const line = backlog.find(claim.hook.id);
    const isBehind = line !== undefined && (claim.attempt > 1 || line.firsts.length > 0);
    if (isBehind) return backlog.add(claim, line.origin, nowMs) !== null;
    const tried = tryClaim(claim, nowMs, start);
    return tried.kind === "started" || keep(claim, tried, nowMs);
  }

  function sort(claims: readonly Claim[], nowMs: number): Taken {
    const start: Started[] = [];
    const back = claims.filter((claim) => !startOrKeep(claim, nowMs, start));
    for (const { hook } of back) leftovers.noteHook(hook);
    return { start, back };
  }

  /** What waited too long goes; then everybody tries whose turn it is. */
  function pass(nowMs: number, freedOrigin?: string): Taken {
    const back = backlog.takeStale(nowMs);
    for (const { hook } of back) leftovers.noteHook(hook);
    const start: Started[] = [];
    if (backlog.size() === 0) return { start, back };
    const tryLine = tryingLines(nowMs, start);
    if (freedOrigin !== undefined) turns.originAnswered(freedOrigin, tryLine);
    turns.pass(tryLine);
    return { start, back };
  }

  const isWanted = (nowMs: number) => (hook: Hook) => {
    if (slots.isHanging(hook.id, nowMs) || !backlog.isShort(hook.id, originOf(hook))) return false;
    const { trust } = ramp.footingOf(hook);
    return trust === "sound" || turns.countOf(trust) < MISTRUSTED_WAITING_MAX / 2;
  };

  function countMax(nowMs: number): number {
    return Math.min(slots.free(nowMs), placesMax - backlog.size());
  }

  function room(count: number, hookMax: number): Room {
    const exceptHooks = leftovers.hooks(LEFT_OUT_MAX);
    return { countMax: count, retriesMax: slots.freeForRetries(), hookMax, exceptHooks };
  }

  return {
    roomForNew: (nowMs) => room(Math.min(handedOverMax, countMax(nowMs)), CLAIMS_OF_HOOK_MAX),
    takeNew(claims, { room: given, left }, nowMs) {
      if (left > 0) {
        for (const hook of givenInFull(claims, given.hookMax)) leftovers.noteHook(hook);
        // Else it is of hooks that do not deliver now.
        if (claims.length >= given.countMax || given.exceptHooks.length > 0) leftovers.noteOthers();
      }
      const taken = sort(claims, nowMs);
      const useful = claims.length - taken.back.length;
      handedOverMax =
        useful < claims.length ? Math.max(HANDED_OVER_MIN, useful) : Math.min(placesMax, handedOverMax * 2);
      return taken;
    },
    room(nowMs) {
      const count = Math.min(Math.max(CLAIMS_MIN, Math.ceil(placesMax * CLAIMS_SHARE)), countMax(nowMs));
      if (count === 0) {
        leftovers.noteOthers();
        return room(0, CLAIMS_OF_HOOK_MAX);
      }
      const hookMax = Math.min(Math.max(1, Math.floor(count / (leftovers.size() + 1))), CLAIMS_OF_HOOK_MAX);
      asked = leftovers.isWantedHook(isWanted(nowMs)) ? asking.known : asking.others;
      leftovers.ask(isWanted(nowMs));
      return room(count, hookMax);
    },
    take(claims, given, nowMs) {
      leftovers.answered(claims, given);
      const taken = sort(claims, nowMs);
      asked.note(taken.back.length * 2 <= claims.length, nowMs);
      return taken;
    },
    answer(place, succeeded, nowMs) {
      slots.answer(place);
      if (succeeded !== null) ramp.note(place.hook, { succeeded, tookMs: nowMs - place.sinceMs });
      const line = backlog.find(place.hook.id);
      const next = line && nextOf(line);
      if (line && next) turns.hookAnswered(line, footingOf(next).trust);
      return pass(nowMs, place.origin);
    },
    leave(nowMs) {
      slots.leave();
      return pass(nowMs);
    },
    tick: (nowMs) => pass(nowMs),
    takeAll: backlog.takeAll,
    knowsOfMore: () => leftovers.size() > 0 || leftovers.areOthers() || leftovers.areRetries(),
    isHungry(nowMs) {
      if (countMax(nowMs) === 0) return false;
      if (leftovers.areRetries() && slots.freeForRetries() > 0) return true;
      if (asking.others.isOver(nowMs) && leftovers.areOthers()) return true;
      return asking.known.isOver(nowMs) && leftovers.isWantedHook(isWanted(nowMs));
    },
    load: () => ({ inFlight: slots.inFlight(), atHand: backlog.size() }),
  };
}

type Obstructed = Tried & { readonly kind: "obstructed" };

const NOTHING_LEFT: Tried = { kind: "started", trust: null };
