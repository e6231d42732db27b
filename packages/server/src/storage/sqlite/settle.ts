import type { AttemptRecord } from "../../webhooks/delivery.ts";
import type { Next } from "../../webhooks/retry.ts";
import type { Settlement } from "../../webhooks/store.ts";
import { keptBecause } from "../kept-because.ts";
import type { Database } from "./database.ts";
import type { DeliveryRow } from "./delivery-row.ts";
import { freeWaiting } from "./hold.ts";
import { findHookRow } from "./hook-row.ts";

export function settle(database: Database, settlement: Settlement): boolean {
  const row = database.get<LeasedRow>(
    "SELECT id, hook_id, sequence, is_leased, lease FROM deliveries WHERE id = ?",
    settlement.deliveryId,
  );
  // What has ended is leased to nobody.
  if (row === undefined || row.is_leased === 0 || row.lease !== settlement.lease) return false;
  insertAttempt(database, settlement);
  move(database, row, settlement);
  return true;
}

type LeasedRow = Pick<DeliveryRow, "id" | "hook_id" | "sequence" | "is_leased" | "lease">;

function insertAttempt(database: Database, { deliveryId, attempt }: Settlement): void {
  const { number, atMs, outcome, status, guideline, timings, exchange } = attempt;
  database.run(
    `INSERT INTO attempts (delivery_id, number, at_ms, outcome, status, guideline, first_byte_ms, total_ms, exchange)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    deliveryId,
    number,
    atMs,
    outcome,
    status,
    guideline,
    timings.firstByteMs,
    timings.totalMs,
    exchange === null ? null : JSON.stringify(exchange),
  );
}

function move(database: Database, row: LeasedRow, { next, attempt, nowMs }: Settlement): void {
  switch (next.kind) {
    case "retry":
      waitAgain(database, row, { attempt, atMs: next.atMs });
      return;
    case "delivered":
      end(database, row, { attempt, next, nowMs });
      if (row.sequence === null) activate(database, row, nowMs);
      return;
    case "rejected":
      end(database, row, { attempt, next, nowMs });
      return;
    case "failed":
      end(database, row, { attempt, next, nowMs });
      if (next.because === "gone") disable(database, row, nowMs);
      return;
    default:
      next satisfies never;
  }
}

function waitAgain(
  database: Database,
  row: LeasedRow,
  { attempt, atMs }: { readonly attempt: AttemptRecord; readonly atMs: number },
): void {
  const state = findHookRow(database, row.hook_id)?.state ?? "active";
  const kept = keptBecause(state, { isPing: row.sequence === null });
  database.run(
    `UPDATE deliveries SET because = ?, next_at_ms = ?, is_leased = 0, attempts_count = ?, last_status = ?
     WHERE id = ?`,
    kept ?? "retry",
    kept === null ? atMs : null,
    attempt.number,
    attempt.status,
    row.id,
  );
}

function end(
  database: Database,
  row: LeasedRow,
  { attempt, next, nowMs }: { readonly attempt: AttemptRecord; readonly next: Next; readonly nowMs: number },
): void {
  database.run(
    `UPDATE deliveries SET state = ?, because = NULL, next_at_ms = NULL, is_leased = 0, attempts_count = ?,
       last_status = ?, ended_at_ms = ? WHERE id = ?`,
    next.kind,
    attempt.number,
    attempt.status,
    nowMs,
    row.id,
  );
}

/** The receiver answered a ping: a hook that waited for that delivers from here on. */
function activate(database: Database, { hook_id }: LeasedRow, nowMs: number): void {
  const changed = database.run(
    "UPDATE hooks SET state = 'active' WHERE id = ? AND state = 'pending'",
    hook_id,
  );
  if (changed > 0) freeWaiting(database, hook_id, nowMs);
}

function disable(database: Database, { hook_id }: LeasedRow, nowMs: number): void {
  database.run("UPDATE hooks SET state = 'disabled' WHERE id = ?", hook_id);
  database.run(
    `UPDATE deliveries SET state = 'failed', because = NULL, next_at_ms = NULL, is_leased = 0, ended_at_ms = ?
     WHERE hook_id = ? AND state = 'waiting'`,
    nowMs,
    hook_id,
  );
}
