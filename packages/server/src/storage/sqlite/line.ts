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
export function moveUp(ground: Ground, hookId: HookId): void {
  const { database, memory } = ground;
  const hook = database.get<{ readonly serial: number; readonly state: string }>(
    "SELECT serial, state FROM hooks WHERE id = ?",
    hookId,
  );
  if (hook?.serial !== 1 || hook.state !== "active") return;
  memory.listing.bring();
  if (database.get(ANY_AT_HEAD, hookId) !== undefined) return;
  const next = database.get<NextRow>(NEXT, hookId);
  // What is kept for the hook comes first, when it is released.
  if (next === undefined || next.because !== "limit") return;
  const { key, attempts_count, created_at_ms } = next;
  database.run("UPDATE deliveries SET because = 'due', next_at_ms = ? WHERE key = ?", created_at_ms, key);
  memory.turns[attempts_count > 0 ? "retry" : "first"].note(hookId, created_at_ms);
}

/** The hook became serial: everybody but the first stands in line. */
export function formLine(ground: Ground, hookId: HookId): void {
  const { database, memory } = ground;
  memory.listing.bring();
  database.run(
    `UPDATE deliveries SET because = 'limit', next_at_ms = NULL
     WHERE is_listed = 1 AND next_at_ms IS NOT NULL AND hook_id = ?1 AND sequence IS NOT NULL AND sequence >
       (SELECT min(sequence) FROM deliveries INDEXED BY deliveries_waiting
        WHERE is_listed = 1 AND state = 'waiting' AND hook_id = ?1)`,
    hookId,
  );
  moveUp(ground, hookId);
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

interface NextRow {
  readonly key: number;
  readonly because: string;
  readonly attempts_count: number;
  readonly created_at_ms: number;
}

const ANY_WAITING = `SELECT 1 FROM deliveries INDEXED BY deliveries_waiting
  WHERE is_listed = 1 AND state = 'waiting' AND hook_id = ? AND sequence IS NOT NULL LIMIT 1`;

const ANY_AT_HEAD = `SELECT 1 FROM deliveries INDEXED BY deliveries_due
  WHERE is_listed = 1 AND next_at_ms IS NOT NULL AND hook_id = ? AND sequence IS NOT NULL LIMIT 1`;

const NEXT = `SELECT key, because, attempts_count, created_at_ms FROM deliveries INDEXED BY deliveries_kept
  WHERE is_listed = 1 AND state = 'waiting' AND next_at_ms IS NULL AND hook_id = ? AND sequence IS NOT NULL
  ORDER BY sequence LIMIT 1`;
