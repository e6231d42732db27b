/** What to ask the store for, and when: not for more than there is room for, nor again and again for what is of no use. */
import type { HookId } from "@trulinks/protocol";
import type { Claim } from "./claim.ts";
import { createLeftovers, type IsWanted } from "./leftovers.ts";
import type { OriginOf } from "./origin.ts";
import { createPatience } from "./patience.ts";
import type { Room } from "./publish.ts";

/** What there is room for at a time. */
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
  /** True if the store is known to hold something that is due; cheap. */
  knowsOfMore(): boolean;
  /** True if it is time to ask for something of that. */
  isTime(wanted: Wanted, nowMs: number): boolean;
}

// Of one hook at a time: as many as it may have under way, and as many again at hand. If many hooks have something left, fewer.
export const CLAIMS_OF_HOOK_MAX = 16;
// Of all hooks at a time: enough to keep the places busy, and little enough to find room at hand if all are of one origin.
const CLAIMS_SHARE = 1 / 8;
const CLAIMS_MIN = 16;
// However much of what was just stored had to go back, so much is handed over the next time.
const HANDED_OVER_MIN = 8;

export function createAsking(placesMax: number, originOf: OriginOf): Asking {
  const leftovers = createLeftovers();
  /** With asking for hooks that are known to have more, and for others. */
  const patience = { known: createPatience(), others: createPatience() };
  const claimsMax = Math.max(CLAIMS_MIN, Math.ceil(placesMax * CLAIMS_SHARE));
  let asked = { patience: patience.others, atMs: 0 };
  let handedOverMax = placesMax;

  function room({ retriesMax }: Wanted, countMax: number, hookMax: number): Room {
    return { countMax, retriesMax, hookMax, exceptHooks: leftovers.some() };
  }

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

  return {
    roomForNew: (wanted) => room(wanted, Math.min(handedOverMax, wanted.countMax), CLAIMS_OF_HOOK_MAX),
    storedNew(given, left) {
      const { claims, back, room: asked } = given;
      noteBack(back);
      const useful = claims.length - back.length;
      handedOverMax =
        back.length > 0 ? Math.max(HANDED_OVER_MIN, useful) : Math.min(placesMax, handedOverMax * 2);
      if (left === 0) return;
      noteGivenInFull(given);
      // Else what is left is of hooks that do not deliver now.
      if (claims.length >= asked.countMax || asked.exceptHooks.length > 0) leftovers.noteOthers();
    },
    room(wanted, nowMs) {
      const count = Math.min(claimsMax, wanted.countMax);
      if (count === 0) {
        leftovers.noteOthers();
        return room(wanted, 0, CLAIMS_OF_HOOK_MAX);
      }
      const isForKnown = leftovers.isAnyWanted(wanted.isWanted);
      asked = { patience: isForKnown ? patience.known : patience.others, atMs: nowMs };
      const hookMax = Math.max(1, Math.floor(count / (leftovers.size() + 1)));
      leftovers.ask(wanted.isWanted);
      return room(wanted, count, Math.min(hookMax, CLAIMS_OF_HOOK_MAX));
    },
    answered(given, nowMs) {
      const { claims, back, room } = given;
      leftovers.answered(claims, room);
      noteGivenInFull(given);
      const news = noteBack(back);
      const half = claims.length / 2;
      const worth = back.length <= half ? "useful" : news > half ? "news" : "useless";
      asked.patience.note({ worth, tookMs: nowMs - asked.atMs }, nowMs);
    },
    noteBack,
    knowsOfMore: () => leftovers.size() > 0 || leftovers.areOthers() || leftovers.areRetries(),
    isTime({ countMax, retriesMax, isWanted }, nowMs) {
      if (countMax === 0) return false;
      if (leftovers.areRetries() && retriesMax > 0) return true;
      if (leftovers.areOthers() && patience.others.isOver(nowMs)) return true;
      return patience.known.isOver(nowMs) && leftovers.isAnyWanted(isWanted);
    },
  };
}
