/** What to ask the store for, and when: not for more than there is room for, nor again and again for what is of no use. */
import type { HookId } from "@trulinks/protocol";
import type { Claim } from "./claim.ts";
import type { Hook } from "./hook.ts";
import { createLeftovers, type IsWanted, type Leftover } from "./leftovers.ts";
import type { OriginOf } from "./origin.ts";
import { createPatience } from "./patience.ts";
import type { Room } from "./publish.ts";

/** What there is room for. */
export interface Wanted {
  readonly countMax: number;
  readonly retriesMax: number;
  readonly isWanted: IsWanted;
}

/** What the store gave for `room`, and what of it has to go back. */
export interface Given {
  readonly claims: readonly Claim[];
  readonly room: Room;
  readonly back: readonly Claim[];
}

export interface Asking {
  /** For what is about to be stored. */
  roomForNew(wanted: Wanted): Room;
  /** `left`: how many more were stored than were given. */
  storedNew(given: Given, left: number): void;
  /** One question at a time, and none if `countMax` is 0. */
  room(wanted: Wanted, nowMs: number): Room;
  answered(given: Given, nowMs: number): void;
  /** This was at hand, and is in the store from here on. */
  noteBack(back: readonly Claim[]): void;
  /** The store holds something of this hook that has become due. */
  noteMore(hook: Hook): void;
  /** An attempt at this hook has ended: what is wanted of it may have changed. */
  noteChange(id: HookId): void;
  /** It may hold something of any. */
  call(): void;
  /** True if the store is known to hold something that is due; cheap. */
  knowsOfMore(): boolean;
  /** True if it is time to ask for something of that. */
  isTime(wanted: Wanted, nowMs: number): boolean;
}

// Of one hook at a time: as many as it may have under way, and as many again at hand.
export const CLAIMS_OF_HOOK_MAX = 16;
// Of all hooks at a time: enough to keep the places busy, and little enough to find room at hand if all are of one origin.
const CLAIMS_SHARE = 1 / 8;
const CLAIMS_MIN = 16;
// If nearly all of what was just stored had to go back, little more than the rest is handed over the next time. With less
// than that in vain, handing over goes on: what is of use should not have to wait for its turn in the store.
const USELESS_SHARE = 0.9;
const HANDED_OVER_MIN = 8;
// Whoever looks for others is mostly told of few that are not wanted, as naming them is not free; now and then of many.
const LOOK_FAR_PAUSE_MS = 1_000;
const LEFT_OUT_MAX = 4_096;

type Question =
  | { readonly about: "known"; readonly hooks: readonly Leftover[] }
  | { readonly about: "others" };

