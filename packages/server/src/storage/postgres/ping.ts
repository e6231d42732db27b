/** A hook's pings. They have no number, and nothing of them is filtered or kept. */
import type { HookId } from "@trulinks/protocol";
import { PING } from "../../webhooks/delivery.ts";
import type { NewPing } from "../../webhooks/ping.ts";

import { sensitiveText } from "../event-row.ts";
import type { Transaction } from "./database.ts";
import { deliveryArrays, INSERT_DELIVERIES, type NewDelivery } from "./delivery-row.ts";
import { noteTurns } from "./due.ts";

/** For a hook that is locked. `round`: the hook's. */
export async function insertPing(
  transaction: Transaction,
  { hook, round }: Pick<NewDelivery, "hook" | "round">,
  { eventId, deliveryId, data, atMs, example }: NewPing,
): Promise<void> {
  const { type, action, view, sensitive } = example ?? PING;
  await transaction.run(
    `INSERT INTO events (id, type, action, at_ms, fingerprint, deliveries, unknown, receipt_keys, data, sensitive, is_test)
     VALUES ($1, $2, $3, $4, NULL, 1, '[]', '[]', $5, $6, $7)`,
    eventId,
    type,
    action,
    atMs,
    data,
    sensitiveText({ sensitive }),
    example === undefined ? null : 1,
  );
  const delivery: NewDelivery = {
    ...{ id: deliveryId, eventId, type, hook, round, createdAtMs: atMs },
    ...{ userId: null, grantId: null, sequence: null, key: null, expiresAtMs: null, view },
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
