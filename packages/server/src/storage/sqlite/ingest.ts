import { strict as assert } from "node:assert";
import type { EventId } from "@trulinks/protocol";
import type { Dice } from "../../base/dice.ts";
import type { ClaimRequest } from "../../webhooks/claim.ts";
import type { Ingested, NewEvent, Receipt } from "../../webhooks/new-event.ts";
import { createClaimContext } from "./claim-context.ts";
import type { Database } from "./database.ts";
import { type Draft, storeDrafts } from "./drafts.ts";
import { createMatching, findRecipients } from "./match.ts";

export function ingest(
  { database, dice }: { readonly database: Database; readonly dice: Dice },
  events: readonly NewEvent[],
  request: ClaimRequest,
): readonly Ingested[] {
  const context = createClaimContext(database, request.nowMs);
  const match = createMatching(database, context);
  const drafts: Draft[] = [];

  const answers = events.map((event): Ingested => {
    const earlier = findEarlier(database, event);
    if (earlier !== null) return repeat(event, earlier);
    const recipients = findRecipients(database, event);
    if (recipients === null) return { kind: "no-recipient" };

    const matches = match(event.type, recipients.userIds);
    const receipt = { id: event.id, deliveries: matches.length, unknown: recipients.unknown };
    if (!insertEvent(database, event, receipt)) return repeat(event, eventOf(database, event.id));
    for (const one of matches) drafts.push({ event, ...one });
    return { kind: "accepted", receipt, claims: [] };
  });

  const claims = storeDrafts({ database, dice, context }, drafts, request);
  return answers.map((answer) =>
    answer.kind === "accepted" ? { ...answer, claims: claims.get(answer.receipt.id) ?? [] } : answer,
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
function insertEvent(database: Database, event: NewEvent, { deliveries, unknown }: Receipt): boolean {
  const stored = database.run(
    `INSERT INTO events (id, type, action, at_ms, fingerprint, deliveries, unknown, receipt_keys, data)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
    event.id,
    event.type,
    event.action,
    event.atMs,
    event.fingerprint,
    deliveries,
    JSON.stringify(unknown),
    JSON.stringify(event.receiptKeys),
    event.data,
  );
  if (stored === 0) return false;
  for (const key of event.receiptKeys) {
    database.run("INSERT INTO receipts (key, event_id) VALUES (?, ?)", key, event.id);
  }
  return true;
}
