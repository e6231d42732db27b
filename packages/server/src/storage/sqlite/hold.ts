/** What waits for a hook that does not deliver is kept without a time, and so is not claimable. */
import type { HookId } from "@trulinks/protocol";
import type { Database } from "./database.ts";

/** Keeps what waits for the hook. What a worker has leased is kept when it comes back, or when its lease runs out. */
export function keepWaiting(database: Database, hookId: HookId, state: "paused" | "disabled"): void {
  database.run(
    `UPDATE deliveries SET because = 'hook-paused', next_at_ms = NULL
     WHERE hook_id = ? AND state = 'waiting' AND is_leased = 0 AND (sequence IS NOT NULL OR ?)`,
    hookId,
    state === "disabled" ? 1 : 0,
  );
}

/** What was kept for the hook is due. */
export function freeWaiting(database: Database, hookId: HookId, nowMs: number): void {
  database.run(
    `UPDATE deliveries SET because = 'due', next_at_ms = ?
     WHERE hook_id = ? AND state = 'waiting' AND next_at_ms IS NULL`,
    nowMs,
    hookId,
  );
}
