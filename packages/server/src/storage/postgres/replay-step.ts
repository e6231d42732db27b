/** One step of a replay. Its row is locked for as long, so that no other node takes one at the same time. */
import {
  FILLED_PAUSE_MS,
  HOOK_WAITING_MAX,
  NO_ROOM_PAUSE_MS,
  REPLAY_HOOKS_MAX,
  REPLAY_READ_MAX,
  REPLAY_SCAN_MAX,
  REPLAY_STEP_MAX,
  REPLAY_WAITING_MAX,
  roomFor,
  type Waiting,
} from "../../webhooks/replay.ts";
import type { ReplayStep } from "../../webhooks/replay-store.ts";
import { nextRelease, releasable } from "../pace.ts";
import {
  BEFORE_ALL_HOOKS,
  endedRow,
  type LaneRow,
  nextStepMs,
  type ReplayRow,
  toReplay,
} from "../replay-row.ts";
import type { Database, Queries, Transaction } from "./database.ts";
import { findHookRow, type HookRow } from "./hook-row.ts";
import { redeliverAll } from "./redeliver.ts";
import { findLanes } from "./replay-hooks.ts";
import { isOneOf, type Scanned, scan } from "./replay-scan.ts";

// Another node is at it just now.
const OTHERS_PAUSE_MS = 200;

/** See `ReplayStore.advanceReplays`. */
export async function advanceReplays(database: Database, nowMs: number): Promise<ReplayStep> {
  const due = await nextMs(database);
  if (due === null || due > nowMs) return { ...NOTHING, nextMs: due };
  const did = await database.transact(async (transaction) => {
    const row = await transaction.get<ReplayRow>(LOCK, nowMs);
    if (row === undefined) return null;
    return row.hooks_through === null ? work(transaction, row, nowMs) : open(transaction, row, nowMs);
  });
  if (did === null) return { ...NOTHING, nextMs: nowMs + OTHERS_PAUSE_MS };
  return { ...did, nextMs: await nextMs(database) };
}

type Did = Omit<ReplayStep, "nextMs">;

const NOTHING: Did = { released: 0, ended: null };

async function nextMs(queries: Queries): Promise<number | null> {
  const row = await queries.get<{ readonly at_ms: number | null }>(NEXT);
  return row?.at_ms ?? null;
}

const NEXT = "SELECT min(next_at_ms) AS at_ms FROM replays WHERE next_at_ms IS NOT NULL";
const LOCK = `SELECT * FROM replays WHERE next_at_ms <= $1 ORDER BY next_at_ms, id LIMIT 1 FOR NO KEY UPDATE SKIP LOCKED`;

/** Finds some of its hooks. */
async function open(transaction: Transaction, row: ReplayRow, nowMs: number): Promise<Did> {
  const hooks = await findLanes(transaction, toReplay(row), row.hooks_through ?? BEFORE_ALL_HOOKS);
  const lanes = hooks.filter(({ from, through }) => from < through);
  await transaction.run(
    `INSERT INTO replay_lanes (replay_id, hook_id, position, counted_through, through, found, handled, next_at_ms)
     SELECT $1, hook_id, position, position, through, 0, 0, $2
     FROM unnest($3::text[], $4::bigint[], $5::bigint[]) AS lane (hook_id, position, through)`,
    row.id,
    nowMs,
    lanes.map(({ id }) => id),
    lanes.map(({ from }) => from),
    lanes.map(({ through }) => through),
  );
  const hooksThrough = hooks.length < REPLAY_HOOKS_MAX ? null : (hooks.at(-1)?.id ?? null);
  await write(
    transaction,
    { ...row, hooks_through: hooksThrough, uncounted: row.uncounted + lanes.length },
    nowMs,
  );
  return NOTHING;
}

/** Counts some of a hook's deliveries, or makes some due. */
async function work(transaction: Transaction, row: ReplayRow, nowMs: number): Promise<Did> {
  const lane = await transaction.get<LaneRow>(
    "SELECT * FROM replay_lanes WHERE replay_id = $1 ORDER BY next_at_ms, hook_id LIMIT 1",
    row.id,
  );
  if (lane === undefined) {
    await transaction.run(END, row.id, nowMs);
    return { released: 0, ended: toReplay(endedRow(row, nowMs)) };
  }
  if (lane.counted_through < lane.through) {
    await count(transaction, row, lane, nowMs);
    return NOTHING;
  }
  return { released: await makeDue(transaction, row, lane, nowMs), ended: null };
}

const END = `UPDATE replays SET state = 'done', next_at_ms = NULL, ended_at_ms = $2, found = done + skipped WHERE id = $1`;

/** Notes how far it has come, and when it goes on. */
async function write(transaction: Transaction, row: ReplayRow, nowMs: number): Promise<void> {
  const lane = await transaction.get<{ readonly at_ms: number | null }>(
    "SELECT min(next_at_ms) AS at_ms FROM replay_lanes WHERE replay_id = $1",
    row.id,
  );
  await transaction.run(
    `UPDATE replays SET next_at_ms = $2, release_at_ms = $3, hooks_through = $4, uncounted = $5, found = $6, done = $7,
       skipped = $8 WHERE id = $1`,
    ...[row.id, nextStepMs(row, lane?.at_ms ?? null, nowMs), row.release_at_ms, row.hooks_through],
    ...[row.uncounted, row.found, row.done, row.skipped],
  );
}

