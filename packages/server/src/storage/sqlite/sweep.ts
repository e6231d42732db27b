import type { EventId } from "@trulinks/protocol";
import { attemptKeysOf } from "./attempt-row.ts";
import type { Database } from "./database.ts";
import type { Ground } from "./memory.ts";

interface SweepRequest {
  readonly beforeMs: number;
  readonly countMax: number;
}

/** An event goes with the last of its deliveries, and its receipt with it: a receipt never outlives what it speaks of. */
export function sweep({ database, memory }: Ground, request: SweepRequest): number {
  memory.listing.bring();
  const ended = database.all<{ readonly key: number; readonly event_id: EventId }>(
    "SELECT key, event_id FROM deliveries WHERE is_listed = 1 AND ended_at_ms < ? ORDER BY ended_at_ms LIMIT ?",
    request.beforeMs,
    request.countMax,
  );
  for (const { key } of ended) {
    database.run("DELETE FROM attempts WHERE key BETWEEN ? AND ?", ...attemptKeysOf(key));
    database.run("DELETE FROM deliveries WHERE key = ?", key);
  }
  let rows = ended.length;
  for (const eventId of new Set(ended.map((row) => row.event_id))) {
    if (!hasDelivery(database, eventId)) rows += deleteEvent(database, eventId);
  }
  return rows + sweepUndelivered(database, request);
}

/** Events that no hook wanted. */
function sweepUndelivered(database: Database, { beforeMs, countMax }: SweepRequest): number {
  const events = database.all<{ readonly id: EventId }>(
    "SELECT id FROM events WHERE deliveries = 0 AND at_ms < ? ORDER BY at_ms LIMIT ?",
    beforeMs,
    countMax,
  );
  return events.reduce((rows, { id }) => rows + deleteEvent(database, id), 0);
}

function hasDelivery(database: Database, eventId: EventId): boolean {
  return database.get("SELECT 1 FROM deliveries WHERE is_listed = 1 AND event_id = ?", eventId) !== undefined;
}

function deleteEvent(database: Database, id: EventId): number {
  const receipts = database.run(
    `DELETE FROM receipts WHERE key IN
       (SELECT value FROM json_each((SELECT receipt_keys FROM events WHERE id = ?)))`,
    id,
  );
  return receipts + database.run("DELETE FROM events WHERE id = ?", id);
}
