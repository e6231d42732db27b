import type { DeliveryId } from "@trulinks/protocol";
import type { AttemptRecord } from "../../webhooks/delivery.ts";
import type { Delivery, WebhookStore } from "../../webhooks/store.ts";
import { pageOfFindings } from "../delivery-search.ts";
import { EVENT_COLUMNS, type EventColumns, toEvent } from "../event-row.ts";
import { toOwner } from "../owner-columns.ts";
import { attemptsOf } from "./attempt-row.ts";
import { withinReach } from "./delivery-filter.ts";
import { type DeliveryRow, toView } from "./delivery-row.ts";
import type { Ground } from "./memory.ts";
import { search } from "./search.ts";
import type { Sync } from "./verbs.ts";

type DeliveryVerbs = Pick<Sync<WebhookStore>, "listDeliveries" | "findDelivery">;

export function createDeliveries({ database, memory }: Ground): DeliveryVerbs {
  const isLeased = (id: DeliveryId) => memory.leases.isHeld(id);
  const isBeingReleased = ({ because, hook_id }: DeliveryRow) =>
    (because === "hook-paused" || because === "hook-pending") &&
    memory.hooks.of(hook_id).hook.state === "active";
  const shown = (row: DeliveryRow, attempts: readonly AttemptRecord[]) =>
    toDelivery(isBeingReleased(row) ? { ...row, because: "limit" } : row, attempts, isLeased(row.id));
  return {
    listDeliveries(filter, page) {
      memory.listing.bring();
      return pageOfFindings(search(database, filter, page), page, (row) =>
        shown(row, attemptsOf(database, row.key, { withExchange: false })),
      );
    },

    findDelivery(id, reach) {
      memory.listing.bring();
      const { where, values } = withinReach(reach);
      const row = database.get<DeliveryRow & EventColumns>(
        `SELECT deliveries.*, ${EVENT_COLUMNS} FROM deliveries JOIN events ON events.id = event_id
         WHERE is_listed = 1 AND deliveries.id = ? AND ${where}`,
        id,
        ...values,
      );
      if (row === undefined) return null;
      return {
        delivery: shown(row, attemptsOf(database, row.key, { withExchange: true })),
        event: row.payload_gone === 1 ? null : toEvent(row),
      };
    },
  };
}

function toDelivery(row: DeliveryRow, attempts: readonly AttemptRecord[], isLeased: boolean): Delivery {
  return {
    id: row.id,
    eventId: row.event_id,
    type: row.type,
    hookId: row.hook_id,
    hookOwner: toOwner(row),
    userId: row.user_id,
    grantId: row.grant_id,
    sequence: row.sequence,
    state: row.state,
    deliveredBy: row.state === "delivered" ? (row.delivered_by ?? "post") : null,
    because: row.because,
    dueAtMs: isLeased ? null : row.next_at_ms,
    createdAtMs: row.created_at_ms,
    isPayloadGone: row.payload_gone === 1,
    masked: toView(row.view)?.mask ?? [],
    key: row.replace_key,
    expiresAtMs: row.expires_at_ms,
    attempts,
  };
}