export function createAsking(placesMax: number, originOf: OriginOf): Asking {
  const leftovers = createLeftovers();
  const patience = { known: createPatience(), others: createPatience() };
  const claimsMax = Math.max(CLAIMS_MIN, Math.ceil(placesMax * CLAIMS_SHARE));
  let question: Question = { about: "others" };
  let askedMs = 0;
  let lookFarMs = 0;
  let isCalled = false;
  let areRetriesLeft = false;
  let handedOverMax = placesMax;

  /** Says of how much that was not known. */
  function noteBack(back: readonly Claim[]): number {
    return back.filter(({ hook }) => leftovers.noteHook(hook.id, originOf(hook))).length;
  }

  /** Of whom there is as much as one may have at a time, there may be more. */
  function noteGivenInFull({ claims, room: { hookMax } }: Given): void {
    const counts = new Map<HookId, number>();
    for (const { hook } of claims) {
      const count = (counts.get(hook.id) ?? 0) + 1;
      counts.set(hook.id, count);
      if (count === hookMax) leftovers.noteHook(hook.id, originOf(hook));
    }
  }

  function isTimeForOthers({ retriesMax }: Wanted, nowMs: number): boolean {
    if (isCalled || (areRetriesLeft && retriesMax > 0)) return true;
    return leftovers.areOthers() && patience.others.isOver(nowMs);
  }

  /** Both in turn, where there is something to ask about both. */
  function nextQuestion(wanted: Wanted, nowMs: number): Question {
    const isOthersTurn = question.about === "known" && (isTimeForOthers(wanted, nowMs) || nowMs >= lookFarMs);
    if (isOthersTurn || !patience.known.isOver(nowMs)) return { about: "others" };
    const hooks = leftovers.takeWanted(wanted.isWanted, claimsMax);
    return hooks.length === 0 ? { about: "others" } : { about: "known", hooks };
  }

  function roomForOthers(nowMs: number): Pick<Room, "hookMax" | "exceptHooks"> {
    leftovers.forgetOthers();
    isCalled = false;
    areRetriesLeft = false;
    const exceptHooks = nowMs < lookFarMs ? leftovers.some() : leftovers.oldest(LEFT_OUT_MAX);
    if (nowMs >= lookFarMs) lookFarMs = nowMs + LOOK_FAR_PAUSE_MS;
    return { hookMax: shareOf(claimsMax, leftovers.size() + 1), exceptHooks };
  }

  return {
    roomForNew: ({ countMax, retriesMax }) => ({
      countMax: Math.min(handedOverMax, countMax),
      retriesMax,
      hookMax: CLAIMS_OF_HOOK_MAX,
      exceptHooks: leftovers.some(),
    }),
    storedNew(given, left) {
      const { claims, back, room } = given;
      noteBack(back);
      const useful = claims.length - back.length;
      const isUseless = back.length > claims.length * USELESS_SHARE;
      handedOverMax = isUseless ? useful + HANDED_OVER_MIN : Math.min(placesMax, handedOverMax * 2);
      if (left === 0) return;
      noteGivenInFull(given);
      // Else what is left is of hooks that do not deliver now, or are known; unless the store was asked about them meanwhile.
      const isCut = claims.length >= room.countMax || room.exceptHooks.some((id) => !leftovers.has(id));
      if (isCut) leftovers.noteOthers();
    },
    room(wanted, nowMs) {
      const { retriesMax } = wanted;
      const countMax = Math.min(claimsMax, wanted.countMax);
      askedMs = nowMs;
      if (countMax === 0) {
        leftovers.noteOthers();
        return { countMax, retriesMax, hookMax: 0, exceptHooks: [] };
      }
      question = nextQuestion(wanted, nowMs);
      if (question.about === "others") return { countMax, retriesMax, ...roomForOthers(nowMs) };
      const onlyHooks = question.hooks.map(([id]) => id);
      return {
        countMax,
        retriesMax,
        hookMax: shareOf(countMax, onlyHooks.length),
        exceptHooks: [],
        onlyHooks,
      };
    },
    answered(given, nowMs) {
      const { claims, back, room } = given;
      const news = noteBack(back);
      noteGivenInFull(given);
      if (claims.filter(({ attempt }) => attempt > 1).length >= room.retriesMax) areRetriesLeft = true;
      if (claims.length >= room.countMax) {
        if (question.about === "others") leftovers.noteOthers();
        else for (const [id, origin] of question.hooks) leftovers.noteHook(id, origin);
      }
      const half = claims.length / 2;
      const worth = back.length <= half ? "useful" : news > half ? "news" : "useless";
      patience[question.about].note({ worth, tookMs: nowMs - askedMs }, nowMs);
    },
    noteBack,
    noteChange: leftovers.noteChange,
    noteMore: (hook) => void leftovers.noteHook(hook.id, originOf(hook)),
    call() {
      isCalled = true;
    },
    knowsOfMore: () => leftovers.size() > 0 || leftovers.areOthers() || areRetriesLeft,
    isTime(wanted, nowMs) {
      if (wanted.countMax === 0) return false;
      if (isTimeForOthers(wanted, nowMs)) return true;
      return patience.known.isOver(nowMs) && leftovers.isAnyWanted(wanted.isWanted);
    },
  };
}

/** So many of each, if there are so many hooks. */
function shareOf(countMax: number, hooks: number): number {
  return Math.min(Math.max(1, Math.floor(countMax / hooks)), CLAIMS_OF_HOOK_MAX);
}
