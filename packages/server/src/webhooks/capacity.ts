/**
 * What this process can take on: which leased delivery starts now, which is kept at hand, which goes back, and what
 * to ask the store for. Does nothing itself. Times are milliseconds of a clock that never goes back.
 */
import { createAsking, type Wanted } from "./asking.ts";
import { AT_HAND_OF_HOOK_MAX, createBacklog, type Line, nextOf } from "./backlog.ts";
import type { Claim } from "./claim.ts";
import type { Hook } from "./hook.ts";
import { createOriginOf } from "./origin.ts";
import type { Room } from "./publish.ts";
import { createRamp, type Trust } from "./ramp.ts";
import { createRecovery, isRecovering } from "./recovery.ts";
import { createSlots, type Place } from "./slots.ts";
import { createTurns, type Tried } from "./turns.ts";

export interface Started {
  readonly claim: Claim;
  readonly place: Place;
}

export interface Taken {
  /** Counts as under way from here on. */
  readonly start: readonly Started[];
  readonly back: readonly Back[];
}

/** Has to go back, and may come again after so long; 0: at once. */
export interface Back {
  readonly claim: Claim;
  readonly afterMs: number;
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
  /** The store holds something of this hook that has become due. */
  noteMore(hook: Hook): void;
  /** In how long something that is at hand may start because its origin's pace has come; infinite if nothing waits for that. */
  paceMs(nowMs: number): number;
  /** It may hold something of any. */
  call(): void;
  /** True if the store is known to hold something that is due; cheap. */
  knowsOfMore(): boolean;
  /** True if there is room for something of that. */
  isHungry(nowMs: number): boolean;
  load(): SenderLoad;
}

/** How much this process has taken on; asking costs nothing. */
export interface SenderLoad {
  /** Deliveries that receivers are at. */
  readonly inFlight: number;
  /** Leased, and waiting here for a place. */
  readonly atHand: number;
}

// Of the hooks that failed or were slow so many wait at hand for the places that they share, and more are fetched below half.
const MISTRUSTED_WAITING_MAX = 64;
// What is at hand lets busy receivers be busy, and starts within a second; of a hook with one place little does.
export const AT_HAND_SHARE = 4;
const AT_HAND_OF_MISTRUSTED_MAX = 2;

// Of what waits for its origin's pace so many hooks have something at hand: not more than comes within half a second.
const PACED_WAITING_MAX = 64;
const PACED_SHARE_OF_S = 1 / 2;

