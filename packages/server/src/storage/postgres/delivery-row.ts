import type { DeliveryId, EventId, GrantId, HookId, UserId } from "@trulinks/protocol";
import type { DeliveredBy, DeliveryState, WaitingBecause } from "../../webhooks/delivery.ts";
import type { Hook } from "../../webhooks/hook.ts";
import type { View } from "../../webhooks/view.ts";
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
  readonly because: Extract<WaitingBecause, "due" | "retry"> | null;
  /** When it is due or, leased, when its lease ends; null if it has ended. */
  readonly next_at_ms: number | null;
  readonly is_leased: boolean;
  readonly lease: number;
  readonly round: number;
  readonly attempts_count: number;
  readonly key: string | null;
  readonly expires_at_ms: number | null;
  readonly view: string | null;
  /** What was sent and answered is gone, and so are the data to it. */
  readonly payload_gone: boolean;
  /** Null: if it was delivered, it was posted. */
  readonly delivered_by: DeliveredBy | null;
  readonly created_at_ms: number;
}

export interface NewDelivery {
  readonly id: DeliveryId;
  readonly eventId: EventId;
  readonly type: string;
  readonly hook: Hook;
  /** The hook's. */
  readonly round: number;
  readonly userId: UserId | null;
  readonly grantId: GrantId | null;
  readonly sequence: number | null;
  readonly waits: NewWaiting | null;
  readonly createdAtMs: number;
  readonly key: string | null;
  readonly expiresAtMs: number | null;
  readonly view: View | null;
  readonly dataBytes: number;
}

export interface NewWaiting {
  readonly nextAtMs: number;
  /** The first fence if it is leased as it is stored. */
  readonly lease: number | null;
}

// One array for each column: a statement of its own for each row would cost a round trip each.
const COLUMNS: readonly (readonly [name: string, type: string, value: (of: NewDelivery) => unknown])[] = [
  ["id", "text", (of) => of.id],
  ["event_id", "text", (of) => of.eventId],
  ["type", "text", (of) => of.type],
  ["hook_id", "text", (of) => of.hook.id],
  ["owner_user_id", "text", (of) => ownerColumns(of.hook.owner).owner_user_id],
  ["owner_app_id", "text", (of) => ownerColumns(of.hook.owner).owner_app_id],
  ["round", "integer", (of) => of.round],
  ["user_id", "text", (of) => of.userId],
  ["grant_id", "text", (of) => of.grantId],
  ["sequence", "bigint", (of) => of.sequence],
  ["next_at_ms", "bigint", (of) => of.waits?.nextAtMs ?? null],
  ["lease", "integer", (of) => of.waits?.lease ?? 0],
  ["created_at_ms", "bigint", (of) => of.createdAtMs],
  ["key", "text", (of) => of.key],
  ["expires_at_ms", "bigint", (of) => of.expiresAtMs],
  ["view", "text", (of) => (of.view === null ? null : JSON.stringify(of.view))],
  ["data_bytes", "integer", (of) => of.dataBytes],
];

const NAMES = COLUMNS.map(([name]) => name).join(", ");
const ARRAYS = COLUMNS.map(([, type], index) => `$${index + 1}::${type}[]`).join(", ");

/** With the values of `deliveryArrays`. What does not wait was replaced by a newer one of its batch, when it was made. */
export const INSERT_DELIVERIES = `INSERT INTO deliveries
    (${NAMES}, state, because, is_leased, attempts_count, ended_at_ms)
  SELECT ${NAMES},
    CASE WHEN next_at_ms IS NULL THEN 'replaced' ELSE 'waiting' END,
    CASE WHEN next_at_ms IS NULL THEN NULL ELSE 'due' END,
    lease > 0, 0,
    CASE WHEN next_at_ms IS NULL THEN created_at_ms END
  FROM unnest(${ARRAYS}) AS fresh (${NAMES})`;

export const DELIVERY_ARRAYS = COLUMNS.length;

export function deliveryArrays(deliveries: readonly NewDelivery[]): readonly (readonly unknown[])[] {
  return COLUMNS.map(([, , value]) => deliveries.map(value));
}

export function toView(text: string | null): View | null {
  return text === null ? null : (JSON.parse(text) as View);
}
