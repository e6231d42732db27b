import { type DeliveryId, ID_CHANCE_BYTES, makeId, type UserId } from "@trulinks/protocol";
import type { Erasure, RecordStore } from "../../webhooks/record-store.ts";
import { firstIdAt } from "../delivery-search.ts";
import { type Ended, type ErasureRow, toErasure } from "../erasure-row.ts";
import type { Database } from "./database.ts";
import { revoke } from "./endings.ts";
import type { Ground } from "./memory.ts";
import { type EndingRow, endOldPayloads, endPayloadsOf } from "./payloads.ts";
import type { Sync } from "./verbs.ts";

export function createRecord(ground: Ground): Sync<RecordStore> {
  const { database } = ground;
  return {
    startErasure(userId, nowMs) {
      if (!isKnown(ground, userId)) return null;
      database.run("UPDATE users SET name = NULL, email = NULL WHERE id = ?", userId);
      revoke(ground, "user_id = ?", [userId], nowMs);
      return beginErasure(ground, userId, nowMs);
    },
    findErasure(id) {
      const row = database.get<ErasureRow>("SELECT * FROM erasures WHERE id = ?", id);
      return row === undefined ? null : toErasure(row);
    },
    erase: (nowMs, countMax) => erase(ground, nowMs, countMax),
    endPayloads: (end) => endOldPayloads(ground, end),
  };
}

/** What waits for the user must have been revoked. */
export function beginErasure({ database, dice }: Ground, userId: UserId, nowMs: number): Erasure {
  const id = makeId("erasure", nowMs, dice.bytes(ID_CHANCE_BYTES));
  database.run(
    `INSERT INTO erasures (id, user_id, before_id, through_id, events, deliveries, attempts, started_at_ms)
     VALUES (?, ?, ?, '', 0, 0, 0, ?)`,
    id,
    userId,
    firstIdAt(nowMs + 1),
    nowMs,
  );
  return { id, userId, events: 0, deliveries: 0, attempts: 0, startedAtMs: nowMs, endedAtMs: null };
}

function isKnown({ database, memory }: Ground, userId: UserId): boolean {
  if (database.get("SELECT 1 FROM users WHERE id = ?", userId) !== undefined) return true;
  memory.listing.bring();
  return rowsAbout(database, { user_id: userId, through_id: "", before_id: "~" }, 1).length > 0;
}

function erase(ground: Ground, nowMs: number, countMax: number): Erasure | null {
  const { database, memory } = ground;
  const row = database.get<ErasureRow>(
    "SELECT * FROM erasures INDEXED BY erasures_underway WHERE ended_at_ms IS NULL AND id > '' ORDER BY id LIMIT 1",
  );
  if (row === undefined) return null;
  memory.listing.bring();
  const rows = rowsAbout(database, row, countMax);
  // Published before it began and stored after, or delivered anew since.
  for (const { id, state } of rows) if (state === "waiting") revoke(ground, "deliveries.id = ?", [id], nowMs);
  const ended = securely(database, () => endPayloadsOf(database, rows));
  return keep(database, row, {
    ended,
    throughId: rows.at(-1)?.id ?? row.through_id,
    endedAtMs: rows.length < countMax ? nowMs : null,
  });
}

/** What is freed is overwritten at once, where it lies: a step costs more pages, and erasures are rare. */
function securely<Result>(database: Database, work: () => Result): Result {
  database.exec("PRAGMA secure_delete = ON");
  try {
    return work();
  } finally {
    database.exec("PRAGMA secure_delete = OFF");
  }
}

interface AboutRow extends EndingRow {
  readonly id: DeliveryId;
  readonly state: string;
}

/** By id, ascending: what concerns the user through apps' hooks, and all of its own. Pings that wait are left out. */
function rowsAbout(
  database: Database,
  erasure: Pick<ErasureRow, "user_id" | "through_id" | "before_id">,
  countMax: number,
): readonly AboutRow[] {
  const { user_id, through_id, before_id } = erasure;
  return [OF_APPS, OWN]
    .flatMap((text) => database.all<AboutRow>(text, user_id, through_id, before_id, countMax))
    .sort((one, other) => (one.id < other.id ? -1 : 1))
    .slice(0, countMax);
}

const OF_APPS = `SELECT key, id, event_id, state FROM deliveries INDEXED BY deliveries_by_user
  WHERE is_listed = 1 AND owner_app_id IS NOT NULL AND user_id = ? AND id > ? AND id < ? ORDER BY id LIMIT ?`;

const OWN = `SELECT key, id, event_id, state FROM deliveries INDEXED BY deliveries_by_owner_user
  WHERE is_listed = 1 AND owner_user_id = ? AND id > ? AND id < ?
    AND NOT (sequence IS NULL AND state = 'waiting') ORDER BY id LIMIT ?`;

function keep(
  database: Database,
  row: ErasureRow,
  step: { readonly ended: Ended; readonly throughId: string; readonly endedAtMs: number | null },
): Erasure {
  const { ended, throughId, endedAtMs } = step;
  const next: ErasureRow = {
    ...row,
    events: row.events + ended.events,
    deliveries: row.deliveries + ended.deliveries,
    attempts: row.attempts + ended.attempts,
    ended_at_ms: endedAtMs,
  };
  database.run(
    "UPDATE erasures SET through_id = ?, events = ?, deliveries = ?, attempts = ?, ended_at_ms = ? WHERE id = ?",
    throughId,
    next.events,
    next.deliveries,
    next.attempts,
    next.ended_at_ms,
    row.id,
  );
  return toErasure(next);
}
