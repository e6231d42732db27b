/** One step of a replay. */
import type { Hook } from "../../webhooks/hook.ts";
import {
  FILLED_PAUSE_MS,
  HOOK_WAITING_MAX,
  NO_ROOM_PAUSE_MS,
  REPLAY_HOOKS_MAX,
  REPLAY_SCAN_MAX,
  REPLAY_STEP_MAX,
  REPLAY_WAITING_MAX,
  roomFor,
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
import type { Database } from "./database.ts";
import { findDeliveryRow } from "./delivery-row.ts";
import { findHookRow, toHook } from "./hook-row.ts";
import { moveUp } from "./line.ts";
import type { Ground } from "./memory.ts";
import { readTerms, redeliverRow } from "./redeliver.ts";
import { findLanes } from "./replay-hooks.ts";
import { isOneOf, scan } from "./replay-scan.ts";

/** See `ReplayStore.advanceReplays`. */
export function advanceReplays(ground: Ground, nowMs: number): ReplayStep {
  const { database, memory } = ground;
  const row = database.get<ReplayRow>(
    "SELECT * FROM replays WHERE next_at_ms <= ? ORDER BY next_at_ms, id LIMIT 1",
    nowMs,
  );
  if (row === undefined) return { released: 0, ended: null, nextMs: nextMs(database) };
  memory.listing.bring();
  const did = row.hooks_through === null ? work(ground, row, nowMs) : open(database, row, nowMs);
  return { ...did, nextMs: nextMs(database) };
}

type Did = Omit<ReplayStep, "nextMs">;

const NOTHING: Did = { released: 0, ended: null };

function nextMs(database: Database): number | null {
  return database.get<{ readonly at_ms: number | null }>(NEXT)?.at_ms ?? null;
}

const NEXT = "SELECT min(next_at_ms) AS at_ms FROM replays WHERE next_at_ms IS NOT NULL";

/** Finds some of its hooks. */
function open(database: Database, row: ReplayRow, nowMs: number): Did {
  const replay = toReplay(row);
  const hooks = findLanes(database, replay, row.hooks_through ?? BEFORE_ALL_HOOKS);
  const lanes = hooks.filter(({ from, through }) => from < through);
  for (const { id, from, through } of lanes) {
    database.run(
      `INSERT INTO replay_lanes (replay_id, hook_id, position, counted_through, through, found, handled, next_at_ms)
       VALUES (?, ?, ?, ?, ?, 0, 0, ?)`,
      ...[row.id, id, from, from, through, nowMs],
    );
  }
  const hooksThrough = hooks.length < REPLAY_HOOKS_MAX ? null : (hooks.at(-1)?.id ?? null);
  write(database, { ...row, hooks_through: hooksThrough, uncounted: row.uncounted + lanes.length }, nowMs);
  return NOTHING;
}

/** Counts some of a hook's deliveries, or makes some due. */
function work(ground: Ground, row: ReplayRow, nowMs: number): Did {
  const { database } = ground;
  const lane = database.get<LaneRow>(
    "SELECT * FROM replay_lanes WHERE replay_id = ? ORDER BY next_at_ms, hook_id LIMIT 1",
    row.id,
  );
  if (lane === undefined) {
    database.run(END, nowMs, row.id);
    return { released: 0, ended: toReplay(endedRow(row, nowMs)) };
  }
  if (lane.counted_through < lane.through) {
    count(database, row, lane, nowMs);
    return NOTHING;
  }
  return { released: makeDue(ground, row, lane, nowMs), ended: null };
}

const END =
  "UPDATE replays SET state = 'done', next_at_ms = NULL, ended_at_ms = ?, found = done + skipped WHERE id = ?";

/** Notes how far it has come, and when it goes on. */
function write(database: Database, row: ReplayRow, nowMs: number): void {
  const lane = database.get<{ readonly at_ms: number | null }>(
    "SELECT min(next_at_ms) AS at_ms FROM replay_lanes WHERE replay_id = ?",
    row.id,
  );
  const nextAtMs = nextStepMs(row, lane?.at_ms ?? null, nowMs);
  database.run(
    `UPDATE replays SET next_at_ms = ?, release_at_ms = ?, hooks_through = ?, uncounted = ?, found = ?, done = ?,
       skipped = ? WHERE id = ?`,
    ...[
      nextAtMs,
      row.release_at_ms,
      row.hooks_through,
      row.uncounted,
      row.found,
      row.done,
      row.skipped,
      row.id,
    ],
  );
}

function count(database: Database, row: ReplayRow, lane: LaneRow, nowMs: number): void {
  const rows = [...scan(database, lane, lane.counted_through)];
  const replay = toReplay(row);
  const found = rows.filter((one) => isOneOf(replay, one)).length;
  const through = rows.length < REPLAY_SCAN_MAX ? lane.through : (rows.at(-1)?.sequence ?? lane.through);
  database.run(
    "UPDATE replay_lanes SET counted_through = ?, found = ?, next_at_ms = ? WHERE replay_id = ? AND hook_id = ?",
    ...[through, lane.found + found, nowMs, lane.replay_id, lane.hook_id],
  );
  const uncounted = row.uncounted - (through === lane.through ? 1 : 0);
  write(database, { ...row, uncounted, found: row.found + found }, nowMs);
}

function makeDue(ground: Ground, row: ReplayRow, lane: LaneRow, nowMs: number): number {
  const { database } = ground;
  const hookRow = findHookRow(database, lane.hook_id);
  const hook = hookRow === undefined ? null : toHook(hookRow);
  // Nothing of it is sent any more: what is left is passed over as one.
  if (hook === null || hook.state === "disabled") {
    closeLane(database, lane);
    write(database, { ...row, skipped: row.skipped + Math.max(lane.found - lane.handled, 0) }, nowMs);
    return 0;
  }
  const pace = { perS: row.per_s, nextAtMs: row.release_at_ms };
  const allowed = releasable(pace, nowMs);
  // What is kept for a hook that does not deliver takes no room from anybody.
  const room = hook.state === "active" ? roomFor(waitingOf(database, lane)) : HOOK_WAITING_MAX;
  const countMax = Math.min(allowed, room, REPLAY_STEP_MAX);
  if (countMax === 0) {
    moveLane(database, lane, allowed === 0 ? Math.ceil(row.release_at_ms) : nowMs + NO_ROOM_PAUSE_MS);
    write(database, row, nowMs);
    return 0;
  }
  const told = redeliverSome(ground, { row, lane, hook }, { countMax, nowMs });
  const handled = lane.handled + told.done + told.skipped;
  if (told.position >= lane.through) closeLane(database, lane);
  else {
    const nextAtMs = told.done === room ? nowMs + FILLED_PAUSE_MS : nowMs;
    moveLane(database, { ...lane, position: told.position, handled }, nextAtMs);
  }
  const changed: ReplayRow = {
    ...row,
    done: row.done + told.done,
    skipped: row.skipped + told.skipped,
    release_at_ms: told.done === 0 ? row.release_at_ms : nextRelease(pace, told.done, nowMs),
  };
  write(database, changed, nowMs);
  return told.done;
}

function moveLane(database: Database, { position, handled, ...lane }: LaneRow, nextAtMs: number): void {
  database.run(
    "UPDATE replay_lanes SET position = ?, handled = ?, next_at_ms = ? WHERE replay_id = ? AND hook_id = ?",
    ...[position, handled, nextAtMs, lane.replay_id, lane.hook_id],
  );
}

function closeLane(database: Database, { replay_id, hook_id }: LaneRow): void {
  database.run("DELETE FROM replay_lanes WHERE replay_id = ? AND hook_id = ?", replay_id, hook_id);
}

/** What of the replay nobody has tried yet. */
function waitingOf(
  database: Database,
  { replay_id, hook_id }: LaneRow,
): { ofHook: number; ofReplay: number } {
  const row = database.get<{ readonly of_hook: number; readonly of_replay: number }>(
    WAITING,
    replay_id,
    hook_id,
  );
  return { ofHook: row?.of_hook ?? 0, ofReplay: row?.of_replay ?? 0 };
}

const UNTRIED = `FROM deliveries INDEXED BY deliveries_replayed
  WHERE is_listed = 1 AND replay_id IS NOT NULL AND state = 'waiting' AND attempts_count = tried_before`;
const WAITING = `SELECT
  (SELECT count(*) FROM (SELECT 1 ${UNTRIED} AND replay_id = ?1 AND hook_id = ?2 LIMIT ${HOOK_WAITING_MAX})) AS of_hook,
  (SELECT count(*) FROM (SELECT 1 ${UNTRIED} AND replay_id = ?1 LIMIT ${REPLAY_WAITING_MAX})) AS of_replay`;

interface Told {
  readonly done: number;
  readonly skipped: number;
  /** Up to this number the lane is done with. */
  readonly position: number;
}

function redeliverSome(
  ground: Ground,
  { row, lane, hook }: { readonly row: ReplayRow; readonly lane: LaneRow; readonly hook: Hook },
  { countMax, nowMs }: { readonly countMax: number; readonly nowMs: number },
): Told {
  const replay = toReplay(row);
  const redelivering = { hook, termsOf: readTerms(ground.database), replayId: row.id, nowMs };
  let [seen, done, skipped] = [0, 0, 0];
  let { position } = lane;
  for (const one of scan(ground.database, lane, position)) {
    if (done === countMax) break;
    seen += 1;
    position = one.sequence;
    const chosen = isOneOf(replay, one) ? findDeliveryRow(ground.database, one.key) : undefined;
    if (chosen === undefined) continue;
    if (redeliverRow(ground, chosen, redelivering).kind === "again") done += 1;
    else skipped += 1;
  }
  if (done > 0) moveUp(ground, lane.hook_id);
  const isLast = done < countMax && seen < REPLAY_SCAN_MAX;
  return { done, skipped, position: isLast ? lane.through : position };
}
