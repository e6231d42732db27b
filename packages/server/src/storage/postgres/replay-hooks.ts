/** The hooks whose deliveries a replay is about, and which of their numbers. */
import { type HookId, makeId } from "@trulinks/protocol";
import { REPLAY_HOOKS_MAX, type Replay } from "../../webhooks/replay.ts";
import type { Queries } from "./database.ts";

export interface Lane {
  readonly id: HookId;
  /** It is about the numbers after this one. */
  readonly from: number;
  /** And up to this one. */
  readonly through: number;
}

/** By id, at most `REPLAY_HOOKS_MAX`, those that come after. */
export async function findLanes(queries: Queries, replay: Replay, after: HookId): Promise<readonly Lane[]> {
  const { filter, createdAtMs } = replay;
  const values: unknown[] = [];
  const bind = (value: unknown): string => `$${values.push(value)}`;
  const where = [
    `id > ${bind(after)}`,
    `created_at_ms <= ${bind(createdAtMs)}`,
    ...conditionsOf(replay, bind),
  ];
  const since = filter.sinceMs === undefined ? null : makeId("delivery", filter.sinceMs, new Uint8Array());
  // Numbers are given in the order of time, as ids are.
  const first = `(SELECT sequence FROM deliveries WHERE hook_id = found.id AND id >= ${bind(since)}
    AND sequence IS NOT NULL ORDER BY id LIMIT 1)`;
  const rows = await queries.all<LaneRow>(
    `SELECT found.id, last_sequence, CASE WHEN ${bind(since)}::text IS NULL THEN 1 ELSE ${first} END AS first
     FROM (SELECT id, last_sequence FROM hooks WHERE ${where.join(" AND ")} ORDER BY id LIMIT ${REPLAY_HOOKS_MAX}) found
     ORDER BY found.id`,
    ...values,
  );
  return rows.map((row) => ({
    id: row.id,
    from: Math.max(filter.after ?? 0, (row.first ?? row.last_sequence + 1) - 1),
    through: row.last_sequence,
  }));
}

interface LaneRow {
  readonly id: HookId;
  readonly last_sequence: number;
  /** Null: there is nothing since the time. */
  readonly first: number | null;
}

function conditionsOf({ reach, filter }: Replay, bind: (value: unknown) => string): readonly string[] {
  const conditions: string[] = [];
  if (reach.kind === "app") conditions.push(`owner_app_id = ${bind(reach.appId)}`);
  if (reach.kind === "user") conditions.push(`owner_user_id = ${bind(reach.userId)}`);
  const { hookId, appId, userId } = filter;
  if (hookId !== undefined) conditions.push(`id = ${bind(hookId)}`);
  if (appId !== undefined) conditions.push(`owner_app_id = ${bind(appId)}`);
  if (userId !== undefined) {
    const user = bind(userId);
    conditions.push(
      `(owner_user_id = ${user} OR owner_app_id = ANY (ARRAY(SELECT app_id FROM grants WHERE user_id = ${user})))`,
    );
  }
  return conditions;
}
