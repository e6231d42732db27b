import type { HookId } from "@trulinks/protocol";
import type { ReplayReach } from "../../webhooks/replay.ts";
import type {
  NewReplay,
  ReplayChange,
  ReplayChanged,
  ReplayMade,
  ReplayStore,
} from "../../webhooks/replay-store.ts";
import { limitOf, pageOf } from "../page-of.ts";
import { BEFORE_ALL_HOOKS, changedRow, type ReplayRow, reachColumns, toReplay } from "../replay-row.ts";
import type { Database, Value } from "./database.ts";
import type { Ground } from "./memory.ts";
import { redeliver } from "./redeliver.ts";
import { advanceReplays } from "./replay-step.ts";
import type { Sync } from "./verbs.ts";

export function createReplays(ground: Ground): Sync<ReplayStore> {
  const { database } = ground;
  return {
    redeliver: (id, reach, nowMs) => redeliver(ground, id, { reach, nowMs }),
    createReplay: (replay) => create(database, replay),

    findReplay(id, reach) {
      const row = findRow(database, id, reach);
      return row === undefined ? null : toReplay(row);
    },

    listReplays(reach, page) {
      const { where, values } = ownedBy(reach);
      const rows = database.all<ReplayRow>(
        `SELECT * FROM replays WHERE ${where} AND id < ? ORDER BY id DESC LIMIT ?`,
        ...values,
        page.after ?? AFTER_ALL,
        limitOf(page),
      );
      return pageOf(rows, page, { key: ({ id }) => id, item: toReplay });
    },

    changeReplay: (id, reach, change, nowMs) =>
      changeReplay(database, findRow(database, id, reach), change, nowMs),
    advanceReplays: (nowMs) => advanceReplays(ground, nowMs),

    sweepReplays: (beforeMs, countMax) =>
      database.run(
        `DELETE FROM replays WHERE id IN
           (SELECT id FROM replays WHERE ended_at_ms < ? ORDER BY ended_at_ms LIMIT ?)`,
        beforeMs,
        countMax,
      ),
  };
}

// Ids are ASCII.
const AFTER_ALL = "\u{7f}";

function ownedBy(reach: ReplayReach): { readonly where: string; readonly values: readonly Value[] } {
  if (reach.kind === "all") return { where: "TRUE", values: [] };
  return { where: "reach_kind = ? AND reach_id = ?", values: reachColumns(reach) };
}

function findRow(database: Database, id: string, reach: ReplayReach): ReplayRow | undefined {
  const { where, values } = ownedBy(reach);
  return database.get<ReplayRow>(`SELECT * FROM replays WHERE id = ? AND ${where}`, id, ...values);
}

function create(database: Database, replay: NewReplay): ReplayMade {
  const { id, reach, filter, perS, nowMs } = replay;
  const reachOf = reachColumns(reach);
  if (filter.hookId !== undefined && !isKnownHook(database, filter.hookId, reach))
    return { kind: "unknown-hook" };
  const owned = countOpen(database, "reach_kind = ? AND reach_id = ?", reachOf);
  if (owned >= replay.ownedMax) return { kind: "too-many-owned" };
  if (countOpen(database, "TRUE", []) >= replay.countMax) return { kind: "too-many" };
  database.run(
    `INSERT INTO replays (id, reach_kind, reach_id, filter, state, per_s, created_at_ms, next_at_ms, release_at_ms,
       hooks_through, uncounted, found, done, skipped)
     VALUES (?, ?, ?, ?, 'running', ?, ?, ?, ?, ?, 0, 0, 0, 0)`,
    id,
    ...reachOf,
    JSON.stringify(filter),
    perS,
    nowMs,
    nowMs,
    nowMs,
    BEFORE_ALL_HOOKS,
  );
  const row = findRow(database, id, reach) as ReplayRow;
  return { kind: "made", replay: toReplay(row) };
}

function isKnownHook(database: Database, hookId: HookId, reach: ReplayReach): boolean {
  const owner = { all: "?2 = ''", app: "owner_app_id = ?2", user: "owner_user_id = ?2" }[reach.kind];
  const [, ownerId] = reachColumns(reach);
  return database.get(`SELECT 1 FROM hooks WHERE id = ?1 AND ${owner}`, hookId, ownerId) !== undefined;
}

function countOpen(database: Database, where: string, values: readonly Value[]): number {
  const row = database.get<{ readonly count: number }>(
    `SELECT count(*) AS count FROM replays WHERE ended_at_ms IS NULL AND ${where}`,
    ...values,
  );
  return row?.count ?? 0;
}

function changeReplay(
  database: Database,
  row: ReplayRow | undefined,
  change: ReplayChange,
  nowMs: number,
): ReplayChanged {
  if (row === undefined) return { kind: "unknown" };
  if (row.ended_at_ms !== null) return { kind: "ended", replay: toReplay(row) };
  const changed = changedRow(row, change, nowMs);
  database.run(
    "UPDATE replays SET state = ?, per_s = ?, next_at_ms = ?, release_at_ms = ?, ended_at_ms = ? WHERE id = ?",
    ...[changed.state, changed.per_s, changed.next_at_ms, changed.release_at_ms, changed.ended_at_ms, row.id],
  );
  if (changed.state === "cancelled") database.run("DELETE FROM replay_lanes WHERE replay_id = ?", row.id);
  return { kind: "changed", replay: toReplay(changed) };
}
