/** Replays: what is delivered again of what was delivered, or was not. Their words, bounds and decisions; pure. */
import type { AppId, HookId, ReplayId, UserId } from "@trulinks/protocol";
import type { DeliveryState } from "./delivery.ts";
import type { DeliveryReach } from "./store.ts";

/** `running` and `paused` may go on; the others have ended. */
export const REPLAY_STATES = ["running", "paused", "done", "cancelled"] as const;
export type ReplayState = (typeof REPLAY_STATES)[number];

/** What waits is on its way already, and what was revoked never goes out again. */
export const REPLAYABLE_STATES = [
  "delivered",
  "rejected",
  "failed",
  "expired",
  "replaced",
] as const satisfies readonly Exclude<DeliveryState, "waiting" | "revoked">[];
export type ReplayableState = (typeof REPLAYABLE_STATES)[number];

/** Members that are left out choose nothing. What was made after the replay is never chosen. */
export interface ReplayFilter {
  readonly hookId?: HookId;
  readonly userId?: UserId;
  /** Whose hooks. */
  readonly appId?: AppId;
  readonly type?: string;
  /** Made at this time or later. */
  readonly sinceMs?: number;
  /** With a greater number than this; only with `hookId`. */
  readonly after?: number;
  readonly states: readonly ReplayableState[];
}

/** Whose replays: the provider's, a user's, or an app's. What it may replay is what it may know of. */
export type ReplayReach = Exclude<DeliveryReach, { readonly kind: "grant" }>;

export interface Replay {
  readonly id: ReplayId;
  readonly reach: ReplayReach;
  readonly filter: ReplayFilter;
  readonly state: ReplayState;
  /** Deliveries made due a second, at most; null: as many as the sender works off. */
  readonly perS: number | null;
  /** How many deliveries it is about; null until they are counted. */
  readonly total: number | null;
  /** How many have been made due. */
  readonly done: number;
  /** How many can not be delivered again: their hook or grant has ended, or they were under way. */
  readonly skipped: number;
  readonly createdAtMs: number;
  readonly endedAtMs: number | null;
}

/** Replays that have not ended, of one owner and in all. */
export const REPLAYS_PER_OWNER_MAX = 10;
export const REPLAYS_MAX = 1_000;
export const REPLAY_PER_S_MAX = 10_000;
/** One in a quarter of an hour is slow enough for anybody. */
export const REPLAY_PER_S_MIN = 0.001;

/** How many deliveries of one hook are looked at in one step. */
export const REPLAY_SCAN_MAX = 2_000;
/** So many of them are read at a time: mostly the first are enough. */
export const REPLAY_READ_MAX = 250;
/** So many are made due in one step: some milliseconds of the store's time. */
export const REPLAY_STEP_MAX = 50;
/** How many hooks are found in one step. */
export const REPLAY_HOOKS_MAX = 200;

/** Of one hook so many wait for their first attempt since they were replayed, and no more. */
export const HOOK_WAITING_MAX = 200;
/** Of one replay so many wait so, before each hook is left with a few only. */
export const REPLAY_WAITING_MAX = 2_000;
/** However many wait for others, a hook has places for what it can have in flight: so one that hangs stops nobody else. */
const HOOK_WAITING_ALWAYS = 8;
/** When a hook is looked at again that was given all it has room for, and one that had no room then either. */
export const FILLED_PAUSE_MS = 50;
export const NO_ROOM_PAUSE_MS = 500;

export interface Waiting {
  /** Of the replay, for this hook; counted up to `HOOK_WAITING_MAX`. */
  readonly ofHook: number;
  /** Of the replay, for all hooks; counted up to `REPLAY_WAITING_MAX`. */
  readonly ofReplay: number;
}

/** How many more may be made due for a hook that delivers. */
export function roomFor({ ofHook, ofReplay }: Waiting): number {
  const hookMax = Math.max(HOOK_WAITING_ALWAYS, Math.min(HOOK_WAITING_MAX, REPLAY_WAITING_MAX - ofReplay));
  return Math.max(0, hookMax - ofHook);
}

export interface Candidate {
  readonly state: DeliveryState;
  readonly type: string;
  readonly userId: UserId | null;
  readonly createdAtMs: number;
  /** Whoever asks for the replay may know of it. */
  readonly isReachable: boolean;
}

/** Whether a delivery of one of the replay's hooks is one of those that it is about. */
export function isChosen(
  { filter, createdAtMs }: Pick<Replay, "filter" | "createdAtMs">,
  candidate: Candidate,
): boolean {
  if (!candidate.isReachable || candidate.createdAtMs > createdAtMs) return false;
  if (filter.type !== undefined && filter.type !== candidate.type) return false;
  if (filter.userId !== undefined && filter.userId !== candidate.userId) return false;
  if (filter.sinceMs !== undefined && candidate.createdAtMs < filter.sinceMs) return false;
  return filter.states.some((state) => state === candidate.state);
}
