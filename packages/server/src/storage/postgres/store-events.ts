/** Writes what a batch of events makes, in one statement; and what of others it touches, in one each. */
import type { HookId } from "@trulinks/protocol";
import type { NewEvent, Receipt } from "../../webhooks/new-event.ts";
import { sensitiveText } from "../event-row.ts";
import type { Queries } from "./database.ts";
import { DELIVERY_ARRAYS, deliveryArrays, INSERT_DELIVERIES } from "./delivery-row.ts";
import { type Draft, lastSequences, type Numbered } from "./drafts.ts";
import { noteTurns, type Turn } from "./due.ts";
import { Conflict } from "./failure.ts";

export interface Accepted {
  readonly event: NewEvent;
  readonly receipt: Receipt;
}

/** Which of the drafts' hooks are serial and have something waiting, so that what is new stands behind it. */
export async function findLines(queries: Queries, drafts: readonly Draft[]): Promise<ReadonlySet<HookId>> {
  const serial = drafts.filter(({ known }) => known.hook.serial).map(({ known }) => known.hook.id);
  if (serial.length === 0) return new Set();
  const rows = await queries.all<{ readonly hook_id: HookId }>(
    `SELECT hook_id FROM unnest($1::text[]) AS serial (hook_id) WHERE EXISTS (
       SELECT FROM deliveries WHERE deliveries.hook_id = serial.hook_id AND state = 'waiting' AND sequence IS NOT NULL)`,
    [...new Set(serial)],
  );
  return new Set(rows.map((row) => row.hook_id));
}

export async function storeEvents(
  queries: Queries,
  numbered: readonly Numbered[],
  accepted: readonly Accepted[],
): Promise<void> {
  await replaceEarlier(queries, numbered);
  const sequences = [...lastSequences(numbered)];
  const keys = accepted.flatMap(({ event }) => event.receiptKeys.map((key) => [key, event.id] as const));
  const stored = await queries.get<{ readonly events: number; readonly receipts: number }>(
    STORE,
    ...deliveryArrays(numbered.map(({ delivery }) => delivery)),
    sequences.map(([hookId]) => hookId),
    sequences.map(([, sequence]) => sequence),
    keys.map(([key]) => key),
    keys.map(([, eventId]) => eventId),
    ...EVENT_COLUMNS.map(([, , value]) => accepted.map(value)),
  );
  // Another node stored one of these while we looked. Looking again finds it.
  if (stored?.events !== accepted.length || stored.receipts !== keys.length) throw new Conflict();
  await noteTurns(queries, numbered.flatMap(turnOf));
}

/** What waits for whoever claims next. */
function turnOf({ delivery: { hook, waits } }: Numbered): readonly Turn[] {
  if (waits === null || waits.lease !== null || hook.state !== "active") return [];
  return [{ hookId: hook.id, queue: "first", atMs: waits.nextAtMs }];
}

/** Ends what waits under the same key for the same hook and user. The hooks are locked, so nothing comes in between. */
async function replaceEarlier(queries: Queries, numbered: readonly Numbered[]): Promise<void> {
  const newer = numbered.filter(({ delivery }) => delivery.key !== null && delivery.waits !== null);
  if (newer.length === 0) return;
  await queries.run(
    REPLACE,
    newer.map(({ delivery }) => delivery.hook.id),
    newer.map(({ delivery }) => delivery.userId),
    newer.map(({ delivery }) => delivery.key),
    newer.map(({ draft }) => draft.entry.claim.nowMs),
  );
}

const REPLACE = `UPDATE deliveries SET state = 'replaced', because = NULL, next_at_ms = NULL, ended_at_ms = newer.now_ms
  FROM unnest($1::text[], $2::text[], $3::text[], $4::bigint[]) AS newer (hook_id, user_id, key, now_ms)
  WHERE deliveries.hook_id = newer.hook_id AND deliveries.user_id = newer.user_id AND deliveries.key = newer.key
    AND deliveries.key IS NOT NULL AND state = 'waiting' AND NOT is_leased`;

const EVENT_COLUMNS: readonly (readonly [name: string, type: string, value: (of: Accepted) => unknown])[] = [
  ["id", "text", ({ event }) => event.id],
  ["type", "text", ({ event }) => event.type],
  ["action", "text", ({ event }) => event.action],
  ["at_ms", "bigint", ({ event }) => event.atMs],
  ["fingerprint", "text", ({ event }) => event.fingerprint],
  ["deliveries", "integer", ({ receipt }) => receipt.deliveries],
  ["unknown", "text", ({ receipt }) => JSON.stringify(receipt.unknown)],
  ["receipt_keys", "text", ({ event }) => JSON.stringify(event.receiptKeys)],
  // Nobody will read what no hook wanted: it is kept to be recognised again.
  ["data", "text", ({ event, receipt }) => (receipt.deliveries === 0 ? "" : event.data)],
  ["sensitive", "text", ({ event }) => sensitiveText(event)],
  ["trace", "text", ({ event }) => event.trace],
];

const after = (index: number): string => `$${DELIVERY_ARRAYS + index}`;
const EVENT_NAMES = EVENT_COLUMNS.map(([name]) => name).join(", ");
const EVENT_ARRAYS = EVENT_COLUMNS.map(([, type], index) => `${after(index + 5)}::${type}[]`).join(", ");

// Keys go in sorted, so that two nodes with the same ones do not wait for each other crosswise.
const STORE = `
  WITH new_deliveries AS (${INSERT_DELIVERIES}),
  new_sequences AS (
    UPDATE hooks SET last_sequence = newest.sequence
    FROM unnest(${after(1)}::text[], ${after(2)}::bigint[]) AS newest (hook_id, sequence)
    WHERE hooks.id = newest.hook_id
  ),
  new_receipts AS (
    INSERT INTO receipts (key, event_id)
    SELECT * FROM unnest(${after(3)}::text[], ${after(4)}::text[]) AS fresh (key, event_id) ORDER BY key COLLATE "C"
    ON CONFLICT DO NOTHING RETURNING key
  ),
  new_events AS (
    INSERT INTO events (${EVENT_NAMES}) SELECT ${EVENT_NAMES} FROM unnest(${EVENT_ARRAYS}) AS fresh (${EVENT_NAMES})
    ORDER BY id COLLATE "C" ON CONFLICT DO NOTHING RETURNING id
  )
  SELECT (SELECT count(*) FROM new_events) AS events, (SELECT count(*) FROM new_receipts) AS receipts`;
