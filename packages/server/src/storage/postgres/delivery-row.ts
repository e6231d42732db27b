import type { DeliveryId, EventId, GrantId, HookId, UserId } from "@trulinks/protocol";
import type { DeliveryState, WaitingBecause } from "../../webhooks/delivery.ts";
import type { Hook } from "../../webhooks/hook.ts";
import { type OwnerColumns, ownerColumns } from "../owner-columns.ts";

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
  readonly is_leased: boolean;
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

// One array for each column: a statement of its own for each row would cost a round trip each.
const COLUMNS: readonly (readonly [name: string, type: string, value: (of: NewDelivery) => unknown])[] = [
  ["id", "text", (of) => of.id],
  ["event_id", "text", (of) => of.eventId],
  ["type", "text", (of) => of.type],
  ["hook_id", "text", (of) => of.hook.id],
  ["owner_user_id", "text", (of) => ownerColumns(of.hook.owner).owner_user_id],
  ["owner_app_id", "text", (of) => ownerColumns(of.hook.owner).owner_app_id],
  ["user_id", "text", (of) => of.userId],
  ["grant_id", "text", (of) => of.grantId],
  ["sequence", "bigint", (of) => of.sequence],
  ["because", "text", (of) => of.because],
  ["next_at_ms", "bigint", (of) => of.nextAtMs],
  ["is_leased", "boolean", (of) => of.lease !== null],
  ["lease", "integer", (of) => of.lease ?? 0],
  ["created_at_ms", "bigint", (of) => of.createdAtMs],
];

const NAMES = COLUMNS.map(([name]) => name).join(", ");
const ARRAYS = COLUMNS.map(([, type], index) => `$${index + 1}::${type}[]`).join(", ");

/** With the values of `deliveryArrays`, and `attempts_count` and `state` as they begin. */
export const INSERT_DELIVERIES = `INSERT INTO deliveries (${NAMES}, state, attempts_count)
  SELECT ${NAMES}, 'waiting', 0 FROM unnest(${ARRAYS}) AS fresh (${NAMES})`;

export const DELIVERY_ARRAYS = COLUMNS.length;

export function deliveryArrays(deliveries: readonly NewDelivery[]): readonly (readonly unknown[])[] {
  return COLUMNS.map(([, , value]) => deliveries.map(value));
}
