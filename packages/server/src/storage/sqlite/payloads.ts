/** The end of payloads: what every delivery about a user, or every old one, loses. */
import type { EventId } from "@trulinks/protocol";
import type { Ended } from "../erasure-row.ts";
import { attemptKeysOf } from "./attempt-row.ts";
import type { Database } from "./database.ts";
import type { Ground } from "./memory.ts";

export interface EndingRow {
  readonly key: number;
  readonly event_id: EventId;
}

/** Everything must be listed. */
export function endPayloadsOf(database: Database, rows: readonly EndingRow[]): Ended {
  let attempts = 0;
  for (const { key } of rows) {
    attempts += database.run(
      "UPDATE attempts SET exchange = NULL WHERE key BETWEEN ? AND ? AND exchange IS NOT NULL",
      ...attemptKeysOf(key),
    );
    database.run(
      "UPDATE deliveries SET payload_gone = 1, view = NULL, replace_key = NULL WHERE key = ?",
      key,
    );
  }
  let events = 0;
  for (const eventId of new Set(rows.map((row) => row.event_id))) events += database.run(END_DATA, eventId);
  return { events, deliveries: rows.length, attempts };
}

const END_DATA = `UPDATE events SET data = '', sensitive = NULL WHERE id = ? AND data <> '' AND NOT EXISTS (
  SELECT 1 FROM deliveries INDEXED BY deliveries_by_event
  WHERE is_listed = 1 AND event_id = events.id AND payload_gone IS NULL)`;

interface Place {
  readonly at_ms: number;
  readonly key: number;
}

interface EndedRow extends EndingRow {
  readonly ended_at_ms: number;
}

/** In the order in which deliveries have ended: what comes back ends anew, later. */
export function endOldPayloads(
  { database, memory }: Ground,
  { beforeMs, countMax }: { readonly beforeMs: number; readonly countMax: number },
): number {
  memory.listing.bring();
  const through = database.get<Place>(THROUGH) ?? { at_ms: 0, key: 0 };
  const atOnce = database.all<EndedRow>(AT_THE_SAME_TIME, through.at_ms, beforeMs, through.key, countMax);
  const later = database.all<EndedRow>(LATER, through.at_ms, beforeMs, countMax - atOnce.length);
  const rows = [...atOnce, ...later];
  const last = rows.at(-1);
  if (last === undefined) return 0;
  endPayloadsOf(database, rows);
  database.run(
    "UPDATE engine SET payloads_through_ms = ?, payloads_through_key = ? WHERE id = 1",
    last.ended_at_ms,
    last.key,
  );
  return rows.length;
}

const THROUGH = "SELECT payloads_through_ms AS at_ms, payloads_through_key AS key FROM engine WHERE id = 1";

// Many may have ended in one millisecond; within it the index goes on by the key.
const AT_THE_SAME_TIME = `SELECT key, event_id, ended_at_ms FROM deliveries INDEXED BY deliveries_ended
  WHERE is_listed = 1 AND ended_at_ms IS NOT NULL AND ended_at_ms = ? AND ended_at_ms < ? AND key > ?
  ORDER BY key LIMIT ?`;

const LATER = `SELECT key, event_id, ended_at_ms FROM deliveries INDEXED BY deliveries_ended
  WHERE is_listed = 1 AND ended_at_ms IS NOT NULL AND ended_at_ms > ? AND ended_at_ms < ?
  ORDER BY ended_at_ms, key LIMIT ?`;
