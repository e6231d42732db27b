/** A hook's pings. They have no number, and nothing of them is filtered or kept. */
import type { HookId } from "@trulinks/protocol";
import type { NewPing } from "../../webhooks/store.ts";
import type { Transaction } from "./database.ts";
import { deliveryArrays, INSERT_DELIVERIES, type NewDelivery } from "./delivery-row.ts";
import { noteTurns } from "./due.ts";

/** For a hook that is locked. `round`: the hook's. */
export async function insertPing(
  transaction: Transaction,
  { hook, round }: Pick<NewDelivery, "hook" | "round">,
  { eventId, deliveryId, data, atMs }: NewPing,
): Promise<void> {
  await transaction.run(
    `INSERT INTO events (id, type, action, at_ms, fingerprint, deliveries, unknown, receipt_keys, data)
     VALUES ($1, 'ping', 'ping', $2, NULL, 1, '[]', '[]', $3)`,
    eventId,
    atMs,
    data,
  );
  const delivery: NewDelivery = {
    ...{ id: deliveryId, eventId, type: "ping", hook, round, createdAtMs: atMs },
    ...{ userId: null, grantId: null, sequence: null, key: null, expiresAtMs: null, view: null },
    waits: { nextAtMs: atMs, lease: null },
    dataBytes: Buffer.byteLength(data),
  };
  await transaction.run(INSERT_DELIVERIES, ...deliveryArrays([delivery]));
  await noteTurns(transaction, [{ hookId: hook.id, queue: "first", atMs }]);
}

/** Ends the hook's pings, also those under way: what is answered to them says nothing any more. */
export async function replacePings(transaction: Transaction, hookId: HookId, nowMs: number): Promise<void> {
  await transaction.run(
    `UPDATE deliveries SET state = 'replaced', because = NULL, next_at_ms = NULL, is_leased = false, ended_at_ms = $2
     WHERE hook_id = $1 AND state = 'waiting' AND sequence IS NULL`,
    hookId,
    nowMs,
  );
}
