/**
 * What a list of deliveries is filtered by, and along which index. The planner may think that most rows match, and then
 * walks along another index through all of them; so each walk is asked for in the whole order of its index, which
 * no other index can give.
 */
import type { DeliveryFilter, DeliveryReach } from "../../webhooks/store.ts";
import { type IdRange, LOOKED_AT_MAX, PROBED_MAX, type Way, type WayName } from "../delivery-search.ts";

/** Takes a value and gives the placeholder that stands for it. */
export type Bind = (value: unknown) => string;

const UNHAPPY = "state IN ('rejected', 'failed', 'expired', 'replaced', 'revoked')";

// A partial index serves a query only if the query says the index's own condition.
const CONDITIONS: Readonly<Partial<Record<WayName, string>>> = {
  unhappyOfHook: UNHAPPY,
  refusedByHook: "last_status >= 300",
  owner: "owner_user_id IS NOT NULL",
  user: "user_id IS NOT NULL",
  unhappyOfApp: `${UNHAPPY} AND owner_app_id IS NOT NULL`,
  refusedByApp: "last_status >= 300 AND owner_app_id IS NOT NULL",
  app: "owner_app_id IS NOT NULL",
  unhappyOfType: UNHAPPY,
  unhappy: UNHAPPY,
  waiting: "state = 'waiting'",
  status: "last_status <> 200",
};

/**
 * `what` of the deliveries along the way, newest first. A text is compared by LIKE without a wildcard: to the index that is
 * the same as being equal, with an end where the next value begins, and yet the planner does not strike the column from
 * the order. For a number there is no such thing; a row's comparison ends only where its first member changes.
 */
function along({ name, columns }: Way, [fromId, toId]: IdRange, what: string, bind: Bind): string {
  const terms: string[] = [];
  const place: string[] = [];
  const values: string[] = [];
  for (const [column, value] of columns) {
    if (typeof value === "string") terms.push(`${column} LIKE ${bind(exactly(value))}::text`);
    else {
      place.push(column);
      values.push(`${bind(value)}::integer`);
    }
  }
  const edge = (id: string): string => `(${[...values, `${bind(id)}::text`].join(", ")})`;
  const inOrder = `(${[...place, "id"].join(", ")})`;
  terms.push(`${inOrder} < ${edge(toId)}`, `${inOrder} >= ${edge(fromId)}`);
  const condition = CONDITIONS[name];
  if (condition !== undefined) terms.push(condition);
  const order = [...columns.map(([column]) => column), "id"].map((column) => `${column} DESC`).join(", ");
  return `SELECT ${what} FROM deliveries WHERE ${terms.join(" AND ")} ORDER BY ${order}`;
}

function exactly(text: string): string {
  return text.replace(/[\\%_]/g, "\\$&");
}

/** How many each of the ways leads to, up to `PROBED_MAX`: a list. */
export function counting(ways: readonly Way[], range: IdRange, bind: Bind): string {
  const counts = ways.map(
    (way) => `(SELECT count(*)::integer FROM (${along(way, range, "id", bind)} LIMIT ${PROBED_MAX}) way)`,
  );
  return `SELECT ARRAY[${counts.join(", ")}] AS counts`;
}

/** The `LOOKED_AT_MAX`th along the way, if it is as long. */
export function lastLookedAt(way: Way, range: IdRange, bind: Bind): string {
  return `${along(way, range, "id", bind)} LIMIT 1 OFFSET ${LOOKED_AT_MAX - 1}`;
}

/** What the filter lets through of the `LOOKED_AT_MAX` newest along the way, newest first. */
export function matchesAlong(way: Way, range: IdRange, filter: DeliveryFilter, bind: Bind): string {
  return `SELECT * FROM (${along(way, range, "*", bind)} LIMIT ${LOOKED_AT_MAX}) deliveries
    WHERE ${conditionsOf(filter, bind).join(" AND ")} ORDER BY id DESC`;
}

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

function conditionsOf(filter: DeliveryFilter, bind: Bind): readonly string[] {
  const { reach, hookId, userId, appId, type, eventId, state, status } = filter;
  const conditions = [withinReach(reach, bind)];
  for (const [column, value] of [
    ["hook_id", hookId],
    ["user_id", userId],
    ["owner_app_id", appId],
    ["type", type],
    ["event_id", eventId],
    ["state", state],
    ["last_status", status],
  ] as const) {
    if (value !== undefined) conditions.push(`${column} = ${bind(value)}`);
  }
  return conditions;
}
