/**
 * The line at a serial hook: one delivery has a time, and those behind it wait for their turn (`limit`) until it has
 * ended. Who ends, keeps or frees deliveries of a hook lets the line move up.
 */
import type { HookId } from "@trulinks/protocol";
import type { Ground } from "./memory.ts";

/** Whether nothing of the hook waits, so that what comes new need not stand in line. */
export function isLineFree({ database, memory }: Ground, hookId: HookId): boolean {
  memory.listing.bring();
  return database.get(ANY_WAITING, hookId) === undefined;
}

/** If nobody is at the head of a serial hook's line, the next one is due. */
export function moveUp(ground: Ground, hookId: HookId, nowMs: number): void {
  const { database, memory } = ground;
  const hook = database.get<{ readonly serial: number; readonly state: string }>(
    "SELECT serial, state FROM hooks WHERE id = ?",
    hookId,
  );
  if (hook?.serial !== 1 || hook.state !== "active") return;
  memory.listing.bring();
  if (database.get(ANY_AT_HEAD, hookId) !== undefined) return;
  const moved = database.run(
    `UPDATE deliveries SET because = 'due', next_at_ms = ?
     WHERE key = (${NEXT_IN_LINE})`,
    nowMs,
    hookId,
  );
  if (moved > 0) noteHead(ground, hookId);
}

/** The hook became serial, or what was kept for it is freed: everybody but the first stands in line. */
export function formLine(ground: Ground, hookId: HookId, nowMs: number): void {
  const { database, memory } = ground;
  memory.listing.bring();
  database.run(
    `UPDATE deliveries SET because = 'limit', next_at_ms = NULL
     WHERE is_listed = 1 AND next_at_ms IS NOT NULL AND hook_id = ?1 AND sequence IS NOT NULL AND sequence >
       (SELECT min(sequence) FROM deliveries INDEXED BY deliveries_waiting
        WHERE is_listed = 1 AND state = 'waiting' AND hook_id = ?1)`,
    hookId,
  );
  moveUp(ground, hookId, nowMs);
}

/** The hook is serial no longer: whoever stood in line is due. */
export function dissolveLine(ground: Ground, hookId: HookId, nowMs: number): void {
  ground.memory.listing.bring();
  const freed = ground.database.run(
    `UPDATE deliveries SET because = 'due', next_at_ms = ?
     WHERE is_listed = 1 AND state = 'waiting' AND next_at_ms IS NULL AND hook_id = ? AND because = 'limit'`,
    nowMs,
    hookId,
  );
  if (freed > 0) ground.memory.turns.first.note(hookId, nowMs);
  if (freed > 0) ground.memory.turns.retry.note(hookId, nowMs);
}

// Redelivered ones may have been tried before: both turns are noted, and a turn that is too early does no harm.
function noteHead({ memory }: Ground, hookId: HookId): void {
  memory.turns.first.note(hookId, 0);
  memory.turns.retry.note(hookId, 0);
}

const ANY_WAITING = `SELECT 1 FROM deliveries INDEXED BY deliveries_waiting
  WHERE is_listed = 1 AND state = 'waiting' AND hook_id = ? AND sequence IS NOT NULL LIMIT 1`;

const ANY_AT_HEAD = `SELECT 1 FROM deliveries INDEXED BY deliveries_due
  WHERE is_listed = 1 AND next_at_ms IS NOT NULL AND hook_id = ? AND sequence IS NOT NULL LIMIT 1`;

const NEXT_IN_LINE = `SELECT key FROM deliveries INDEXED BY deliveries_kept
  WHERE is_listed = 1 AND state = 'waiting' AND next_at_ms IS NULL AND hook_id = ? AND because = 'limit'
  ORDER BY sequence LIMIT 1`;
