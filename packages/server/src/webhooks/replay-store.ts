/**
 * What redelivering and replaying need from storage. Each verb is one atomic step, on disk when its promise resolves; the
 * comment is its promise, and `replay-store.contract.ts` holds every engine to it.
 */
import type { DeliveryId, ReplayId } from "@trulinks/protocol";
import type { Page, PageRequest } from "../base/page.ts";
import type { RedeliveryRefusal } from "./redelivery.ts";
import type { Replay, ReplayFilter, ReplayReach, ReplayState } from "./replay.ts";
import type { DeliveryReach } from "./store.ts";

export type Redelivered =
  | { readonly kind: "waiting" }
  | { readonly kind: "unknown" }
  | { readonly kind: "refused"; readonly because: RedeliveryRefusal };

export interface NewReplay {
  readonly id: ReplayId;
  readonly reach: ReplayReach;
  readonly filter: ReplayFilter;
  readonly perS: number | null;
  readonly nowMs: number;
  /** How many of the owner, and how many in all, may not have ended. */
  readonly ownedMax: number;
  readonly countMax: number;
}

export type ReplayMade =
  | { readonly kind: "made"; readonly replay: Replay }
  /** The hook that the filter names is none that the owner may know of. */
  | { readonly kind: "unknown-hook" }
  | { readonly kind: "too-many-owned" }
  | { readonly kind: "too-many" };

/** Members that are left out stay as they are. */
export interface ReplayChange {
  readonly state?: Extract<ReplayState, "running" | "paused" | "cancelled">;
  readonly perS?: number | null;
}

export type ReplayChanged =
  | { readonly kind: "changed"; readonly replay: Replay }
  | { readonly kind: "unknown" }
  /** It is done or cancelled, and stays as it is. */
  | { readonly kind: "ended"; readonly replay: Replay };

export interface ReplayStep {
  /** How many deliveries were made due. */
  readonly released: number;
  /** When there is more to do; null: no replay is running. */
  readonly nextMs: number | null;
  /** It had nothing more to do, and is done; null: it goes on. */
  readonly ended: Replay | null;
}

export interface ReplayStore {
  /**
   * Makes a delivery wait once more: due at once, or kept if its hook does not deliver; at a serial hook it stands in
   * line. Its id, number and event stay, its attempts are numbered on, the retry schedule begins anew, and it shows what
   * hook and grant may see now (`judgeRedelivery`). A time to live that has run out is lifted. What waits already is due
   * at once. Where the judgement is a refusal nothing changes.
   */
  redeliver(id: DeliveryId, reach: DeliveryReach, nowMs: number): Promise<Redelivered>;

  /** Begins a replay, running. */
  createReplay(replay: NewReplay): Promise<ReplayMade>;
  /** Null: none within reach. */
  findReplay(id: ReplayId, reach: ReplayReach): Promise<Replay | null>;
  /** Newest first. */
  listReplays(reach: ReplayReach, page: PageRequest): Promise<Page<Replay>>;
  /** A replay that is paused or cancelled takes back nothing; one that goes on does so where it stopped. */
  changeReplay(id: ReplayId, reach: ReplayReach, change: ReplayChange, nowMs: number): Promise<ReplayChanged>;
  /**
   * One bounded step of the replay that has waited longest: finds some of its hooks, counts some of a hook's deliveries,
   * or makes some of them due, as `redeliver` does, and notes how far it has come, all or nothing. Each hook's go in the
   * order of their numbers, each once, and hooks take turns. Of what it has made due for a hook no more than
   * `HOOK_WAITING_MAX` wait for their attempt. Steps of several nodes exclude one another.
   */
  advanceReplays(nowMs: number): Promise<ReplayStep>;
  /** Forgets replays that ended before `beforeMs`, at most `countMax`; says how many. */
  sweepReplays(beforeMs: number, countMax: number): Promise<number>;
}
