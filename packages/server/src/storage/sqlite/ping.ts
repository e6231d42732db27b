import type { DeliveryId, HookId } from "@trulinks/protocol";
import type { Hook } from "../../webhooks/hook.ts";
import type { NewPing } from "../../webhooks/store.ts";
import { insertDelivery } from "./delivery-row.ts";
import { end } from "./end.ts";
import type { Ground } from "./memory.ts";

export function insertPing({ database, memory }: Ground, hook: Hook, ping: NewPing): void {
  const { eventId, deliveryId, data, atMs } = ping;
  database.run(
    `INSERT INTO events (id, type, action, at_ms, fingerprint, deliveries, unknown, receipt_keys, data)
     VALUES (?, 'ping', 'ping', ?, NULL, 1, '[]', '[]', ?)`,
    eventId,
    atMs,
    data,
  );
  insertDelivery(database, {
    key: memory.listing.nextKey(),
    id: deliveryId,
    eventId,
    type: "ping",
    hook,
    userId: null,
    grantId: null,
    sequence: null,
    because: "due",
    nextAtMs: atMs,
    createdAtMs: atMs,
    expiresAtMs: null,
    replaceKey: null,
    bytes: Buffer.byteLength(data),
    view: null,
  });
  memory.turns.first.note(hook.id, atMs);
}

/** Whatever they are answered, they no longer say that the hook's receiver wants deliveries: it is another now. */
export function supersedePings(ground: Ground, hookId: HookId, nowMs: number): void {
  ground.memory.listing.bring();
  const rows = ground.database.all<{ readonly key: number; readonly id: DeliveryId }>(WAITING_PINGS, hookId);
  for (const row of rows) end(ground, { ...row, hookId }, { state: "replaced", nowMs });
}

const WAITING_PINGS = `SELECT key, id FROM deliveries INDEXED BY deliveries_waiting
  WHERE is_listed = 1 AND state = 'waiting' AND hook_id = ? AND sequence IS NULL`;
