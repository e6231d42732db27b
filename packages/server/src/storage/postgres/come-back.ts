/**
 * What nobody works on any more. It is of its hook's round again, whatever it was before: what waits is kept only if
 * its hook did not deliver when it came back. So the hook is locked, as for everything that enters its queue.
 */
import type { DeliveryId, HookId } from "@trulinks/protocol";
import type { GivenBack } from "../../webhooks/claim.ts";
import type { Database, Transaction } from "./database.ts";
import { noteTurns } from "./due.ts";
import { holdHooks } from "./hook-row.ts";

interface Found {
  readonly id: DeliveryId;
  readonly hook_id: HookId;
  readonly lease: number;
  readonly due_at_ms: number;
}

interface FreedRow {
  readonly hook_id: HookId;
  readonly is_tried: boolean;
  readonly next_at_ms: number;
}

/** Gives back what was not tried. Raising the fence keeps its worker from settling. */
export function giveBack(database: Database, claims: readonly GivenBack[], nowMs: number): Promise<void> {
  return database.transact(async (transaction) => {
    const found = await transaction.all<Found>(
      `SELECT deliveries.id, hook_id, deliveries.lease, due_at_ms FROM deliveries
       JOIN unnest($1::text[], $2::integer[], $3::bigint[]) AS given (id, lease, due_at_ms) USING (id)
       WHERE deliveries.lease = given.lease AND is_leased AND state = 'waiting'`,
      claims.map((claim) => claim.deliveryId),
      claims.map((claim) => claim.lease),
      claims.map(({ dueAtMs = nowMs }) => dueAtMs),
    );
    await free(transaction, found, 1);
  });
}

// A node that died had at most so many; what is left over is found next time.
const RUN_OUT_MAX = 1_000;

/** Frees what was leased too long. Until somebody claims it, its worker may still settle. */
export function freeRunOut(database: Database, nowMs: number): Promise<void> {
  return database.transact(async (transaction) => {
    const found = await transaction.all<Found>(
      `SELECT id, hook_id, lease, next_at_ms AS due_at_ms FROM deliveries WHERE state = 'waiting' AND is_leased AND next_at_ms <= $1
       ORDER BY next_at_ms LIMIT ${RUN_OUT_MAX}`,
      nowMs,
    );
    await free(transaction, found, 0);
  });
}

/** `fence`: by how much it is raised. */
async function free(transaction: Transaction, found: readonly Found[], fence: 0 | 1): Promise<void> {
  if (found.length === 0) return;
  const hookIds = [...new Set(found.map((row) => row.hook_id))];
  await holdHooks(transaction, hookIds);
  const freed = await transaction.all<FreedRow>(
    FREE,
    found.map((row) => row.id),
    found.map((row) => row.lease),
    found.map((row) => row.due_at_ms),
    fence,
  );
  await noteTurns(
    transaction,
    freed.map(({ hook_id, is_tried, next_at_ms }) => ({
      hookId: hook_id,
      queue: is_tried ? "retry" : "first",
      atMs: next_at_ms,
    })),
  );
}

// What somebody settles or ends just now is passed over: two that waited for each other's would hold both up.
const FREE = `
  UPDATE deliveries SET is_leased = false, lease = held.lease + $4::integer, round = hooks.round,
    next_at_ms = held.due_at_ms
  FROM (
    SELECT deliveries.id, deliveries.hook_id, deliveries.lease, given.due_at_ms FROM deliveries
    JOIN unnest($1::text[], $2::integer[], $3::bigint[]) AS given (id, lease, due_at_ms) USING (id)
    WHERE deliveries.lease = given.lease AND is_leased AND state = 'waiting'
    FOR NO KEY UPDATE OF deliveries SKIP LOCKED
  ) held JOIN hooks ON hooks.id = held.hook_id
  WHERE deliveries.id = held.id
  RETURNING deliveries.hook_id, attempts_count > 0 AS is_tried, deliveries.next_at_ms`;
