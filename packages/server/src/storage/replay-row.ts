/** How a replay lies on disk, the same in both engines. */
import type { AppId, HookId, ReplayId, UserId } from "@trulinks/protocol";
import type { Replay, ReplayFilter, ReplayReach, ReplayState } from "../webhooks/replay.ts";
import type { ReplayChange } from "../webhooks/replay-store.ts";

export interface ReplayRow {
  readonly id: ReplayId;
  readonly reach_kind: ReplayReach["kind"];
  /** The user's or app's; empty for the provider. */
  readonly reach_id: string;
  /** JSON. */
  readonly filter: string;
  readonly state: ReplayState;
  readonly per_s: number | null;
  readonly created_at_ms: number;
  readonly ended_at_ms: number | null;
  /** When its next step is; null unless it is running. */
  readonly next_at_ms: number | null;
  /** When its pace lets the next delivery go. */
  readonly release_at_ms: number;
  /** Its hooks up to this one are found; null: all are. */
  readonly hooks_through: HookId | null;
  /** Lanes whose deliveries are not counted yet. */
  readonly uncounted: number;
  readonly found: number;
  readonly done: number;
  readonly skipped: number;
}

/** How far a replay has come with one hook. It is deleted when it is through. */
export interface LaneRow {
  readonly replay_id: ReplayId;
  readonly hook_id: HookId;
  /** Deliveries up to this number are done with. */
  readonly position: number;
  /** And up to this one they are counted. */
  readonly counted_through: number;
  /** The last number that it is about. */
  readonly through: number;
  readonly found: number;
  /** Done and skipped. */
  readonly handled: number;
  readonly next_at_ms: number;
}

export function toReplay(row: ReplayRow): Replay {
  const isCounted = row.hooks_through === null && row.uncounted === 0;
  return {
    id: row.id,
    reach: toReach(row),
    filter: JSON.parse(row.filter) as ReplayFilter,
    state: row.state,
    perS: row.per_s,
    total: isCounted ? row.found : null,
    done: row.done,
    skipped: row.skipped,
    createdAtMs: row.created_at_ms,
    endedAtMs: row.ended_at_ms,
  };
}

/** As it is after the change. */
export function changedRow(row: ReplayRow, change: ReplayChange, nowMs: number): ReplayRow {
  const { state = row.state, perS } = change;
  return {
    ...row,
    state,
    per_s: perS === undefined ? row.per_s : perS,
    next_at_ms: state === "running" ? nowMs : null,
    release_at_ms: perS === undefined ? row.release_at_ms : nowMs,
    ended_at_ms: state === "cancelled" ? nowMs : null,
  };
}

/** What was counted may have ended otherwise meanwhile: what became of it counts. */
export function endedRow(row: ReplayRow, nowMs: number): ReplayRow {
  return { ...row, state: "done", next_at_ms: null, ended_at_ms: nowMs, found: row.done + row.skipped };
}

function toReach({ reach_kind: kind, reach_id: id }: ReplayRow): ReplayReach {
  if (kind === "app") return { kind, appId: id as AppId };
  return kind === "user" ? { kind, userId: id as UserId } : { kind };
}

export function reachColumns(reach: ReplayReach): readonly [kind: ReplayReach["kind"], id: string] {
  if (reach.kind === "app") return [reach.kind, reach.appId];
  return [reach.kind, reach.kind === "user" ? reach.userId : ""];
}

/** When the next step is. `laneNextMs`: when the first of its hooks is to be looked at; null: none is left. */
export function nextStepMs(row: ReplayRow, laneNextMs: number | null, nowMs: number): number {
  // What is to be counted need not wait until something may go.
  const isPaced = row.per_s !== null && row.hooks_through === null && row.uncounted === 0;
  const paceMs = isPaced ? Math.ceil(row.release_at_ms) : nowMs;
  return Math.max(nowMs, paceMs, laneNextMs ?? nowMs);
}

/** A hook comes before none of them. */
export const BEFORE_ALL_HOOKS = "" as HookId;
