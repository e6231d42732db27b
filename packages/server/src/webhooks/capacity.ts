/**
 * What this process can take on: which leased delivery starts now, which is kept at hand, which goes back, and what
 * to ask the store for. Knows time only as an argument and does nothing itself.
 */
import type { HookId } from "@trulinks/protocol";
import { createBacklog } from "./backlog.ts";
import type { Claim, ClaimRequest } from "./claim.ts";
import type { Hook } from "./hook.ts";
import { createSlots } from "./slots.ts";

export type Room = Omit<ClaimRequest, "nowMs">;

export interface Taken {
  /** Has its place and counts as under way from here on. */
  readonly start: readonly Claim[];
  /** Has to go back. */
  readonly surplus: readonly Claim[];
}

export interface Capacity {
  /** Sorts what was just leased; what is neither started nor surplus is at hand. */
  take(claims: readonly Claim[], nowMs: number): Taken;
  /** The receiver is done with one: what was at hand can start, or was at hand for too long. */
  answer(hook: Hook, nowMs: number): Taken;
  /** One is over, and settled. */
  leave(nowMs: number): Taken;
  /** What was at hand for too long and has to go back. Its hooks are slow from here on. */
  takeStale(nowMs: number): readonly Claim[];
  takeAll(): readonly Claim[];
  /** What to ask the store for; the hooks left out are remembered. */
  room(): Room;
  /** What to ask for on behalf of slow hooks once nobody else has anything due; null if they have no place. */
  roomForSlow(): Room | null;
  /** The store has nothing more that is due for slow hooks with places left. */
  slowHaveCaughtUp(): void;
  /** More was due than there was room for. */
  noteMoreDue(): void;
  /** True if the store may hold something due that could start now. */
  isHungry(): boolean;
  load(): SenderLoad;
}

/** How much this process has taken on; asking costs nothing. */
export interface SenderLoad {
  /** Deliveries under way: posted, or being settled. */
  readonly inFlight: number;
  /** Leased, and waiting here for a place. */
  readonly atHand: number;
}

// However much is at hand for full hooks, a hook with nothing under way gets its turn.
const CLAIMS_MIN = 16;
const SLOW_MAX = 1_024;

export function createCapacity(inFlightMax: number): Capacity {
  const slots = createSlots(inFlightMax);
  const backlog = createBacklog();
  const backlogMax = inFlightMax;
  /** Hooks that did not even use up what was at hand for them. */
  const slow = new Map<HookId, Hook>();
  /** Hooks that were left out when the store was last asked: it may hold more of theirs. */
  let passedOver = new Map<HookId, Hook>();
  let isMoreDue = false;

  /** Of such a hook nothing more is wanted: it is full, and what is at hand for it lasts. */
  function isSated(hook: Hook): boolean {
    if (slots.placesOf(hook) > 0) return false;
    return slow.has(hook.id) || backlog.size() >= backlogMax || backlog.countOf(hook.id) >= hook.inFlightMax;
  }

  function sated(): readonly Hook[] {
    return [...slots.hooks(), ...backlog.hooks()].filter(isSated);
  }

  function countMax(): number {
    return Math.min(slots.free(), Math.max(CLAIMS_MIN, backlogMax - backlog.size()));
  }

  function leaveOut(hooks: readonly Hook[]): readonly HookId[] {
    for (const hook of hooks) passedOver.set(hook.id, hook);
    return hooks.map(({ id }) => id);
  }

  function takeStale(nowMs: number): readonly Claim[] {
    const stale = backlog.takeStale(nowMs);
    if (slow.size > SLOW_MAX) slow.clear();
    for (const { hook } of stale) slow.set(hook.id, hook);
    return stale;
  }

  /** One more has a place: what is at hand is there because nothing of it had one before. */
  function makeUse(nowMs: number): Taken {
    const surplus = takeStale(nowMs);
    const first = slots.free() === 0 ? null : backlog.takeFirst((hook) => slots.enter(hook));
    if (first === null) return { start: [], surplus };
    slow.delete(first.hook.id);
    return { start: [first], surplus };
  }

  return {
    take(claims, nowMs) {
      const start: Claim[] = [];
      const surplus: Claim[] = [];
      for (const claim of claims) {
        const { hook } = claim;
        const isHopeless = slow.has(hook.id) && backlog.countOf(hook.id) >= hook.inFlightMax;
        if (slots.enter(hook)) start.push(claim);
        else if (isHopeless || backlog.size() >= backlogMax) surplus.push(claim);
        else backlog.add(claim, nowMs);
      }
      return { start, surplus };
    },
    answer(hook, nowMs) {
      slots.answer(hook);
      return makeUse(nowMs);
    },
    leave(nowMs) {
      slots.leave();
      return makeUse(nowMs);
    },
    takeStale,
    takeAll: backlog.takeAll,
    room() {
      isMoreDue = slots.free() === 0;
      passedOver = new Map();
      const exceptHooks = leaveOut([...new Set([...sated(), ...slow.values()])]);
      return { countMax: countMax(), retriesMax: inFlightMax, hookMax: inFlightMax, exceptHooks };
    },
    roomForSlow() {
      const places = [...slow.values()].reduce((sum, hook) => sum + slots.placesOf(hook), 0);
      if (places === 0) return null;
      passedOver = new Map();
      const count = Math.min(places, countMax());
      return { countMax: count, retriesMax: count, hookMax: count, exceptHooks: leaveOut(sated()) };
    },
    slowHaveCaughtUp() {
      for (const hook of [...slow.values()]) if (slots.placesOf(hook) > 0) slow.delete(hook.id);
    },
    noteMoreDue() {
      isMoreDue = true;
    },
    isHungry() {
      if (slots.free() === 0) return false;
      return isMoreDue || [...passedOver.values()].some((hook) => !isSated(hook));
    },
    load: () => ({ inFlight: inFlightMax - slots.free(), atHand: backlog.size() }),
  };
}
