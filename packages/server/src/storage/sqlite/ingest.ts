import { strict as assert } from "node:assert";
import type { EventId } from "@trulinks/protocol";
import type { ClaimRequest } from "../../webhooks/claim.ts";
import type { Ingested, NewEvent, Receipt } from "../../webhooks/new-event.ts";
import { sensitiveText } from "../event-row.ts";
import type { Database } from "./database.ts";
import { type Draft, storeDrafts } from "./drafts.ts";
import { matchEvent } from "./match.ts";
import type { Ground } from "./memory.ts";

export function ingest(
  ground: Ground,
  events: readonly NewEvent[],
  request: ClaimRequest,
): readonly Ingested[] {
  const { database } = ground;
  const drafts: Draft[] = [];

  const answers = events.map((event): Ingested => {
    const earlier = findEarlier(database, event);
    if (earlier !== null) return repeat(event, earlier);
    const matched = matchEvent(ground, event);
    if (matched === null) return { kind: "no-recipient" };

    const { matches, unknown } = matched;
    const receipt = { id: event.id, deliveries: matches.length, unknown };
    if (!insertEvent(database, event, receipt)) return repeat(event, eventOf(database, event.id));
    for (const match of matches) drafts.push({ event, ...match });
    return { kind: "accepted", receipt, claims: [], left: [] };
  });

  const { claims, left } = storeDrafts(ground, drafts, request);
  return answers.map((answer) =>
    answer.kind === "accepted"
      ? { ...answer, claims: claims.get(answer.receipt.id) ?? [], left: left.get(answer.receipt.id) ?? [] }
      : answer,
  );
}

interface EarlierRow {
  readonly id: EventId;
  readonly fingerprint: string | null;
  readonly deliveries: number;
  readonly unknown: string;
}

function findEarlier(database: Database, { receiptKeys }: NewEvent): EarlierRow | null {
  for (const key of receiptKeys) {
    const found = database.get<{ readonly event_id: EventId }>(
      "SELECT event_id FROM receipts WHERE key = ?",
      key,
    );
    if (found !== undefined) return eventOf(database, found.event_id);
  }
  return null;
}

function eventOf(database: Database, id: EventId): EarlierRow {
  const row = database.get<EarlierRow>(
    "SELECT id, fingerprint, deliveries, unknown FROM events WHERE id = ?",
    id,
  );
  assert(row !== undefined, `a receipt speaks of ${id}, which is gone`);
  return row;
}

function repeat(event: NewEvent, { id, fingerprint, deliveries, unknown }: EarlierRow): Ingested {
  if (fingerprint !== event.fingerprint) return { kind: "reused" };
  const receipt: Receipt = { id, deliveries, unknown: JSON.parse(unknown) as readonly string[] };
  return { kind: "repeated", receipt };
}

/** False: there is an event with this id, which came without a receipt key for it. */
export function insertEvent(database: Database, event: NewEvent, { deliveries, unknown }: Receipt): boolean {
  const stored = database.run(
    `INSERT INTO events
       (id, type, action, at_ms, fingerprint, deliveries, unknown, receipt_keys, data, sensitive, trace)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
    event.id,
    event.type,
    event.action,
    event.atMs,
    event.fingerprint,
    deliveries,
    listText(unknown),
    listText(event.receiptKeys),
    // Nobody will read what no hook wanted: it is kept to be recognised again.
    deliveries === 0 ? "" : event.data,
    sensitiveText(event),
    event.trace,
  );
  if (stored === 0) return false;
  for (const key of event.receiptKeys) {
    database.run("INSERT INTO receipts (key, event_id) VALUES (?, ?)", key, event.id);
  }
  return true;
}

function listText(list: readonly string[]): string {
  return list.length === 0 ? "[]" : JSON.stringify(list);
}
