import type { ClaimedEvent } from "../../webhooks/claim.ts";
import type { NewEvent } from "../../webhooks/new-event.ts";

/** What a claim says of an event that was just stored. */
export function toClaimed({ id, type, action, data, atMs, trace, sensitive }: NewEvent): ClaimedEvent {
  return { id, type, action, data, atMs, trace, sensitive };
}
