import type { HookId, UserId } from "@trulinks/protocol";
import { FED_STATES } from "../../webhooks/delivery.ts";
import type {
  Acknowledged,
  Acknowledgement,
  FeedDelivery,
  FeedEntry,
  FeedPage,
  FeedRequest,
  FeedStore,
} from "../../webhooks/feed-store.ts";
import type { Hook } from "../../webhooks/hook.ts";
import { EVENT_COLUMNS, type EventColumns, toEvent } from "../event-row.ts";
import { feedRun, withinBytes } from "../feed-run.ts";
import type { Database } from "./database.ts";
import { type DeliveryRow, toView } from "./delivery-row.ts";
import { findPair } from "./grants.ts";
import { moveUp } from "./line.ts";
import type { Ground } from "./memory.ts";
import type { Sync } from "./verbs.ts";

export function createFeed(ground: Ground): Sync<FeedStore> {
  return {
    // It begins with no `find`, as it may have deliveries to list first: with others' writes that costs no commit.
    readFeed: (request) => readFeed(ground, request),
    acknowledge: (acknowledgement) => acknowledge(ground, acknowledgement),
    findNewer: (places) =>
      ground.database.all<{ readonly id: HookId }>(NEWER, JSON.stringify(places)).map(({ id }) => id),
  };
}

const NEWER = `SELECT value ->> 'hookId' AS id FROM json_each(?)
  LEFT JOIN hooks ON hooks.id = value ->> 'hookId' LEFT JOIN sequences ON sequences.key = sequence_key
  WHERE last IS NULL OR last > value ->> 'after'`;

interface FeedRow extends DeliveryRow {
  readonly sequence: number;
  readonly bytes: number;
}

const ROWS = `SELECT * FROM deliveries INDEXED BY deliveries_by_sequence
  WHERE is_listed = 1 AND hook_id = ? AND sequence > ? ORDER BY sequence LIMIT ?`;

function readFeed(ground: Ground, request: FeedRequest): FeedPage {
  const { hookId, after, countMax, bytesMax, nowMs } = request;
  const { database, memory } = ground;
  const newest = newestOf(database, hookId);
  if (newest === null) return { kind: "unknown-hook" };
  const { hook, secrets } = memory.hooks.claimParts(hookId, { userId: null, nowMs });
  const head = { kind: "page", hook, secrets, newest } as const;
  // Whoever has read everything costs two looks.
  if (after !== null && after >= newest) return { ...head, entries: [] };

  memory.listing.bring();
  const run = feedRun(database.all<FeedRow>(ROWS, hookId, after ?? 0, countMax), { after, newest });
  if (run.kind === "behind") return run;
  const scopesOf = grantScopesOf(database, hook);
  const entries = withinBytes(run.rows.map(boundedBy), bytesMax).map(({ row }): FeedEntry => {
    const { sequence, state, expires_at_ms: expiresAtMs } = row;
    return {
      sequence,
      state,
      expiresAtMs,
      sent: isFed(row) ? sentOf(ground, row, { nowMs, scopesOf }) : null,
    };
  });
  return { ...head, entries };
}

function newestOf(database: Database, hookId: HookId): number | null {
  return database.get<{ readonly last: number }>(NEWEST, hookId)?.last ?? null;
}

const NEWEST =
  "SELECT last FROM hooks CROSS JOIN sequences ON sequences.key = sequence_key WHERE hooks.id = ?";

function isFed({ state, payload_gone }: FeedRow): boolean {
  return FED_STATES.includes(state) && payload_gone !== 1;
}

/** Of what is not given nothing is read. */
function boundedBy(row: FeedRow): { readonly row: FeedRow; readonly bytes: number } {
  return { row, bytes: isFed(row) ? row.bytes : 0 };
}

type ScopesOf = (userId: UserId) => FeedDelivery["grantScopes"];

/** A page has few users, and each of them one grant. */
function grantScopesOf(database: Database, { owner }: Hook): ScopesOf {
  if (owner.kind === "user") return () => null;
  const found = new Map<UserId, FeedDelivery["grantScopes"]>();
  return (userId) => {
    const before = found.get(userId);
    if (before !== undefined) return before;
    const scopes = findPair(database, { userId, appId: owner.appId })?.scopes ?? "ended";
    found.set(userId, scopes);
    return scopes;
  };
}

interface Reading {
  readonly nowMs: number;
  readonly scopesOf: ScopesOf;
}

function sentOf(
  { database, memory }: Ground,
  row: FeedRow,
  { nowMs, scopesOf }: Reading,
): FeedDelivery | null {
  const columns = database.get<EventColumns>(EVENT, row.event_id);
  if (columns === undefined) return null;
  const { user_id: userId } = row;
  return {
    deliveryId: row.id,
    attempt: row.attempts_count + 1,
    event: toEvent({ ...row, ...columns }),
    user: memory.hooks.claimParts(row.hook_id, { userId, nowMs }).user,
    view: toView(row.view),
    // What concerns nobody is the platform's own, and bound by no grant.
    grantScopes: userId === null ? null : scopesOf(userId),
  };
}

const EVENT = `SELECT ${EVENT_COLUMNS} FROM events WHERE id = ?`;

function acknowledge(ground: Ground, acknowledgement: Acknowledgement): Acknowledged {
  const { hookId, through, nowMs, countMax } = acknowledgement;
  const { database, memory } = ground;
  const newest = newestOf(database, hookId);
  if (newest === null) return { kind: "unknown-hook" };
  if (through > newest) return { kind: "beyond", newest };
  memory.listing.bring();
  const rows = database.all<{ readonly key: number }>(WAITING, hookId, through, countMax);
  // Leases stay until they are settled or run out: what is under way to a serial hook holds up its line, as ever.
  for (const { key } of rows) database.run(DELIVERED, nowMs, key);
  if (rows.length > 0) moveUp(ground, hookId);
  return { kind: "settled", settled: rows.length, isMore: rows.length === countMax };
}

const WAITING = `SELECT key FROM deliveries INDEXED BY deliveries_waiting
  WHERE is_listed = 1 AND state = 'waiting' AND hook_id = ? AND sequence <= ? ORDER BY sequence LIMIT ?`;

const DELIVERED = `UPDATE deliveries SET state = 'delivered', delivered_by = 'feed', because = NULL, next_at_ms = NULL,
  ended_at_ms = ? WHERE key = ?`;
