/** Which deliveries are due, longest first, without stumbling over the backlog of hooks that are left out. */
import type { DeliveryId, HookId } from "@trulinks/protocol";
import type { Database } from "./database.ts";

export interface DueRequest {
  readonly untilMs: number;
  readonly countMax: number;
  readonly exceptHooks: readonly HookId[];
}

export interface DueRow {
  readonly id: DeliveryId;
  readonly next_at_ms: number;
}

// Walking this far along the index of due times costs about 0.1 ms. A slow receiver's backlog can be much longer,
// and would be walked again at each claiming: beyond it we go from hook to hook instead.
const WALK_MAX = 1_000;

export function findDue(database: Database, request: DueRequest): readonly DueRow[] {
  const { untilMs, countMax, exceptHooks } = request;
  if (exceptHooks.length === 0) return database.all<DueRow>(FIRST_DUE, untilMs, countMax);
  const near = database.all<DueRow>(NEAR_DUE, untilMs, WALK_MAX, JSON.stringify(exceptHooks), countMax);
  if (near.length === countMax || database.get(IS_BEYOND, untilMs, WALK_MAX) === undefined) return near;
  return findDueByHook(database, request);
}

const FIRST_DUE = `SELECT id, next_at_ms FROM deliveries WHERE next_at_ms <= ? ORDER BY next_at_ms, id LIMIT ?`;

const NEAR_DUE = `SELECT id, next_at_ms FROM
    (SELECT id, next_at_ms, hook_id FROM deliveries WHERE next_at_ms <= ? ORDER BY next_at_ms LIMIT ?)
  WHERE hook_id NOT IN (SELECT value FROM json_each(?)) ORDER BY next_at_ms, id LIMIT ?`;

const IS_BEYOND = `SELECT 1 FROM deliveries WHERE next_at_ms <= ? ORDER BY next_at_ms LIMIT 1 OFFSET ?`;

/** Costs a few microseconds for each hook for which something waits, however much that is. */
function findDueByHook(
  database: Database,
  { untilMs, countMax, exceptHooks }: DueRequest,
): readonly DueRow[] {
  const left = new Set<string>(exceptHooks);
  const hooks = database
    .all<HookDue>(HOOKS_DUE)
    .filter(({ hook_id, first_ms }) => first_ms !== null && first_ms <= untilMs && !left.has(hook_id))
    .sort((one, other) => (one.first_ms ?? 0) - (other.first_ms ?? 0));

  let found: readonly DueRow[] = [];
  for (const { hook_id, first_ms } of hooks) {
    const last = found[countMax - 1];
    if (last !== undefined && last.next_at_ms <= (first_ms ?? 0)) break;
    const ofHook = database.all<DueRow>(DUE_OF_HOOK, hook_id, untilMs, countMax);
    found = [...found, ...ofHook].sort((one, other) => one.next_at_ms - other.next_at_ms).slice(0, countMax);
  }
  return found;
}

interface HookDue {
  readonly hook_id: HookId;
  readonly first_ms: number | null;
}

// SQLite has no skip scan over distinct values without statistics, so the recursion does it: one seek per hook.
const HOOKS_DUE = `
  WITH RECURSIVE waiting (hook_id) AS (
    SELECT min(hook_id) FROM deliveries WHERE state = 'waiting'
    UNION ALL
    SELECT (SELECT min(hook_id) FROM deliveries WHERE state = 'waiting' AND hook_id > waiting.hook_id)
    FROM waiting WHERE hook_id IS NOT NULL
  )
  SELECT hook_id, (
    SELECT min(next_at_ms) FROM deliveries
    WHERE state = 'waiting' AND deliveries.hook_id = waiting.hook_id AND next_at_ms IS NOT NULL
  ) AS first_ms
  FROM waiting WHERE hook_id IS NOT NULL`;

const DUE_OF_HOOK = `SELECT id, next_at_ms FROM deliveries
  WHERE state = 'waiting' AND hook_id = ? AND next_at_ms <= ? ORDER BY next_at_ms LIMIT ?`;
