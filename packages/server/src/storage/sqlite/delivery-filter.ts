/**
 * How a list of deliveries is found: which index leads, and what it is then filtered by. SQLite chooses badly here
 * without statistics, so the choice is ours; with INDEXED BY a query fails rather than scan the table.
 */
import { type DeliveryId, makeId } from "@trulinks/protocol";
import type { DeliveryFilter, DeliveryReach } from "../../webhooks/store.ts";
import type { Value } from "./database.ts";

export interface Condition {
  readonly where: string;
  readonly values: readonly Value[];
}

export interface Chosen extends Condition {
  /** `INDEXED BY …`, or nothing where the newest of all are as good a way as any. */
  readonly indexed: string;
}

interface Part extends Condition {
  /** The index that finds it newest first, if there is one. */
  readonly index: string | null;
}

/** One way to find them, or two whose findings are put together. */
export function chooseDeliveries(filter: DeliveryFilter, after: string | null): readonly Chosen[] {
  const parts = [...partsOf(filter), ...bounds(filter, after)];
  const index = LEADING.find((name) => parts.some((part) => part.index === name));
  if (index !== "deliveries_by_user") return [chosenBy(index, parts)];
  const ofApps = chosenBy(index, [...parts, OF_APPS]);
  const { userId } = filter;
  // By their owners' hooks others are found only where the user is asked for itself, and not as an app's.
  if (userId === undefined || filter.appId !== undefined || filter.reach.kind !== "all") return [ofApps];
  const own: Part = { index: "deliveries_by_owner_user", where: "owner_user_id = ?", values: [userId] };
  return [ofApps, chosenBy("deliveries_by_owner_user", [...parts, own])];
}

const OF_APPS: Part = { index: null, where: "owner_app_id IS NOT NULL", values: [] };

function chosenBy(index: string | undefined, parts: readonly Part[]): Chosen {
  return {
    indexed: index === undefined ? "" : `INDEXED BY ${index}`,
    // Every index holds what is listed, and serves only queries that say so.
    where: ["is_listed = 1", ...parts.map((part) => part.where)].join(" AND "),
    values: parts.flatMap((part) => part.values),
  };
}

// The one that commonly leaves the fewest comes first.
const LEADING = [
  "deliveries_by_event",
  "deliveries_by_hook",
  "deliveries_by_owner_user",
  "deliveries_by_user",
  "deliveries_by_owner_app",
  "deliveries_by_state",
  "deliveries_by_status",
  "deliveries_by_type",
];

export function withinReach(reach: DeliveryReach): Condition {
  switch (reach.kind) {
    case "all":
      return { where: "TRUE", values: [] };
    case "grant":
      return {
        where: "user_id = (SELECT user_id FROM grants WHERE id = ?) AND grant_id = ?",
        values: [reach.grantId, reach.grantId],
      };
    case "user":
      return { where: "owner_user_id = ?", values: [reach.userId] };
    case "app":
      return {
        where: `owner_app_id = ? AND (user_id IS NULL OR EXISTS
          (SELECT 1 FROM grants WHERE grants.user_id = deliveries.user_id AND grants.app_id = ?))`,
        values: [reach.appId, reach.appId],
      };
    default:
      return reach satisfies never;
  }
}

const REACH_INDEX = {
  all: null,
  grant: "deliveries_by_user",
  user: "deliveries_by_owner_user",
  app: "deliveries_by_owner_app",
} as const satisfies Record<DeliveryReach["kind"], string | null>;

function partsOf(filter: DeliveryFilter): readonly Part[] {
  const { reach, hookId, userId, appId, type, eventId, state, status } = filter;
  const parts: Part[] = [{ ...withinReach(reach), index: REACH_INDEX[reach.kind] }];
  const add = (index: string, where: string, value: Value): unknown =>
    parts.push({ index, where, values: [value] });
  if (hookId !== undefined) add("deliveries_by_hook", "hook_id = ?", hookId);
  if (userId !== undefined) add("deliveries_by_user", "user_id = ?", userId);
  if (appId !== undefined) add("deliveries_by_owner_app", "owner_app_id = ?", appId);
  if (type !== undefined) add("deliveries_by_type", "type = ?", type);
  if (eventId !== undefined) add("deliveries_by_event", "event_id = ?", eventId);
  if (state !== undefined) parts.push(statePart(state));
  if (status !== undefined) parts.push(statusPart(status));
  return parts;
}

// A partial index serves a query only if the query says the index's own condition, word for word.
function statePart(state: NonNullable<DeliveryFilter["state"]>): Part {
  if (state === "delivered") return { index: null, where: "state = ?", values: [state] };
  return { index: "deliveries_by_state", where: "state = ? AND state <> 'delivered'", values: [state] };
}

function statusPart(status: number): Part {
  if (status < 300) return { index: null, where: "last_status = ?", values: [status] };
  return { index: "deliveries_by_status", where: "last_status = ? AND last_status >= 300", values: [status] };
}

// Ids sort by the time they were made, so a time is an id that nobody has.
function bounds({ afterMs, beforeMs }: DeliveryFilter, after: string | null): readonly Part[] {
  const parts: Part[] = [];
  if (after !== null) parts.push({ index: null, where: "id < ?", values: [after] });
  if (beforeMs !== undefined) parts.push({ index: null, where: "id < ?", values: [firstIdAt(beforeMs)] });
  if (afterMs !== undefined) parts.push({ index: null, where: "id >= ?", values: [firstIdAt(afterMs + 1)] });
  return parts;
}

function firstIdAt(atMs: number): DeliveryId {
  return makeId("delivery", atMs, new Uint8Array());
}
