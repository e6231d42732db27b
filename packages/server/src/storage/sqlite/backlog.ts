/** What waits, read from index entries alone: 10 000 of them take some milliseconds. */
import type { HookId } from "@trulinks/protocol";
import type { BacklogStore, HookBacklog } from "../../webhooks/backlog-store.ts";
import type { HookState } from "../../webhooks/hook.ts";
import { emptyBacklog, hookCountsOf, sumOf, type WaitingGroup } from "../backlog-sum.ts";
import { dueOf } from "./due.ts";
import type { Ground } from "./memory.ts";
import type { Sync } from "./verbs.ts";

export function createBacklog(ground: Ground): Sync<BacklogStore> {
  const { database, memory } = ground;
  return {
    findBacklogs(hookIds, countMax) {
      memory.listing.bring();
      return hookIds.map((hookId) => backlogOf(ground, hookId, countMax));
    },

    findBacklogStep(after, countMax) {
      // What is stored while the walk goes on is not its concern.
      if (after === null) memory.listing.bring();
      const [hookId, sequence] = after === null ? ["", 0] : (JSON.parse(after) as Place);
      const last = database.get<LastRow>(LAST_OF_STEP, hookId, sequence, countMax - 1);
      const groups = database.all<WaitingGroup>(STEP, hookId, sequence, countMax);
      const { because, bytes, oldestAtMs } = sumOf(groups);
      return { because, bytes, oldestAtMs, next: last === undefined ? null : JSON.stringify(placeOf(last)) };
    },

    findHookCounts: () =>
      hookCountsOf(
        database.all<{ readonly state: HookState; readonly count: number }>(
          "SELECT state, count(*) AS count FROM hooks INDEXED BY hooks_by_state GROUP BY state",
        ),
      ),
  };
}

function backlogOf(ground: Ground, hookId: HookId, countMax: number): HookBacklog {
  const { database } = ground;
  const groups = database.all<WaitingGroup>(OF_HOOK, hookId, countMax);
  if (groups.length === 0) return emptyBacklog(hookId);
  const sum = sumOf(groups);
  const isMore = sum.waiting === countMax && database.get(ONE_MORE, hookId, countMax) !== undefined;
  return { hookId, ...sum, isMore, nextTryAtMs: nextTryAtMs(ground, hookId) };
}

function nextTryAtMs(ground: Ground, hookId: HookId): number | null {
  const times = (["first", "retry"] as const).flatMap((queue) =>
    dueOf(ground, { hookId, queue, untilMs: Number.MAX_SAFE_INTEGER, countMax: 1 }),
  );
  return times.length === 0 ? null : Math.min(...times.map(({ next_at_ms }) => next_at_ms));
}

type Place = readonly [hookId: string, sequence: number];

interface LastRow {
  readonly hook_id: HookId;
  readonly sequence: number | null;
}

/** Pings have no number and stand before all that have one. */
function placeOf({ hook_id, sequence }: LastRow): Place {
  return [hook_id, sequence ?? 0];
}

const WAITING = `FROM deliveries INDEXED BY deliveries_waiting WHERE is_listed = 1 AND state = 'waiting'`;

// What is kept for a hook that delivers again comes at the pace of its release.
const WHY = `CASE WHEN because IN ('hook-paused', 'hook-pending')
    AND (SELECT state FROM hooks WHERE hooks.id = hook_id) = 'active' THEN 'limit' ELSE because END`;

const grouped = (found: string): string =>
  `SELECT ${WHY} AS because, count, bytes, oldest_at_ms FROM
     (SELECT hook_id, because, count(*) AS count, sum(bytes) AS bytes, min(created_at_ms) AS oldest_at_ms
      FROM (SELECT hook_id, because, bytes, created_at_ms ${WAITING} AND ${found}) GROUP BY hook_id, because)`;

const OF_HOOK = grouped("hook_id = ? ORDER BY sequence LIMIT ?");
const ONE_MORE = `SELECT 1 ${WAITING} AND hook_id = ? ORDER BY sequence LIMIT 1 OFFSET ?`;

const BEYOND = "(hook_id, sequence) > (?, ?) ORDER BY hook_id, sequence LIMIT";
const STEP = grouped(`${BEYOND} ?`);
const LAST_OF_STEP = `SELECT hook_id, sequence ${WAITING} AND ${BEYOND} 1 OFFSET ?`;
