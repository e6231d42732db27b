import type { DeliveryId, EventId, GrantId, HookId, UserId } from "@trulinks/protocol";
import type { DeliveryState, WaitingBecause } from "../../webhooks/delivery.ts";
import type { Hook } from "../../webhooks/hook.ts";
import { type OwnerColumns, ownerColumns } from "../owner-columns.ts";
import type { Database } from "./database.ts";

export interface DeliveryRow extends OwnerColumns {
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
  readonly next_at_ms: number | null;
  readonly is_leased: number;
  readonly lease: number;
  readonly attempts_count: number;
  readonly created_at_ms: number;
}

export interface NewDelivery {
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
  /** The first fence if it is leased as it is stored. */
  readonly lease: number | null;
  readonly createdAtMs: number;
}

export function insertDelivery(database: Database, delivery: NewDelivery): void {
  const { owner_user_id, owner_app_id } = ownerColumns(delivery.hook.owner);
  database.run(
    `INSERT INTO deliveries (id, event_id, type, hook_id, owner_user_id, owner_app_id, user_id, grant_id, sequence,
       state, because, next_at_ms, is_leased, lease, attempts_count, created_at_ms)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 'waiting', ?, ?, ?, ?, 0, ?)`,
    delivery.id,
    delivery.eventId,
    delivery.type,
    delivery.hook.id,
    owner_user_id,
    owner_app_id,
    delivery.userId,
    delivery.grantId,
    delivery.sequence,
    delivery.because,
    delivery.nextAtMs,
    delivery.lease === null ? 0 : 1,
    delivery.lease ?? 0,
    delivery.createdAtMs,
  );
}
