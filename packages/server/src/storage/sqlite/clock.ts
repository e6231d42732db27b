/** What has times that were ahead of the clock as it is now. Rare: it walks along all that is due. */
import type { HookId } from "@trulinks/protocol";
import { PROBE_MS } from "../pace.ts";
import type { Ground } from "./memory.ts";

interface LateRow {
  readonly key: number;
  readonly hook_id: HookId;
  readonly attempts_count: number;
  readonly next_at_ms: number;
  /** When it was tried last; null: never. */
  readonly tried_at_ms: number | null;
}

/** See `WebhookStore.bringBack`. Leases of a process that lives end when it settles. */
export function bringBack({ database, memory }: Ground, nowMs: number): number {
  memory.listing.bring();
  const late = database.all<LateRow>(LATE, nowMs, nowMs);
  for (const { key, next_at_ms, tried_at_ms } of late) {
    const afterMs = tried_at_ms === null ? 0 : Math.max(0, next_at_ms - tried_at_ms);
    database.run("UPDATE deliveries SET next_at_ms = ? WHERE key = ?", nowMs + afterMs, key);
  }
  database.run("UPDATE hooks SET release_at_ms = ?1 WHERE release_at_ms > ?1 + ?2", nowMs, PROBE_MS);
  database.run("UPDATE hooks SET failing_since_ms = ?1 WHERE failing_since_ms > ?1", nowMs);
  memory.hooks.clear();
  memory.noteTurns();
  return late.length;
}

// What was never tried waits for no time but its own beginning.
const LATE = `SELECT key, hook_id, attempts_count, next_at_ms, tried_at_ms FROM (
    SELECT key, hook_id, attempts_count, next_at_ms,
      (SELECT at_ms FROM attempts WHERE attempts.key = deliveries.key * 4096 + attempts_count) AS tried_at_ms
    FROM deliveries INDEXED BY deliveries_due WHERE is_listed = 1 AND next_at_ms IS NOT NULL AND next_at_ms > ?)
  WHERE tried_at_ms IS NULL OR tried_at_ms > ?`;
