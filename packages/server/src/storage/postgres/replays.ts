import type { HookId, ReplayId } from "@trulinks/protocol";
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
import type { Database, Queries, Transaction } from "./database.ts";
import { redeliver } from "./redeliver.ts";
import { advanceReplays } from "./replay-step.ts";

export function createReplays(database: Database): ReplayStore {
  return {
    redeliver: (id, reach, nowMs) => redeliver(database, id, { reach, nowMs }),
    createReplay: (replay) => database.transact((transaction) => create(transaction, replay)),

    async findReplay(id, reach) {
      const row = await findRow(database, id, reach);
      return row === undefined ? null : toReplay(row);
    },

    async listReplays(reach, page) {
      const rows = await database.all<ReplayRow>(
        `SELECT * FROM replays WHERE ${OWNED[reach.kind]} AND id < $3 ORDER BY id DESC LIMIT $4`,
        ...reachColumns(reach),
        page.after ?? AFTER_ALL,
        limitOf(page),
      );
      return pageOf(rows, page, { key: ({ id }) => id, item: toReplay });
    },

    changeReplay: (id, reach, change, nowMs) =>
      database.transact(async (transaction) => {
        const row = await findRow(transaction, id, reach, "FOR NO KEY UPDATE");
        return changeReplay(transaction, row, change, nowMs);
      }),

    advanceReplays: (nowMs) => advanceReplays(database, nowMs),

    sweepReplays: (beforeMs, countMax) =>
      database.run(
        `DELETE FROM replays WHERE id IN
           (SELECT id FROM replays WHERE ended_at_ms < $1 ORDER BY ended_at_ms LIMIT $2)`,
        beforeMs,
        countMax,
      ),
  };
}

// Ids are ASCII.
const AFTER_ALL = "\u{7f}";

const OWNED = {
  all: "$1::text = 'all' AND $2::text = ''",
  app: "reach_kind = $1 AND reach_id = $2",
  user: "reach_kind = $1 AND reach_id = $2",
} as const;

function findRow(
  queries: Queries,
  id: ReplayId,
  reach: ReplayReach,
  lock = "",
): Promise<ReplayRow | undefined> {
  const text = `SELECT * FROM replays WHERE ${OWNED[reach.kind]} AND id = $3 ${lock}`;
  return queries.get<ReplayRow>(text, ...reachColumns(reach), id);
}

// Two that begin at once are counted one after the other.
const LOCK = "6084507373519072117";

async function create(transaction: Transaction, replay: NewReplay): Promise<ReplayMade> {
  const { id, reach, filter, perS, nowMs } = replay;
  const owner = reachColumns(reach);
  await transaction.run(`SELECT pg_advisory_xact_lock(${LOCK})`);
  if (filter.hookId !== undefined && !(await isKnownHook(transaction, filter.hookId, reach))) {
    return { kind: "unknown-hook" };
  }
  const open = await transaction.get<{ readonly owned: number; readonly count: number }>(
    `SELECT count(*) FILTER (WHERE reach_kind = $1 AND reach_id = $2) AS owned, count(*) AS count
     FROM replays WHERE ended_at_ms IS NULL`,
    ...owner,
  );
  if ((open?.owned ?? 0) >= replay.ownedMax) return { kind: "too-many-owned" };
  if ((open?.count ?? 0) >= replay.countMax) return { kind: "too-many" };
  const row = await transaction.get<ReplayRow>(
    `INSERT INTO replays (id, reach_kind, reach_id, filter, state, per_s, created_at_ms, next_at_ms, release_at_ms,
       hooks_through, uncounted, found, done, skipped)
     VALUES ($1, $2, $3, $4, 'running', $5, $6::bigint, $6::bigint, $6::bigint, $7, 0, 0, 0, 0) RETURNING *`,
    id,
    ...owner,
    JSON.stringify(filter),
    perS,
    nowMs,
    BEFORE_ALL_HOOKS,
  );
  return { kind: "made", replay: toReplay(row as ReplayRow) };
}

const IS_KNOWN = {
  all: "$2::text = ''",
  app: "owner_app_id = $2",
  user: "owner_user_id = $2",
} as const;

async function isKnownHook(queries: Queries, hookId: HookId, reach: ReplayReach): Promise<boolean> {
  const [, ownerId] = reachColumns(reach);
  const text = `SELECT 1 FROM hooks WHERE id = $1 AND ${IS_KNOWN[reach.kind]}`;
  return (await queries.get(text, hookId, ownerId)) !== undefined;
}

async function changeReplay(
  transaction: Transaction,
  row: ReplayRow | undefined,
  change: ReplayChange,
  nowMs: number,
): Promise<ReplayChanged> {
  if (row === undefined) return { kind: "unknown" };
  if (row.ended_at_ms !== null) return { kind: "ended", replay: toReplay(row) };
  const changed = changedRow(row, change, nowMs);
  await transaction.run(
    `UPDATE replays SET state = $2, per_s = $3, next_at_ms = $4, release_at_ms = $5, ended_at_ms = $6 WHERE id = $1`,
    ...[row.id, changed.state, changed.per_s, changed.next_at_ms, changed.release_at_ms, changed.ended_at_ms],
  );
  if (changed.state === "cancelled") {
    await transaction.run("DELETE FROM replay_lanes WHERE replay_id = $1", row.id);
  }
  return { kind: "changed", replay: toReplay(changed) };
}
