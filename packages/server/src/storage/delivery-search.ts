/**
 * How deliveries are searched, the same in both engines. Each way is an index that ends in the id, so it tells what it
 * leads to newest first. Of several the shortest is taken, as far as a short look tells; and of what it leads to, a page
 * looks at so many and no more. See docs/decisions/0011.
 */
import { type DeliveryId, makeId, type UserId } from "@trulinks/protocol";
import type { Page, PageRequest } from "../base/page.ts";
import type { DeliveryFilter } from "../webhooks/store.ts";

/** What the index's name says it leads by. `id`: the newest of all. */
export type WayName = keyof typeof COLUMNS;

export interface Way {
  readonly name: WayName;
  /** Before the id, in the order of the index. */
  readonly columns: readonly (readonly [column: string, value: string | number])[];
}

/** Ids from the first on, without the second. */
export type IdRange = readonly [fromId: string, toId: string];

/** How far each way is looked along, to tell which is the shortest. */
export const PROBED_MAX = 500;
/** What one page looks at. */
export const LOOKED_AT_MAX = 1_000;

const COLUMNS = {
  event: ["event_id"],
  unhappyOfHook: ["hook_id", "state"],
  refusedByHook: ["hook_id", "last_status"],
  hook: ["hook_id"],
  owner: ["owner_user_id"],
  user: ["user_id"],
  unhappyOfApp: ["owner_app_id", "state"],
  refusedByApp: ["owner_app_id", "last_status"],
  app: ["owner_app_id"],
  unhappyOfType: ["type", "state"],
  unhappy: ["state"],
  waiting: [],
  status: ["last_status"],
  type: ["type"],
  id: [],
} as const satisfies Record<string, readonly string[]>;

/**
 * The ways to what the filter asks for, the one that commonly is the shortest first; never none. Where one leads by all
 * that another leads by, and more, it alone is among them. `ofUser`: whom the reach of a grant concerns.
 */
export function waysTo(filter: DeliveryFilter, ofUser: UserId | null): readonly Way[] {
  const { reach, hookId, userId, appId, type, eventId, state, status } = filter;
  const given: Readonly<Record<string, string | number | null | undefined>> = {
    event_id: eventId,
    hook_id: hookId,
    owner_user_id: reach.kind === "user" ? reach.userId : undefined,
    user_id: ofUser ?? userId,
    owner_app_id: reach.kind === "app" ? reach.appId : appId,
    type,
    state: state === "delivered" ? undefined : state,
    last_status: status,
  };
  const ways = NAMES.filter((name) => isOpen(name, filter)).flatMap((name): readonly Way[] => {
    const columns = COLUMNS[name].flatMap((column) => {
      const value = given[column];
      return value === undefined || value === null ? [] : [[column, value] as const];
    });
    return columns.length === COLUMNS[name].length ? [{ name, columns }] : [];
  });
  const best = ways.filter((way) => way.name !== "id" && !ways.some((other) => leadsFurther(other, way)));
  return best.length > 0 ? best : [{ name: "id", columns: [] }];
}

const NAMES = Object.keys(COLUMNS) as WayName[];

// Some indexes hold only what is rare.
function isOpen(name: WayName, { reach, state, status }: DeliveryFilter): boolean {
  // Whose hooks they are leads to no more than whom they concern.
  if (name === "user") return reach.kind !== "user";
  if (name.startsWith("unhappy")) return state !== undefined && state !== "delivered" && state !== "waiting";
  if (name.startsWith("refused")) return status !== undefined && status >= 300;
  if (name === "waiting") return state === "waiting";
  if (name === "status") return status !== 200;
  return true;
}

function leadsFurther(longer: Way, shorter: Way): boolean {
  const [further, near] = [leadersOf(longer), leadersOf(shorter)];
  return further.length > near.length && near.every((column) => further.includes(column));
}

function leadersOf({ name, columns }: Way): readonly string[] {
  return name === "waiting" ? ["state"] : columns.map(([column]) => column);
}

/** Ids sort by the time they were made, so a time is an id that nobody has. `after`: the cursor. */
export function idRangeOf(
  { afterMs, beforeMs }: Pick<DeliveryFilter, "afterMs" | "beforeMs">,
  after: string | null,
): IdRange {
  const fromId = afterMs === undefined ? "" : firstIdAt(afterMs + 1);
  const beforeId = beforeMs === undefined ? BEHIND_ALL : firstIdAt(beforeMs);
  return [fromId, after !== null && after < beforeId ? after : beforeId];
}

/** Behind every id. */
const BEHIND_ALL = "~";

/** No delivery that was made earlier has as high an id. */
export function firstIdAt(atMs: number): DeliveryId {
  return makeId("delivery", Math.min(Math.max(atMs, 0), TIME_MS_MAX), new Uint8Array());
}

// Of an id's time; it ends after the year 10 000.
const TIME_MS_MAX = 2 ** 50 - 1;

/** The shortest of the ways, by what was counted along each (up to `PROBED_MAX`); of equals the first. */
export function shortestOf(ways: readonly Way[], counts: readonly number[]): Way {
  const shortest = ways[counts.indexOf(Math.min(...counts))] ?? ways[0];
  return shortest ?? { name: "id", columns: [] };
}

/** What was found along one way: matches newest first, and down to which id was looked; null: to the end. */
export interface Findings<Row> {
  readonly rows: readonly Row[];
  readonly lookedDownTo: string | null;
}

/**
 * Findings along one way, or along several that lead to different deliveries, as one page. It may hold less than was
 * asked for and yet have a next: then there was more to look at.
 */
export function pageOfFindings<Row extends { readonly id: string }, Item>(
  findings: readonly Findings<Row>[],
  { countMax }: PageRequest,
  item: (row: Row) => Item,
): Page<Item> {
  const ends = findings.flatMap(({ lookedDownTo }) => lookedDownTo ?? []).sort();
  const seenDownTo = ends.at(-1) ?? "";
  const found = findings
    .flatMap(({ rows }) => rows)
    .filter(({ id }) => id >= seenDownTo)
    .sort((one, other) => (one.id > other.id ? -1 : 1));
  const shown = found.slice(0, countMax);
  const next = found.length > countMax ? (shown.at(-1)?.id ?? null) : seenDownTo === "" ? null : seenDownTo;
  return { items: shown.map(item), next };
}
