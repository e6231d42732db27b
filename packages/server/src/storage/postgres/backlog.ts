/** What waits. Why is not stored with each delivery, so they are grouped by all that decides it. */
import type { HookId } from "@trulinks/protocol";
import type { BacklogStore, HookBacklog } from "../../webhooks/backlog-store.ts";
import type { HookState } from "../../webhooks/hook.ts";
import { emptyBacklog, hookCountsOf, sumOf, type WaitingGroup } from "../backlog-sum.ts";
import type { Database } from "./database.ts";
import { keptFor, type WhyRow } from "./deliveries.ts";

export function createBacklog(database: Database): BacklogStore {
  return {
    async findBacklogs(hookIds, countMax) {
      const rows = await database.all<HookGroup>(OF_HOOKS, hookIds, countMax);
      const groupsOf = Map.groupBy(rows, ({ hook_id }) => hook_id);
      const found = hookIds.map((hookId) => backlogOf(hookId, groupsOf.get(hookId) ?? []));
      const full = found.filter(({ waiting }) => waiting === countMax).map(({ hookId }) => hookId);
      if (full.length === 0) return found;
      const more = await database.all<{ readonly id: HookId }>(WITH_MORE, full, countMax);
      const ids = new Set(more.map(({ id }) => id));
      return found.map((backlog) => ({ ...backlog, isMore: ids.has(backlog.hookId) }));
    },

    async findBacklogStep(after, countMax) {
      const place = after === null ? BEFORE_ALL : (JSON.parse(after) as Place);
      const rows = await database.all<StepGroup>(STEP, ...place, countMax);
      const { waiting, because, bytes, oldestAtMs } = sumOf(rows.map(toGroup));
      const last = rows[0];
      const isDone = last === undefined || waiting < countMax;
      return { because, bytes, oldestAtMs, next: isDone ? null : JSON.stringify(placeOf(last)) };
    },

    async findHookCounts() {
      return hookCountsOf(
        await database.all<{ readonly state: HookState; readonly count: number }>(
          "SELECT state, count(*) AS count FROM hooks GROUP BY state",
        ),
      );
    },
  };
}

/** Deliveries that wait for the same reason. */
interface Group extends WhyRow, Omit<WaitingGroup, "because"> {}

interface HookGroup extends Group {
  readonly hook_id: HookId;
  readonly next_try_at_ms: number | null;
}

function backlogOf(hookId: HookId, rows: readonly HookGroup[]): HookBacklog {
  const [first] = rows;
  if (first === undefined) return emptyBacklog(hookId);
  return { hookId, ...sumOf(rows.map(toGroup)), isMore: false, nextTryAtMs: first.next_try_at_ms };
}

function toGroup(row: Group): WaitingGroup {
  return { ...row, because: keptFor(row) ?? row.because ?? "due" };
}

type Place = readonly [hookId: string, isLeased: boolean, sequence: number];

const BEFORE_ALL: Place = ["", false, 0];

interface StepGroup extends Group {
  readonly last_hook_id: HookId;
  readonly last_is_leased: boolean;
  readonly last_sequence: number | null;
}

/** Pings have no number and stand behind all that have one. */
function placeOf({ last_hook_id, last_is_leased, last_sequence }: StepGroup): Place {
  return [last_hook_id, last_is_leased, last_sequence ?? Number.MAX_SAFE_INTEGER];
}

// Of each, by the index of lines: what is under way, which is little, and the first of the rest.
const WAITING = `hook_id = hooks.id AND state = 'waiting'`;
const UNDER_WAY = `${WAITING} AND is_leased = ANY (ARRAY[true])`;
const AT_REST = `${WAITING} AND NOT is_leased`;

/** Hooks that are looked at, with the number that stands first in a serial hook's line (`head`; null for others). */
const looked = (where: string): string => `SELECT id, state, round, serial,
    CASE WHEN serial THEN least(
      (SELECT sequence FROM deliveries WHERE ${UNDER_WAY} ORDER BY sequence LIMIT 1),
      (SELECT sequence FROM deliveries WHERE ${AT_REST} ORDER BY sequence LIMIT 1)) END AS head
  FROM hooks WHERE ${where}`;

