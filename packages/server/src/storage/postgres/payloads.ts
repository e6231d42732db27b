/** The end of payloads: what every delivery about a user, or every old one, loses. */
import type { DeliveryId, EventId } from "@trulinks/protocol";
import type { Ended } from "../erasure-row.ts";
import type { Database, Queries } from "./database.ts";
import { lockSweeping } from "./sweep.ts";

export interface EndingRow {
  readonly id: DeliveryId;
  readonly event_id: EventId;
}

/**
 * What waits again by then is left as it is. Who calls has `lockSweeping`: of two that each end one of an event's last two payloads, neither would end
 * its data.
 */
export async function endPayloadsOf(queries: Queries, found: readonly EndingRow[]): Promise<Ended> {
  const rows = await queries.all<EndingRow>(
    HOLD,
    found.map(({ id }) => id),
  );
  if (rows.length === 0) return { events: 0, deliveries: 0, attempts: 0 };
  const ids = rows.map(({ id }) => id);
  const attempts = await queries.run(
    "UPDATE attempts SET exchange = NULL WHERE delivery_id = ANY($1) AND exchange IS NOT NULL",
    ids,
  );
  await queries.run(
    "UPDATE deliveries SET payload_gone = true, view = NULL, key = NULL WHERE id = ANY($1)",
    ids,
  );
  const events = await queries.run(END_DATA, [...new Set(rows.map((row) => row.event_id))]);
  return { events, deliveries: rows.length, attempts };
}

const HOLD = `SELECT id, event_id FROM deliveries WHERE id = ANY($1) AND state <> 'waiting'
  ORDER BY id FOR NO KEY UPDATE`;

// LATERAL with LIMIT: one look into the index for each event, which stops at the first payload that is left.
const END_DATA = `UPDATE events SET data = '', sensitive = NULL
  FROM unnest($1::text[]) AS ending (id) LEFT JOIN LATERAL (
    SELECT true AS is_left FROM deliveries WHERE deliveries.event_id = ending.id AND NOT payload_gone LIMIT 1
  ) others ON true
  WHERE events.id = ending.id AND events.data <> '' AND others.is_left IS NULL`;

interface EndedRow extends EndingRow {
  readonly ended_at_ms: number;
}

/** In the order in which deliveries have ended: what comes back ends anew, later. */
export function endOldPayloads(
  database: Database,
  { beforeMs, countMax }: { readonly beforeMs: number; readonly countMax: number },
): Promise<number> {
  return database.transact(async (transaction) => {
    await lockSweeping(transaction);
    const rows = await transaction.all<EndedRow>(OLDEST, beforeMs, countMax);
    const last = rows.at(-1);
    if (last === undefined) return 0;
    await endPayloadsOf(transaction, rows);
    await transaction.run("UPDATE payloads_through SET at_ms = $1, id = $2", last.ended_at_ms, last.id);
    return rows.length;
  });
}

const OLDEST = `SELECT id, event_id, ended_at_ms FROM deliveries
  WHERE (ended_at_ms, id) > (SELECT at_ms, id FROM payloads_through) AND ended_at_ms IS NOT NULL AND ended_at_ms < $1
  ORDER BY ended_at_ms, id LIMIT $2`;
