import type { ClaimedEvent } from "../../webhooks/claim.ts";
import type { NewEvent } from "../../webhooks/new-event.ts";
import type { DeliveryRow } from "./delivery-row.ts";

/** What of an event is read beside its delivery. */
export interface EventColumns {
  readonly action: string;
  readonly data: string;
  readonly at_ms: number;
  readonly trace: string | null;
  readonly sensitive: string | null;
}

export const EVENT_COLUMNS = "action, data, at_ms, trace, sensitive";

/** What a claim says of an event that was just stored. */
export function toClaimed({ id, type, action, data, atMs, trace, sensitive }: NewEvent): ClaimedEvent {
  return { id, type, action, data, atMs, trace, sensitive };
}

export function toEvent(row: Pick<DeliveryRow, "event_id" | "type"> & EventColumns): ClaimedEvent {
  return {
    id: row.event_id,
    type: row.type,
    action: row.action,
    data: row.data,
    atMs: row.at_ms,
    trace: row.trace,
    sensitive: row.sensitive === null ? [] : (JSON.parse(row.sensitive) as readonly string[]),
  };
}