async function count(transaction: Transaction, row: ReplayRow, lane: LaneRow, nowMs: number): Promise<void> {
  const rows = await scan(transaction, lane, { after: lane.counted_through, countMax: REPLAY_SCAN_MAX });
  const replay = toReplay(row);
  const found = rows.filter((one) => isOneOf(replay, one)).length;
  const through = rows.length < REPLAY_SCAN_MAX ? lane.through : (rows.at(-1)?.sequence ?? lane.through);
  await transaction.run(
    "UPDATE replay_lanes SET counted_through = $3, found = $4, next_at_ms = $5 WHERE replay_id = $1 AND hook_id = $2",
    ...[lane.replay_id, lane.hook_id, through, lane.found + found, nowMs],
  );
  const uncounted = row.uncounted - (through === lane.through ? 1 : 0);
  await write(transaction, { ...row, uncounted, found: row.found + found }, nowMs);
}

async function makeDue(
  transaction: Transaction,
  row: ReplayRow,
  lane: LaneRow,
  nowMs: number,
): Promise<number> {
  const hook = await findHookRow(transaction, lane.hook_id);
  // Nothing of it is sent any more: what is left is passed over as one.
  if (hook === undefined || hook.state === "disabled") {
    await closeLane(transaction, lane);
    await write(
      transaction,
      { ...row, skipped: row.skipped + Math.max(lane.found - lane.handled, 0) },
      nowMs,
    );
    return 0;
  }
  const pace = { perS: row.per_s, nextAtMs: row.release_at_ms };
  const allowed = releasable(pace, nowMs);
  const room = await roomAt(transaction, lane, hook);
  const countMax = Math.min(allowed, room, REPLAY_STEP_MAX);
  if (countMax === 0) {
    await moveLane(
      transaction,
      lane,
      allowed === 0 ? Math.ceil(row.release_at_ms) : nowMs + NO_ROOM_PAUSE_MS,
    );
    await write(transaction, row, nowMs);
    return 0;
  }
  const told = await redeliverSome(transaction, { row, lane }, { countMax, nowMs });
  const handled = lane.handled + told.done + told.skipped;
  if (told.position >= lane.through) await closeLane(transaction, lane);
  else {
    const nextAtMs = told.done === room ? nowMs + FILLED_PAUSE_MS : nowMs;
    await moveLane(transaction, { ...lane, position: told.position, handled }, nextAtMs);
  }
  const changed: ReplayRow = {
    ...row,
    done: row.done + told.done,
    skipped: row.skipped + told.skipped,
    release_at_ms: told.done === 0 ? row.release_at_ms : nextRelease(pace, told.done, nowMs),
  };
  await write(transaction, changed, nowMs);
  return told.done;
}

async function closeLane(queries: Queries, { replay_id, hook_id }: LaneRow): Promise<void> {
  await queries.run("DELETE FROM replay_lanes WHERE replay_id = $1 AND hook_id = $2", replay_id, hook_id);
}

async function moveLane(
  queries: Queries,
  { position, handled, ...lane }: LaneRow,
  nextAtMs: number,
): Promise<void> {
  await queries.run(
    "UPDATE replay_lanes SET position = $3, handled = $4, next_at_ms = $5 WHERE replay_id = $1 AND hook_id = $2",
    ...[lane.replay_id, lane.hook_id, position, handled, nextAtMs],
  );
}

/** How many more may be made due. What is kept for a hook that does not deliver takes no room from anybody. */
async function roomAt(queries: Queries, lane: LaneRow, { state }: HookRow): Promise<number> {
  if (state !== "active") return HOOK_WAITING_MAX;
  const row = await queries.get<{ readonly of_hook: number; readonly of_replay: number }>(
    WAITING,
    lane.replay_id,
    lane.hook_id,
  );
  return roomFor({ ofHook: row?.of_hook ?? 0, ofReplay: row?.of_replay ?? 0 } satisfies Waiting);
}

const UNTRIED = `FROM deliveries WHERE state = 'waiting' AND attempts_count = tried_before AND replay_id = $1`;
const WAITING = `SELECT
  (SELECT count(*) FROM (SELECT 1 ${UNTRIED} AND hook_id = $2 LIMIT ${HOOK_WAITING_MAX}) waiting) AS of_hook,
  (SELECT count(*) FROM (SELECT 1 ${UNTRIED} LIMIT ${REPLAY_WAITING_MAX}) waiting) AS of_replay`;

interface Told {
  readonly done: number;
  readonly skipped: number;
  /** Up to this number the lane is done with. */
  readonly position: number;
}

/** What is refused uses up none of what may go: the next step goes on behind it. */
async function redeliverSome(
  transaction: Transaction,
  { row, lane }: { readonly row: ReplayRow; readonly lane: LaneRow },
  { countMax, nowMs }: { readonly countMax: number; readonly nowMs: number },
): Promise<Told> {
  const { chosen, position } = await choose(transaction, { row, lane }, countMax);
  const ids = chosen.map(({ id }) => id);
  const judged = await redeliverAll(transaction, ids, { replayId: row.id, nowMs });
  const done = ids.filter((id) => judged.get(id)?.kind === "again").length;
  return { done, skipped: ids.length - done, position };
}

/** The first that it is about, and up to which number that was looked for. */
async function choose(
  queries: Queries,
  { row, lane }: { readonly row: ReplayRow; readonly lane: LaneRow },
  countMax: number,
): Promise<{ readonly chosen: readonly Scanned[]; readonly position: number }> {
  const replay = toReplay(row);
  const chosen: Scanned[] = [];
  let { position } = lane;
  for (let read = 0; read < REPLAY_SCAN_MAX; read += REPLAY_READ_MAX) {
    const rows = await scan(queries, lane, { after: position, countMax: REPLAY_READ_MAX });
    for (const one of rows) {
      if (chosen.length === countMax) return { chosen, position };
      position = one.sequence;
      if (isOneOf(replay, one)) chosen.push(one);
    }
    if (rows.length < REPLAY_READ_MAX) return { chosen, position: lane.through };
  }
  return { chosen, position };
}
