/** Which deliveries of a hook are due, and whose turn it is next. Costs the same whatever else waits. */
import type { DeliveryId, HookId } from "@trulinks/protocol";
import type { Ground } from "./memory.ts";

export type Queue = "first" | "retry";

export interface DueRow {
  readonly key: number;
  readonly id: DeliveryId;
  readonly next_at_ms: number;
}

export interface DueRequest {
  readonly hookId: HookId;
  readonly queue: Queue;
  readonly untilMs: number;
  readonly countMax: number;
}

/** The hook's first in its queue that nobody has, longest due first, up to `untilMs`. */
export function dueOf({ database, memory }: Ground, request: DueRequest): readonly DueRow[] {
  const { hookId, queue, untilMs, countMax } = request;
  // Leased ones stand in the index at the time at which they became due.
  const rowsMax = countMax + memory.leases.countOf(hookId);
  return database
    .all<DueRow>(dueOfHook(rowsMax), hookId, queue === "retry" ? 1 : 0, untilMs)
    .filter(({ id }) => !memory.leases.isHeld(id))
    .slice(0, countMax);
}

/** SQLite prepares a statement anew for each value that LIMIT is given: 6 µs. So the next power of two stands in the text. */
function dueOfHook(rowsMax: number): string {
  const limit = 2 ** Math.ceil(Math.log2(Math.max(rowsMax, 1)));
  const known = DUE_OF_HOOK.get(limit);
  if (known !== undefined) return known;
  const text = `SELECT key, id, next_at_ms FROM deliveries INDEXED BY deliveries_due
    WHERE is_listed = 1 AND next_at_ms IS NOT NULL AND hook_id = ? AND (attempts_count > 0) = ? AND next_at_ms <= ?
    ORDER BY next_at_ms, id LIMIT ${limit}`;
  DUE_OF_HOOK.set(limit, text);
  return text;
}

const DUE_OF_HOOK = new Map<number, string>();

const EVER_MS = Number.MAX_SAFE_INTEGER;

export interface NextTurn {
  readonly hookId: HookId;
  readonly queue: Queue;
  /** Whoever has just had a turn comes after those who have not, however long something of it has been due. */
  readonly notBeforeMs: number;
}

/** Notes when the hook's turn comes next in this queue, and says so; null: never. */
export function noteNext(ground: Ground, { hookId, queue, notBeforeMs }: NextTurn): number | null {
  const [head] = dueOf(ground, { hookId, queue, untilMs: EVER_MS, countMax: 1 });
  if (head === undefined) return null;
  const atMs = Math.max(head.next_at_ms, notBeforeMs);
  ground.memory.turns[queue].note(hookId, atMs);
  return atMs;
}

/** When the first of all hooks but these has its turn; null if none ever has. */
export function nextTurnMs(ground: Ground, queue: Queue, except: ReadonlySet<HookId>): number | null {
  const turns = ground.memory.turns[queue];
  const leftOut: { readonly hookId: HookId; readonly atMs: number }[] = [];
  let found: number | null = null;
  for (let turn = turns.take(); turn !== null; turn = turns.take()) {
    if (except.has(turn.hookId)) {
      leftOut.push(turn);
      continue;
    }
    // The time may be that of something that has ended.
    found = noteNext(ground, { hookId: turn.hookId, queue, notBeforeMs: turn.atMs });
    if (found === turn.atMs) break;
    found = null;
  }
  for (const { hookId, atMs } of leftOut) turns.note(hookId, atMs);
  return found;
}
