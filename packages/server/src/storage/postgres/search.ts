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
import type { Database, Queries } from "./database.ts";
import { type Bind, counting, lastLookedAt, matchesAlong } from "./delivery-filter.ts";

// Planned for the values that are asked for, since LIKE leads to an index only where its text is known; and along indexes:
// the planner would rather gather what it believes to be few in a bitmap, and sort, than walk and stop.
const AS_ASKED = `SELECT set_config('enable_bitmapscan', 'off', true),
  set_config('plan_cache_mode', 'force_custom_plan', true)`;

export function search<Row extends { readonly id: string }>(
  database: Database,
  request: SearchRequest,
): Promise<readonly Findings<Row>[]> {
  return database.transact(async (transaction) => {
    await transaction.run(AS_ASKED);
    return searchAlongIndexes(transaction, request);
  });
}

export interface SearchRequest {
  readonly filter: DeliveryFilter;
  readonly page: PageRequest;
  /** Makes of a statement that finds deliveries, newest first, one that finds what is shown of them. */
  readonly shown: (found: string) => string;
}

async function searchAlongIndexes<Row extends { readonly id: string }>(
  queries: Queries,
  { filter, page, shown }: SearchRequest,
): Promise<readonly Findings<Row>[]> {
  const ofUser = filter.reach.kind === "grant" ? await userOf(queries, filter.reach.grantId) : null;
  if (filter.reach.kind === "grant" && ofUser === null) return [];
  const range = idRangeOf(filter, page.after);
  const { way, isShort } = await shortest(queries, waysTo(filter, ofUser), range);
  const { values, bind } = binding();
  const found = matchesAlong(way, range, filter, bind);
  const rows = await queries.all<Row>(shown(`${found} LIMIT ${bind(limitOf(page))}`), ...values);
  const isAll = isShort || rows.length === limitOf(page);
  return [{ rows, lookedDownTo: isAll ? null : await lookedDownTo(queries, way, range) }];
}

async function shortest(
  queries: Queries,
  ways: readonly Way[],
  range: IdRange,
): Promise<{ readonly way: Way; readonly isShort: boolean }> {
  if (ways.length === 1) return { way: shortestOf(ways, [PROBED_MAX]), isShort: false };
  const { values, bind } = binding();
  const row = await queries.get<{ readonly counts: readonly number[] }>(
    counting(ways, range, bind),
    ...values,
  );
  const counts = row?.counts ?? ways.map(() => PROBED_MAX);
  return { way: shortestOf(ways, counts), isShort: Math.min(...counts) < PROBED_MAX };
}

async function lookedDownTo(queries: Queries, way: Way, range: IdRange): Promise<string | null> {
  const { values, bind } = binding();
  const row = await queries.get<{ readonly id: string }>(lastLookedAt(way, range, bind), ...values);
  return row?.id ?? null;
}

async function userOf(queries: Queries, grantId: string): Promise<UserId | null> {
  const row = await queries.get<{ readonly user_id: UserId }>(
    "SELECT user_id FROM grants WHERE id = $1",
    grantId,
  );
  return row?.user_id ?? null;
}

export function binding(): { readonly values: readonly unknown[]; readonly bind: Bind } {
  const values: unknown[] = [];
  return { values, bind: (value) => `$${values.push(value)}` };
}
