/** What waits, for whoever wants to look at it: of a hook, and of all. Nothing here changes anything. */
import type { HookId } from "@trulinks/protocol";
import type { WaitingBecause } from "./delivery.ts";
import type { HookState } from "./hook.ts";

/** How many deliveries wait for each reason; what is under way still counts as what it was when it was claimed. */
export type WaitingCounts = Readonly<Record<WaitingBecause, number>>;

export interface HookBacklog {
  readonly hookId: HookId;
  /** Pings included, and what is under way. */
  readonly waiting: number;
  /** More wait than were counted: `waiting`, `bytes` and `because` are of the oldest then. */
  readonly isMore: boolean;
  /** Of the events' data. */
  readonly bytes: number;
  /** When the oldest of them was made; null: nothing waits. */
  readonly oldestAtMs: number | null;
  /** When something is due that nobody works on; in the past, if it waits for a place. Null: all is kept, or under way. */
  readonly nextTryAtMs: number | null;
  readonly because: WaitingCounts;
}

/** One step of a walk over all that waits. */
export interface BacklogStep {
  readonly because: WaitingCounts;
  readonly bytes: number;
  readonly oldestAtMs: number | null;
  /** Where the walk goes on; means something to the engine only. Null: that was the last step. */
  readonly next: string | null;
}

export interface BacklogStore {
  /**
   * What waits for each of these hooks, in their order; nothing, for one that is not there. At most `countMax`
   * deliveries are looked at for each, so that it costs the same however much waits.
   */
  findBacklogs(hookIds: readonly HookId[], countMax: number): Promise<readonly HookBacklog[]>;
  /**
   * Goes on with a walk over what waits for all hooks (`after` null: begins one), looking at no more than `countMax`.
   * What comes or goes between two steps may be counted or not, and so may pings of a hook in which a step ends.
   */
  findBacklogStep(after: string | null, countMax: number): Promise<BacklogStep>;
  /** How many hooks there are in each state. */
  findHookCounts(): Promise<Readonly<Record<HookState, number>>>;
}
