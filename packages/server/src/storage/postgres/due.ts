/** Which deliveries are due, longest first, without stumbling over the backlog of hooks that are left out. */
import type { DeliveryId, HookId } from "@trulinks/protocol";
import type { Queries } from "./database.ts";

export interface DueRequest {
  readonly untilMs: number;
  readonly countMax: number;
  readonly exceptHooks: readonly HookId[];
}

export interface DueRow {
  readonly id: DeliveryId;
  readonly next_at_ms: number;
}

// A slow receiver's backlog can be much longer, and would be walked at each claiming: beyond this we go from hook to
// hook instead, which costs some microseconds for each hook for which something waits.
const WALK_MAX = 1_000;

export async function findDue(
  queries: Queries,
  { untilMs, countMax, exceptHooks }: DueRequest,
): Promise<readonly DueRow[]> {
  if (exceptHooks.length === 0) return queries.all<DueRow>(FIRST_DUE, untilMs, countMax);
  const near = await queries.all<DueRow>(NEAR_DUE, untilMs, countMax, exceptHooks);
  if (near.length === countMax || (await queries.get(IS_BEYOND, untilMs)) === undefined) return near;
  return queries.all<DueRow>(DUE_BY_HOOK, untilMs, countMax, exceptHooks);
}

const FIRST_DUE = `SELECT id, next_at_ms FROM deliveries WHERE next_at_ms <= $1 ORDER BY next_at_ms, id LIMIT $2`;

const NEAR_DUE = `SELECT id, next_at_ms FROM
    (SELECT id, next_at_ms, hook_id FROM deliveries WHERE next_at_ms <= $1
     ORDER BY next_at_ms, id LIMIT ${WALK_MAX}) near
  WHERE hook_id <> ALL($3) ORDER BY next_at_ms, id LIMIT $2`;

const IS_BEYOND = `SELECT 1 FROM deliveries WHERE next_at_ms <= $1
  ORDER BY next_at_ms, id LIMIT 1 OFFSET ${WALK_MAX}`;

// PostgreSQL has no skip scan over distinct values before version 18, so the recursion does it: one seek per hook.
const DUE_BY_HOOK = `
  WITH RECURSIVE waiting (hook_id) AS (
    SELECT min(hook_id) FROM deliveries WHERE state = 'waiting'
    UNION ALL
    SELECT (SELECT min(hook_id) FROM deliveries WHERE state = 'waiting' AND hook_id > waiting.hook_id)
    FROM waiting WHERE hook_id IS NOT NULL
  )
  SELECT due.id, due.next_at_ms FROM waiting CROSS JOIN LATERAL (
    SELECT id, next_at_ms FROM deliveries
    WHERE state = 'waiting' AND deliveries.hook_id = waiting.hook_id AND next_at_ms <= $1
    ORDER BY next_at_ms LIMIT $2
  ) due
  WHERE waiting.hook_id <> ALL($3) ORDER BY due.next_at_ms, due.id LIMIT $2`;
