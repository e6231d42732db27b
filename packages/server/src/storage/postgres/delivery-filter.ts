/** How a list of deliveries is asked for. Every filter has an index that ends in the id, so a page is found newest first. */
import { type DeliveryId, makeId } from "@trulinks/protocol";
import type { DeliveryFilter, DeliveryReach } from "../../webhooks/store.ts";

/** Takes a value and gives the placeholder that stands for it. */
export type Bind = (value: unknown) => string;

export function withinReach(reach: DeliveryReach, bind: Bind): string {
  switch (reach.kind) {
    case "all":
      return "TRUE";
    case "grant": {
      const grant = bind(reach.grantId);
      return `user_id = (SELECT user_id FROM grants WHERE id = ${grant}) AND grant_id = ${grant}`;
    }
    case "user":
      return `owner_user_id = ${bind(reach.userId)}`;
    case "app": {
      const app = bind(reach.appId);
      // With EXISTS the planner would rather read all of the grants once, however many they are.
      return `owner_app_id = ${app} AND (user_id IS NULL OR
        (SELECT count(*) FROM grants WHERE grants.user_id = deliveries.user_id AND grants.app_id = ${app}) = 1)`;
    }
    default:
      return reach satisfies never;
  }
}

export function matching(filter: DeliveryFilter, after: string | null, bind: Bind): string {
  const { hookId, userId, appId, type, eventId, state, status, afterMs, beforeMs } = filter;
  const conditions = [withinReach(filter.reach, bind)];
  if (hookId !== undefined) conditions.push(`hook_id = ${bind(hookId)}`);
  if (userId !== undefined) conditions.push(`user_id = ${bind(userId)}`);
  if (appId !== undefined) conditions.push(`owner_app_id = ${bind(appId)}`);
  if (type !== undefined) conditions.push(`type = ${bind(type)}`);
  if (eventId !== undefined) conditions.push(`event_id = ${bind(eventId)}`);
  if (state !== undefined) conditions.push(hasState(state, bind));
  if (status !== undefined) conditions.push(hasStatus(status, bind));
  if (after !== null) conditions.push(`id < ${bind(after)}`);
  // Ids sort by the time they were made, so a time is an id that nobody has.
  if (beforeMs !== undefined) conditions.push(`id < ${bind(firstIdAt(beforeMs))}`);
  if (afterMs !== undefined) conditions.push(`id >= ${bind(firstIdAt(afterMs + 1))}`);
  return conditions.join(" AND ");
}

// A partial index serves a query only if the query says the index's own condition.
function hasState(state: NonNullable<DeliveryFilter["state"]>, bind: Bind): string {
  if (state === "waiting") return "state = 'waiting'";
  if (state === "delivered") return "state = 'delivered'";
  return `state = ${bind(state)} AND state IN ('rejected', 'failed', 'expired', 'replaced', 'revoked')`;
}

function hasStatus(status: number, bind: Bind): string {
  return `last_status = ${bind(status)}${status < 300 ? "" : " AND last_status >= 300"}`;
}

function firstIdAt(atMs: number): DeliveryId {
  return makeId("delivery", atMs, new Uint8Array());
}