// By numbers and bytes, since to sort 10 000 texts by the rules of a language takes longer than all the rest.
const GROUPED = `waiting.is_leased, waiting.because COLLATE "C" AS because,
  CASE WHEN waiting.sequence IS NOT NULL THEN 0 END AS sequence, waiting.round < hooks.round AS is_held,
  coalesce(waiting.sequence > hooks.head, false) AS is_behind,
  count(*)::integer AS count, sum(waiting.data_bytes)::bigint AS bytes, min(waiting.created_at_ms) AS oldest_at_ms`;
const OF_HOOK = "'waiting' AS state, hooks.state AS hook_state";

const headOf = (queue: string): string => `(SELECT next_at_ms FROM deliveries
  WHERE hook_id = hooks.id AND round = hooks.round AND state = 'waiting' AND NOT is_leased AND attempts_count ${queue}
  ORDER BY next_at_ms LIMIT 1)`;

const NEXT_TRY = `CASE
  WHEN hooks.state = 'active' AND NOT hooks.serial THEN least(${headOf("= 0")}, ${headOf("> 0")})
  WHEN hooks.state <> 'disabled' THEN least(
    (SELECT min(next_at_ms) FROM deliveries WHERE ${AT_REST} AND sequence IS NULL),
    CASE WHEN hooks.state = 'active' THEN
      (SELECT next_at_ms FROM deliveries WHERE ${AT_REST} AND sequence = hooks.head AND round = hooks.round) END)
  END`;

// MATERIALIZED: once for each hook, where the planner would do it once for each delivery.
const OF_HOOKS = `
  WITH looked AS MATERIALIZED (${looked("id = ANY($1)")}),
  timed AS MATERIALIZED (SELECT hooks.*, ${NEXT_TRY} AS next_try_at_ms FROM looked AS hooks)
  SELECT hooks.id AS hook_id, ${OF_HOOK}, hooks.next_try_at_ms, grouped.*
  FROM timed AS hooks CROSS JOIN LATERAL (
    SELECT ${GROUPED} FROM (
      (SELECT * FROM deliveries WHERE ${UNDER_WAY} LIMIT $2)
      UNION ALL
      (SELECT * FROM deliveries WHERE ${AT_REST} ORDER BY sequence LIMIT $2)
      LIMIT $2
    ) waiting GROUP BY 1, 2, 3, 4, 5
  ) grouped`;

const WITH_MORE = `SELECT hooks.id FROM hooks WHERE hooks.id = ANY($1) AND EXISTS (SELECT FROM (
    (SELECT 1 FROM deliveries WHERE ${UNDER_WAY} LIMIT $2 + 1)
    UNION ALL
    (SELECT 1 FROM deliveries WHERE ${AT_REST} ORDER BY sequence LIMIT $2 + 1)
    OFFSET $2) more)`;

const STEP = `
  WITH waiting AS MATERIALIZED (
    SELECT hook_id, is_leased, sequence, because, round, data_bytes, created_at_ms FROM deliveries
    WHERE state = 'waiting' AND (hook_id, is_leased, sequence) > ($1, $2, $3)
    ORDER BY hook_id, is_leased, sequence LIMIT $4
  ),
  last AS (SELECT * FROM waiting ORDER BY hook_id DESC, is_leased DESC, sequence DESC NULLS FIRST LIMIT 1),
  looked AS MATERIALIZED (${looked("id = ANY (ARRAY(SELECT DISTINCT hook_id FROM waiting))")}),
  grouped AS (
    SELECT hooks.id, ${GROUPED} FROM waiting JOIN looked AS hooks ON hooks.id = waiting.hook_id GROUP BY hooks.id, 2, 3, 4, 5, 6
  )
  SELECT ${OF_HOOK}, grouped.*, last.hook_id AS last_hook_id, last.is_leased AS last_is_leased, last.sequence AS last_sequence
  FROM last, looked AS hooks JOIN grouped USING (id)`;
