/**
 * What a list of deliveries is filtered by, and along which index. SQLite chooses badly here without statistics, so the
 * choice is ours; with INDEXED BY a query fails rather than scan the table.
 */
import type { DeliveryFilter, DeliveryReach } from "../../webhooks/store.ts";
import { type IdRange, LOOKED_AT_MAX, PROBED_MAX, type Way, type WayName } from "../delivery-search.ts";
import type { Value } from "./database.ts";

export interface Condition {
  readonly where: string;
  readonly values: readonly Value[];
}

// A partial index serves a query only if the query says the index's own condition, word for word.
const INDEXES: Readonly<Record<WayName, readonly [index: string, condition?: string]>> = {
  event: ["deliveries_by_event"],
  unhappyOfHook: ["deliveries_unhappy_by_hook", "state NOT IN ('delivered', 'waiting')"],
  refusedByHook: ["deliveries_refused_by_hook", "last_status >= 300"],
  hook: ["deliveries_by_hook"],
  owner: ["deliveries_by_owner_user"],
  user: ["deliveries_by_user", "owner_app_id IS NOT NULL"],
  unhappyOfApp: ["deliveries_unhappy_by_app", "state NOT IN ('delivered', 'waiting')"],
  refusedByApp: ["deliveries_refused_by_app", "last_status >= 300"],
  app: ["deliveries_by_owner_app"],
  unhappyOfType: ["deliveries_unhappy_by_type", "state NOT IN ('delivered', 'waiting')"],
  unhappy: ["deliveries_by_state", "state <> 'delivered'"],
  waiting: ["deliveries_by_state", "state <> 'delivered' AND state = 'waiting'"],
  status: ["deliveries_by_status", "last_status <> 200"],
  type: ["deliveries_by_type"],
  id: ["deliveries_by_id"],
};

/** Every index holds what is listed, and serves only queries that say so. */
function along({ name, columns }: Way, [fromId, toId]: IdRange): Condition {
  const [index, condition] = INDEXES[name];
  const terms = ["is_listed = 1", ...columns.map(([column]) => `${column} = ?`), "id < ?", "id >= ?"];
  if (condition !== undefined) terms.push(condition);
  return {
    where: `INDEXED BY ${index} WHERE ${terms.join(" AND ")}`,
    values: [...columns.map(([, value]) => value), toId, fromId],
  };
}

/** How many the way leads to, up to `PROBED_MAX`. */
export function counting(way: Way, range: IdRange): Condition {
  const { where, values } = along(way, range);
  return {
    where: `SELECT count(*) AS count FROM (SELECT 1 FROM deliveries ${where} LIMIT ${PROBED_MAX})`,
    values,
  };
}

/** The `LOOKED_AT_MAX`th along the way, if it is as long. */
export function lastLookedAt(way: Way, range: IdRange): Condition {
  const { where, values } = along(way, range);
  return {
    where: `SELECT id FROM deliveries ${where} ORDER BY id DESC LIMIT 1 OFFSET ${LOOKED_AT_MAX - 1}`,
    values,
  };
}

/** What the filter lets through of the `LOOKED_AT_MAX` newest along the way, newest first. The limit is its last value. */
export function matchesAlong(way: Way, range: IdRange, filter: DeliveryFilter): Condition {
  const walked = along(way, range);
  const matching = conditionsOf(filter);
  // Without an order of its own it runs through the rows as they are found, and stops when the page is full.
  return {
    where: `SELECT * FROM (SELECT * FROM deliveries ${walked.where} ORDER BY id DESC LIMIT ${LOOKED_AT_MAX}) AS looked
      WHERE ${matching.map(({ where }) => where).join(" AND ")} LIMIT ?`,
    values: [...walked.values, ...matching.flatMap(({ values }) => values)],
  };
}

/** `table`: as the deliveries are called. */
export function withinReach(reach: DeliveryReach, table = "deliveries"): Condition {
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
          (SELECT 1 FROM grants WHERE grants.user_id = ${table}.user_id AND grants.app_id = ?))`,
        values: [reach.appId, reach.appId],
      };
    default:
      return reach satisfies never;
  }
}

function conditionsOf(filter: DeliveryFilter): readonly Condition[] {
  const { reach, hookId, userId, appId, type, eventId, state, status } = filter;
  const conditions: Condition[] = [withinReach(reach, "looked")];
  for (const [column, value] of [
    ["hook_id", hookId],
    ["user_id", userId],
    ["owner_app_id", appId],
    ["type", type],
    ["event_id", eventId],
    ["state", state],
    ["last_status", status],
  ] as const) {
    if (value !== undefined) conditions.push({ where: `${column} = ?`, values: [value] });
  }
  return conditions;
}
