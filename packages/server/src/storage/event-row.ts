/** How an event lies beside its deliveries, the same in both engines. */
import type { EventId } from "@trulinks/protocol";
import type { ClaimedEvent } from "../webhooks/claim.ts";
import type { NewEvent } from "../webhooks/new-event.ts";

/** What of an event is read with a delivery. */
export interface EventColumns {
  readonly event_id: EventId;
  readonly type: string;
  readonly action: string;
  readonly data: string;
  readonly at_ms: number;
  readonly trace: string | null;
  readonly sensitive: string | null;
  /** 1: it is an example that was asked for. */
  readonly is_test: number | null;
}

/** What of `events` is read beside a delivery, which has the rest. */
export const EVENT_COLUMNS =
  "events.action, events.data, events.at_ms, events.trace, events.sensitive, events.is_test";

export function toEvent(row: EventColumns): ClaimedEvent {
  return {
    id: row.event_id,
    type: row.type,
    action: row.action,
    data: row.data,
    atMs: row.at_ms,
    trace: row.trace,
    sensitive: row.sensitive === null ? [] : (JSON.parse(row.sensitive) as readonly string[]),
    ...(row.is_test === 1 ? { isTest: true } : {}),
  };
}

/** Null, since most have none. */
export function sensitiveText({ sensitive }: Pick<NewEvent, "sensitive">): string | null {
  return sensitive.length === 0 ? null : JSON.stringify(sensitive);
}
