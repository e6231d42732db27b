import type { DeliveryId, HookId } from "@trulinks/protocol";
import { PING } from "../../webhooks/delivery.ts";
import type { Hook } from "../../webhooks/hook.ts";
import type { NewPing } from "../../webhooks/ping.ts";

import { sensitiveText } from "../event-row.ts";
import { insertDelivery } from "./delivery-row.ts";
import { end } from "./end.ts";
import type { Ground } from "./memory.ts";

export function insertPing({ database, memory }: Ground, hook: Hook, ping: NewPing): void {
  const { eventId, deliveryId, data, atMs, example } = ping;
  const { type, action, view, sensitive } = example ?? PING;
  database.run(
    `INSERT INTO events (id, type, action, at_ms, fingerprint, deliveries, unknown, receipt_keys, data, sensitive, is_test)
     VALUES (?, ?, ?, ?, NULL, 1, '[]', '[]', ?, ?, ?)`,
    eventId,
    type,
    action,
    atMs,
    data,
    sensitiveText({ sensitive }),
    example === undefined ? null : 1,
  );
  insertDelivery(database, {
    key: memory.listing.nextKey(),
    id: deliveryId,
    eventId,
    type,
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
    view,
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
