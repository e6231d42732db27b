import type { DeliveryId, EventId } from "@trulinks/protocol";
import type { Database, Queries } from "./database.ts";

interface SweepRequest {
  readonly beforeMs: number;
  readonly countMax: number;
}

// Of two nodes that each forget one of an event's last two deliveries, neither would forget the event.
const LOCK = "6084507373519072116";

/** One at a time, of all nodes, until its transaction ends. */
export async function lockSweeping(queries: Queries): Promise<void> {
  await queries.run(`SELECT pg_advisory_xact_lock(${LOCK})`);
}

/** An event goes with the last of its deliveries, and its receipt with it: a receipt never outlives what it speaks of. */
export function sweep(database: Database, request: SweepRequest): Promise<number> {
  return database.transact(async (transaction) => {
    await lockSweeping(transaction);
    const delivered = await sweepEnded(transaction, request);
    return delivered + (await sweepUndelivered(transaction, request));
  });
}

async function sweepEnded(queries: Queries, { beforeMs, countMax }: SweepRequest): Promise<number> {
  // Said twice: what somebody redelivers meanwhile is looked at once more, and stays.
  const ended = await queries.all<{ readonly id: DeliveryId; readonly event_id: EventId }>(
    `DELETE FROM deliveries WHERE id IN
       (SELECT id FROM deliveries WHERE ended_at_ms < $1 ORDER BY ended_at_ms LIMIT $2) AND ended_at_ms < $1
     RETURNING id, event_id`,
    beforeMs,
    countMax,
  );
  if (ended.length === 0) return 0;
  await queries.run(
    "DELETE FROM attempts WHERE delivery_id = ANY($1)",
    ended.map((row) => row.id),
  );
  const events = await queries.all<EventRow>(
    `DELETE FROM events WHERE id = ANY($1)
       AND NOT EXISTS (SELECT FROM deliveries WHERE deliveries.event_id = events.id)
     RETURNING receipt_keys`,
    [...new Set(ended.map((row) => row.event_id))],
  );
  return ended.length + (await forgetReceipts(queries, events));
}

/** Events that no hook wanted. */
async function sweepUndelivered(queries: Queries, { beforeMs, countMax }: SweepRequest): Promise<number> {
  const events = await queries.all<EventRow>(
    `DELETE FROM events WHERE id IN
       (SELECT id FROM events WHERE deliveries = 0 AND at_ms < $1 ORDER BY at_ms LIMIT $2)
     RETURNING receipt_keys`,
    beforeMs,
    countMax,
  );
  return forgetReceipts(queries, events);
}

interface EventRow {
  readonly receipt_keys: string;
}

/** How many events and receipts went. */
async function forgetReceipts(queries: Queries, events: readonly EventRow[]): Promise<number> {
  const keys = events.flatMap((row) => JSON.parse(row.receipt_keys) as readonly string[]);
  if (keys.length === 0) return events.length;
  return events.length + (await queries.run("DELETE FROM receipts WHERE key = ANY($1)", keys));
}
