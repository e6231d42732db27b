import type { DeliveryId, EventId, GrantId, HookId, UserId } from "@trulinks/protocol";
import type { DeliveredBy, DeliveryState, WaitingBecause } from "../../webhooks/delivery.ts";
import type { Hook } from "../../webhooks/hook.ts";
import type { View } from "../../webhooks/view.ts";
import type { OwnerColumns } from "../owner-columns.ts";
import type { Database } from "./database.ts";

export interface DeliveryRow extends OwnerColumns {
  readonly key: number;
  readonly id: DeliveryId;
  readonly event_id: EventId;
  readonly type: string;
  readonly hook_id: HookId;
  readonly user_id: UserId | null;
  readonly grant_id: GrantId | null;
  /** Null for a ping. */
  readonly sequence: number | null;
  readonly state: DeliveryState;
  readonly because: WaitingBecause | null;
  /** Null: not claimable. A lease leaves it as it is. */
  readonly next_at_ms: number | null;
  readonly attempts_count: number;
  /** Of those, how many were made before its retry schedule began anew. */
  readonly tried_before: number;
  /** 1 if its event's data are nothing to it any more. */
  readonly payload_gone: number | null;
  readonly created_at_ms: number;
  readonly expires_at_ms: number | null;
  /** 1: it was kept, and released. */
  readonly is_released: number;
  readonly replace_key: string | null;
  readonly view: string | null;
  /** Null: if it was delivered, it was posted. */
  readonly delivered_by: DeliveredBy | null;
}

export function findDeliveryRow(database: Database, key: number): DeliveryRow | undefined {
  return database.get<DeliveryRow>("SELECT * FROM deliveries WHERE key = ?", key);
}

export interface NewDelivery {
  readonly key: number;
  readonly id: DeliveryId;
  readonly eventId: EventId;
  readonly type: string;
  readonly hook: Hook;
  readonly userId: UserId | null;
  readonly grantId: GrantId | null;
  readonly sequence: number | null;
  readonly because: WaitingBecause;
  /** Null: not claimable. */
  readonly nextAtMs: number | null;
  readonly createdAtMs: number;
  readonly expiresAtMs: number | null;
  readonly replaceKey: string | null;
  /** Of the event's data. */
  readonly bytes: number;
  readonly view: View | null;
}

export function insertDelivery(database: Database, delivery: NewDelivery): void {
  const { owner } = delivery.hook;
  database.run(
    `INSERT INTO deliveries (key, id, event_id, type, hook_id, owner_user_id, owner_app_id, user_id, grant_id, sequence,
       state, because, next_at_ms, attempts_count, created_at_ms, expires_at_ms, replace_key, bytes, view, is_listed)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'waiting', ?, ?, 0, ?, ?, ?, ?, ?, 0)`,
    delivery.key,
    delivery.id,
    delivery.eventId,
    delivery.type,
    delivery.hook.id,
    owner.kind === "user" ? owner.userId : null,
    owner.kind === "app" ? owner.appId : null,
    delivery.userId,
    delivery.grantId,
    delivery.sequence,
    delivery.because,
    delivery.nextAtMs,
    delivery.createdAtMs,
    delivery.expiresAtMs,
    delivery.replaceKey,
    delivery.bytes,
    delivery.view === null ? null : JSON.stringify(delivery.view),
  );
}

export function toView(text: string | null): View | null {
  return text === null ? null : (JSON.parse(text) as View);
}
