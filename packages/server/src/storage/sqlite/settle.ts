import type { AttemptRecord } from "../../webhooks/delivery.ts";
import type { Settlement } from "../../webhooks/store.ts";
import { SOUND_COLUMNS } from "../health-columns.ts";
import { keptBecause } from "../kept-because.ts";
import { insertAttempt } from "./attempt-row.ts";
import type { Database } from "./database.ts";
import { startRelease } from "./hold.ts";
import type { Lease } from "./leases.ts";
import { moveUp } from "./line.ts";
import type { Ground } from "./memory.ts";

/** `exchange`: that of the attempt as JSON, where it has come as text. */
export function settle(ground: Ground, settlement: Settlement, exchange = textOf(settlement)): boolean {
  const { database, memory } = ground;
  const { deliveryId, lease: number } = settlement;
  const lease = memory.leases.find(deliveryId, number);
  if (lease === null) return false;
  memory.leases.end(deliveryId);
  if (!move(ground, lease, settlement)) return false;
  insertAttempt(database, lease.key, { attempt: settlement.attempt, exchange });
  return true;
}

function textOf({ attempt: { exchange } }: Settlement): string | null {
  return exchange === null ? null : JSON.stringify(exchange);
}

/** False: the delivery has ended meanwhile, and nothing was changed. */
function move(ground: Ground, lease: Lease, { next, attempt, nowMs }: Settlement): boolean {
  switch (next.kind) {
    case "retry":
      return waitAgain(ground, lease, { attempt, atMs: next.atMs, nowMs });
    case "delivered":
    case "rejected":
    case "failed": {
      if (!end(ground.database, lease, { state: next.kind, attempt, nowMs })) return false;
      const { hook } = ground.memory.hooks.of(lease.hookId);
      if (next.kind === "delivered" && hook.state === "pending" && isPing(ground, lease))
        activate(ground, lease, nowMs);
      if (next.kind === "failed" && next.because === "gone") disable(ground, lease, nowMs);
      else if (hook.serial) moveUp(ground, lease.hookId);
      return true;
    }
    default:
      return next satisfies never;
  }
}

function end(
  database: Database,
  { key }: Lease,
  {
    state,
    attempt,
    nowMs,
  }: { readonly state: string; readonly attempt: AttemptRecord; readonly nowMs: number },
): boolean {
  const ended = database.run(
    `UPDATE deliveries SET state = ?, because = NULL, next_at_ms = NULL, attempts_count = ?, last_status = ?,
       ended_at_ms = ? WHERE key = ? AND state = 'waiting'`,
    state,
    attempt.number,
    attempt.status,
    nowMs,
    key,
  );
  return ended > 0;
}

function waitAgain(
  ground: Ground,
  lease: Lease,
  {
    attempt,
    atMs,
    nowMs,
  }: { readonly attempt: AttemptRecord; readonly atMs: number; readonly nowMs: number },
): boolean {
  const { database, memory } = ground;
  const row = database.get<{ readonly sequence: number | null; readonly expires_at_ms: number | null }>(
    "SELECT sequence, expires_at_ms FROM deliveries WHERE key = ? AND state = 'waiting'",
    lease.key,
  );
  if (row === undefined) return false;
  const { hook } = memory.hooks.of(lease.hookId);
  // Before its time comes it is no longer worth sending.
  if (row.expires_at_ms !== null && row.expires_at_ms <= atMs) {
    end(database, lease, { state: "expired", attempt, nowMs });
    if (hook.serial) moveUp(ground, lease.hookId);
    return true;
  }
  const kept = keptBecause(hook.state, { isPing: row.sequence === null });
  database.run(
    "UPDATE deliveries SET because = ?, next_at_ms = ?, attempts_count = ?, last_status = ? WHERE key = ?",
    kept ?? "retry",
    kept === null ? atMs : null,
    attempt.number,
    attempt.status,
    lease.key,
  );
  if (kept === null) memory.turns.retry.note(lease.hookId, atMs);
  return true;
}

function isPing({ database }: Ground, { key }: Lease): boolean {
  return database.get("SELECT 1 FROM deliveries WHERE key = ? AND sequence IS NULL", key) !== undefined;
}

/** The receiver answered a ping: its hook delivers from here on. */
function activate(ground: Ground, { hookId }: Lease, nowMs: number): void {
  ground.database.run("UPDATE hooks SET state = 'active' WHERE id = ?", hookId);
  startRelease(ground, hookId, { nowMs, perS: null });
}

function disable({ database, memory }: Ground, { hookId }: Lease, nowMs: number): void {
  memory.listing.bring();
  database.run(
    `UPDATE hooks SET state = 'disabled', release_at_ms = NULL, ${SOUND_COLUMNS}, paused_because = NULL WHERE id = ?`,
    hookId,
  );
  database.run(
    `UPDATE deliveries INDEXED BY deliveries_waiting
     SET state = 'failed', because = NULL, next_at_ms = NULL, ended_at_ms = ?
     WHERE is_listed = 1 AND state = 'waiting' AND hook_id = ?`,
    nowMs,
    hookId,
  );
  memory.hooks.forget(hookId);
}