/** `recoveryPerS`: how fast an origin that recovers is tried. */
export function createCapacity(placesMax: number, recoveryPerS: () => number): Capacity {
  const recovery = createRecovery(recoveryPerS);
  const slots = createSlots(placesMax);
  const ramp = createRamp();
  const turns = createTurns();
  const atHandMax = placesMax * AT_HAND_SHARE;
  const backlog = createBacklog(atHandMax, turns.leave);
  const originOf = createOriginOf();
  const asking = createAsking(placesMax, originOf);

  function footingOf(claim: Claim): { readonly trust: Trust; readonly window: number } {
    const footing = ramp.footingOf(claim.hook);
    return footing.trust === "sound" && isRecovering(claim) ? { ...footing, trust: "doubtful" } : footing;
  }

  function tryClaim(claim: Claim, nowMs: number, start: Started[]): Tried {
    const { hook } = claim;
    const footing = footingOf(claim);
    const origin = originOf(hook);
    const isPaced = isRecovering(claim);
    if (isPaced && recovery.waitMs(origin, nowMs) > 0)
      return { kind: "obstructed", by: "pace", trust: footing.trust };
    const entered = slots.enter({ hook, origin, ...footing }, nowMs);
    if (typeof entered === "string") return { kind: "obstructed", by: entered, trust: footing.trust };
    if (isPaced) recovery.start(origin, nowMs);
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

  function add(claim: Claim, nowMs: number): Line | null {
    const { hook } = claim;
    const origin = originOf(hook);
    if (slots.isHanging(hook.id, origin, nowMs)) return null;
    const isTrusted = ramp.trustOf(hook.id) === "sound";
    return backlog.add(
      claim,
      { origin, ofHookMax: isTrusted ? AT_HAND_OF_HOOK_MAX : AT_HAND_OF_MISTRUSTED_MAX },
      nowMs,
    );
  }

  /** What recovers comes back in its time: else all that waits for a pace would come and go again and again. */
  function toBack(claim: Claim, nowMs: number): Back {
    const origin = originOf(claim.hook);
    const isEarly = isRecovering(claim) && recovery.waitMs(origin, nowMs) > 0;
    return { claim, afterMs: isEarly ? recovery.laterMs(origin, nowMs) : 0 };
  }

  /** False: there is no room for it here. */
  function keep(claim: Claim, { by, trust }: Obstructed, nowMs: number): boolean {
    if (by === "trust" && turns.countOf(trust) >= MISTRUSTED_WAITING_MAX) return false;
    if (by === "pace" && (turns.paced().get(originOf(claim.hook))?.size ?? 0) >= pacedMax(recoveryPerS()))
      return false;
    const line = add(claim, nowMs);
    if (line !== null) turns.lineUp(line, by, trust);
    return line !== null;
  }

  /** False: it has to go back. */
  function startOrKeep(claim: Claim, nowMs: number, start: Started[]): boolean {
    const line = backlog.find(claim.hook.id);
    const isBehind = line !== undefined && (isRecovering(claim) || line.firsts.length > 0);
    if (isBehind) return add(claim, nowMs) !== null;
    const tried = tryClaim(claim, nowMs, start);
    return tried.kind === "started" || keep(claim, tried, nowMs);
  }

  function sort(claims: readonly Claim[], nowMs: number): Taken {
    const start: Started[] = [];
    const back = claims.filter((claim) => !startOrKeep(claim, nowMs, start));
    return { start, back: back.map((claim) => toBack(claim, nowMs)) };
  }

  /** What waited too long goes; then everybody tries whose turn it is. */
  function pass(nowMs: number, freedOrigin?: string): Taken {
    const back = backlog.takeStale(nowMs).map((claim) => toBack(claim, nowMs));
    asking.noteBack(dueNow(back));
    const start: Started[] = [];
    if (backlog.size() === 0) return { start, back };
    const tryLine = tryingLines(nowMs, start);
    if (freedOrigin !== undefined) turns.originAnswered(freedOrigin, tryLine);
    turns.pass(tryLine);
    return { start, back };
  }

  function wanted(nowMs: number): Wanted {
    return {
      countMax: Math.min(slots.free(nowMs), atHandMax - backlog.size()),
      retriesMax: slots.freeForRetries(),
      isWanted(id, origin) {
        if (!backlog.isShort(id, origin) || slots.isHanging(id, origin, nowMs)) return false;
        const trust = ramp.trustOf(id);
        return trust === "sound" || turns.countOf(trust) < MISTRUSTED_WAITING_MAX / 2;
      },
    };
  }

  return {
    roomForNew: (nowMs) => asking.roomForNew(wanted(nowMs)),
    takeNew(claims, { room, left }, nowMs) {
      const taken = sort(claims, nowMs);
      asking.storedNew({ claims, room, back: dueNow(taken.back) }, left);
      return taken;
    },
    room: (nowMs) => asking.room(wanted(nowMs), nowMs),
    take(claims, room, nowMs) {
      const taken = sort(claims, nowMs);
      asking.answered({ claims, room, back: dueNow(taken.back) }, nowMs);
      return taken;
    },
    answer(place, succeeded, nowMs) {
      slots.answer(place);
      if (succeeded !== null) ramp.note(place.hook, { succeeded, tookMs: nowMs - place.sinceMs });
      asking.noteChange(place.hook.id);
      const line = backlog.find(place.hook.id);
      const next = line && nextOf(line);
      if (line && next) turns.hookAnswered(line, footingOf(next).trust);
      return pass(nowMs, place.origin);
    },
    leave(nowMs) {
      slots.leave();
      return pass(nowMs);
    },
    tick(nowMs) {
      const start: Started[] = [];
      turns.paceHasCome(tryingLines(nowMs, start));
      const passed = pass(nowMs);
      return { start: [...start, ...passed.start], back: passed.back };
    },
    paceMs: (nowMs) =>
      Math.min(...[...turns.paced().keys()].map((origin) => recovery.waitMs(origin, nowMs)), Infinity),
    takeAll: backlog.takeAll,
    noteMore: asking.noteMore,
    call: asking.call,
    knowsOfMore: asking.knowsOfMore,
    isHungry: (nowMs) => asking.isTime(wanted(nowMs), nowMs),
    load: () => ({ inFlight: slots.inFlight(), atHand: backlog.size() }),
  };
}

function pacedMax(perS: number): number {
  return Math.min(PACED_WAITING_MAX, Math.ceil(perS * PACED_SHARE_OF_S));
}

/** The store knows of it that it is due. */
function dueNow(back: readonly Back[]): readonly Claim[] {
  return back.filter(({ afterMs }) => afterMs === 0).map(({ claim }) => claim);
}

type Obstructed = Tried & { readonly kind: "obstructed" };

const NOTHING_LEFT: Tried = { kind: "started", trust: null };
