/** Finds a page of deliveries (`delivery-search.ts`). */
import type { UserId } from "@trulinks/protocol";
import type { PageRequest } from "../../base/page.ts";
import type { DeliveryFilter } from "../../webhooks/store.ts";
import {
  type Findings,
  type IdRange,
  idRangeOf,
  PROBED_MAX,
  shortestOf,
  type Way,
  waysTo,
} from "../delivery-search.ts";
import { limitOf } from "../page-of.ts";
import type { Database } from "./database.ts";
import { counting, lastLookedAt, matchesAlong } from "./delivery-filter.ts";
import type { DeliveryRow } from "./delivery-row.ts";

/** What is listed must have been brought. */
export function search(
  database: Database,
  filter: DeliveryFilter,
  page: PageRequest,
): readonly Findings<DeliveryRow>[] {
  const ofUser = filter.reach.kind === "grant" ? userOf(database, filter.reach.grantId) : null;
  if (filter.reach.kind === "grant" && ofUser === null) return [];
  const range = idRangeOf(filter, page.after);
  const ways = waysTo(filter, ofUser);
  const counts =
    ways.length === 1 ? [PROBED_MAX] : ways.map((way) => countAlong(database, way, range, filter));
  const way = shortestOf(ways, counts);
  const isShort = Math.min(...counts) < PROBED_MAX;
  return trailsOf(way, filter).map((trail): Findings<DeliveryRow> => {
    const { where, values } = matchesAlong(trail, range, filter);
    const rows = database.all<DeliveryRow>(where, ...values, limitOf(page));
    const isAll = isShort || rows.length === limitOf(page);
    return { rows, lookedDownTo: isAll ? null : lookedDownTo(database, trail, range) };
  });
}

/** Deliveries that concern a user are found by two indexes: each is in one of them, and those of apps' hooks in the first. */
function trailsOf(way: Way, { reach, appId }: DeliveryFilter): readonly Way[] {
  const [column] = way.columns;
  if (way.name !== "user" || column === undefined || reach.kind !== "all" || appId !== undefined)
    return [way];
  return [way, { name: "owner", columns: [["owner_user_id", column[1]]] }];
}

function countAlong(database: Database, way: Way, range: IdRange, filter: DeliveryFilter): number {
  return trailsOf(way, filter).reduce((sum, trail) => {
    const { where, values } = counting(trail, range);
    return sum + (database.get<{ readonly count: number }>(where, ...values)?.count ?? 0);
  }, 0);
}

function lookedDownTo(database: Database, way: Way, range: IdRange): string | null {
  const { where, values } = lastLookedAt(way, range);
  return database.get<{ readonly id: string }>(where, ...values)?.id ?? null;
}

function userOf(database: Database, grantId: string): UserId | null {
  const row = database.get<{ readonly user_id: UserId }>("SELECT user_id FROM grants WHERE id = ?", grantId);
  return row?.user_id ?? null;
}
