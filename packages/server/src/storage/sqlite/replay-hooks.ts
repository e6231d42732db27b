/** The hooks whose deliveries a replay is about, and which of their numbers. */
import { type HookId, makeId } from "@trulinks/protocol";
import { REPLAY_HOOKS_MAX, type Replay } from "../../webhooks/replay.ts";
import type { Database, Value } from "./database.ts";

export interface Lane {
  readonly id: HookId;
  /** It is about the numbers after this one. */
  readonly from: number;
  /** And up to this one. */
  readonly through: number;
}

/** By id, at most `REPLAY_HOOKS_MAX`, those that come after. */
export function findLanes(database: Database, replay: Replay, after: HookId): readonly Lane[] {
  const { where, values } = conditionOf(replay);
  const hooks = database.all<{ readonly id: HookId; readonly last: number }>(
    `SELECT id, last FROM hooks JOIN sequences ON sequences.key = sequence_key
     WHERE id > ? AND created_at_ms <= ? AND ${where} ORDER BY id LIMIT ?`,
    after,
    replay.createdAtMs,
    ...values,
    REPLAY_HOOKS_MAX,
  );
  return hooks.map(({ id, last }) => ({ id, from: firstOf(database, replay, id, last) - 1, through: last }));
}

function conditionOf({ reach, filter }: Replay): {
  readonly where: string;
  readonly values: readonly Value[];
} {
  const conditions: string[] = ["TRUE"];
  const values: Value[] = [];
  const add = (condition: string, ...given: readonly Value[]): void => {
    conditions.push(condition);
    values.push(...given);
  };
  if (reach.kind === "app") add("owner_app_id = ?", reach.appId);
  if (reach.kind === "user") add("owner_user_id = ?", reach.userId);
  const { hookId, appId, userId } = filter;
  if (hookId !== undefined) add("id = ?", hookId);
  if (appId !== undefined) add("owner_app_id = ?", appId);
  if (userId !== undefined) {
    add(
      "(owner_user_id = ? OR owner_app_id IN (SELECT app_id FROM grants WHERE user_id = ?))",
      userId,
      userId,
    );
  }
  return { where: conditions.join(" AND "), values };
}

/** The first number of the hook that it may be about. Numbers are given in the order of time, as ids are. */
function firstOf(database: Database, { filter }: Replay, hookId: HookId, last: number): number {
  const afterNumber = (filter.after ?? 0) + 1;
  if (filter.sinceMs === undefined) return afterNumber;
  const first = database.get<{ readonly sequence: number }>(
    `SELECT sequence FROM deliveries INDEXED BY deliveries_by_hook
     WHERE is_listed = 1 AND hook_id = ? AND id >= ? AND +sequence IS NOT NULL ORDER BY id LIMIT 1`,
    hookId,
    makeId("delivery", filter.sinceMs, new Uint8Array()),
  );
  return Math.max(afterNumber, first?.sequence ?? last + 1);
}
