import { strict as assert } from "node:assert";
import type { DeliveryId, UserId } from "@trulinks/protocol";
import { type DeliveredBy, type DeliveryState, FED_STATES } from "../../webhooks/delivery.ts";
import type {
  Acknowledged,
  Acknowledgement,
  FeedDelivery,
  FeedEntry,
  FeedPage,
  FeedRequest,
  FeedStore,
} from "../../webhooks/feed-store.ts";
import { EVENT_COLUMNS, type EventColumns, toEvent } from "../event-row.ts";
import { feedRun, withinBytes } from "../feed-run.ts";
import type { Database, Queries } from "./database.ts";
import { toView } from "./delivery-row.ts";
import { noteEnds } from "./due.ts";
import { type HookRow, lockHookRow, toHook } from "./hook-row.ts";
import {
  OWN_SECRETS,
  type SecretColumns,
  toSecrets,
  toVersions,
  USER_VERSIONS,
  type VersionColumns,
} from "./live-secrets.ts";

export function createFeed(database: Database): FeedStore {
  return {
    readFeed: (request) => readFeed(database, request),
    acknowledge: (acknowledgement) => acknowledge(database, acknowledgement),
    async findNewer(places) {
      const rows = await database.all<Pick<HookRow, "id">>(
        NEWER,
        places.map(({ hookId }) => hookId),
        places.map(({ after }) => after),
      );
      return rows.map(({ id }) => id);
    },
  };
}

const NEWER = `SELECT place.id FROM unnest($1::text[], $2::bigint[]) AS place (id, after)
  LEFT JOIN hooks ON hooks.id = place.id WHERE hooks.id IS NULL OR last_sequence > place.after`;

// The number is read before the rows: what is stored in between is beyond it, and nothing up to it is missing.
async function readFeed(database: Database, request: FeedRequest): Promise<FeedPage> {
  const { hookId, after, countMax, bytesMax, nowMs } = request;
  const found = await database.get<HookRow & SecretColumns>(HOOK, nowMs, hookId);
  if (found === undefined) return { kind: "unknown-hook" };
  const hook = toHook(found);
  const head = { kind: "page", hook, secrets: toSecrets(found) } as const;
  if (after !== null && after >= found.last_sequence) {
    return { ...head, newest: found.last_sequence, entries: [] };
  }

  const rows = await database.all<FeedRow>(ROWS, hookId, after ?? 0, countMax, FED_STATES);
  const newest = Math.max(found.last_sequence, rows.at(-1)?.sequence ?? 0);
  const run = feedRun(rows, { after, newest });
  if (run.kind === "behind") return run;
  const wanted = withinBytes(run.rows, bytesMax);
  const sent = await findSent(database, wanted, nowMs);
  const entries = wanted.map(
    (row): FeedEntry => ({
      sequence: row.sequence,
      state: row.state,
      expiresAtMs: row.expires_at_ms,
      sent: sent.get(row.id) ?? null,
    }),
  );
  return { ...head, newest, entries };
}

const HOOK = `SELECT hooks.*, own.* FROM hooks CROSS JOIN LATERAL (${OWN_SECRETS}) own WHERE hooks.id = $2`;

interface FeedRow {
  readonly id: DeliveryId;
  readonly sequence: number;
  readonly state: DeliveryState;
  readonly expires_at_ms: number | null;
  readonly is_fed: boolean;
  readonly bytes: number;
}

// Of what is not given nothing is read.
const ROWS = `SELECT id, sequence, state, expires_at_ms, is_fed, CASE WHEN is_fed THEN data_bytes ELSE 0 END AS bytes
  FROM deliveries CROSS JOIN LATERAL (SELECT state = ANY($4) AND NOT payload_gone AS is_fed) fed
  WHERE hook_id = $1 AND sequence > $2 ORDER BY sequence LIMIT $3`;

interface SentRow extends EventColumns, VersionColumns {
  readonly id: DeliveryId;
  readonly attempts_count: number;
  readonly user_id: UserId | null;
  readonly view: string | null;
  readonly owner_app_id: string | null;
  readonly grant_scopes: string | null;
}

async function findSent(
  queries: Queries,
  rows: readonly FeedRow[],
  nowMs: number,
): Promise<ReadonlyMap<DeliveryId, FeedDelivery>> {
  const ids = rows.filter(({ is_fed }) => is_fed).map(({ id }) => id);
  if (ids.length === 0) return new Map();
  const found = await queries.all<SentRow>(SENT, nowMs, ids);
  return new Map(found.map((row) => [row.id, toSent(row)]));
}

// Each by its key: the planner would rather read all grants once.
const SENT = `SELECT due.id, due.event_id, due.type, due.attempts_count, due.user_id, due.view, due.owner_app_id,
    ${EVENT_COLUMNS}, versions.*,
    (SELECT scopes FROM grants WHERE grants.user_id = due.user_id AND grants.app_id = due.owner_app_id) AS grant_scopes
  FROM deliveries due JOIN events ON events.id = due.event_id CROSS JOIN LATERAL (${USER_VERSIONS}) versions
  WHERE due.id = ANY($2)`;

function toSent(row: SentRow): FeedDelivery {
  return {
    deliveryId: row.id,
    attempt: row.attempts_count + 1,
    event: toEvent(row),
    user: row.user_id === null ? null : { id: row.user_id, versions: toVersions(row) },
    view: toView(row.view),
    grantScopes: scopesOf(row),
  };
}

/** What concerns nobody is the platform's own, and bound by no grant. */
function scopesOf({ owner_app_id, user_id, grant_scopes }: SentRow): FeedDelivery["grantScopes"] {
  if (owner_app_id === null || user_id === null) return null;
  return grant_scopes === null ? "ended" : (JSON.parse(grant_scopes) as readonly string[]);
}

function acknowledge(database: Database, acknowledgement: Acknowledgement): Promise<Acknowledged> {
  const { hookId, through, nowMs, countMax } = acknowledgement;
  return database.transact(async (transaction) => {
    const hook = await lockHookRow(transaction, hookId);
    if (hook === undefined) return { kind: "unknown-hook" };
    if (through > hook.last_sequence) return { kind: "beyond", newest: hook.last_sequence };
    const by: DeliveredBy = "feed";
    const step = await transaction.get<StepRow>(SETTLE, hookId, through, countMax, nowMs, by);
    assert(step !== undefined);
    if (step.settled > 0) await noteEnds(transaction, [hookId], nowMs);
    return { kind: "settled", settled: step.settled, isMore: step.found === countMax };
  });
}

interface StepRow {
  readonly found: number;
  /** Others may have settled some of what was found. */
  readonly settled: number;
}

const waiting = (isLeased: string): string => `SELECT * FROM (SELECT id, sequence FROM deliveries
  WHERE hook_id = $1 AND state = 'waiting' AND is_leased = ${isLeased} AND sequence <= $2
  ORDER BY sequence LIMIT $3) part`;

// Along the hook's own index of what waits, and never that of all leases (hence the array). Few are leased at a time.
const SETTLE = `WITH found AS MATERIALIZED (
    SELECT id FROM (${waiting("false")} UNION ALL ${waiting("ANY (ARRAY[true])")}) both_parts ORDER BY sequence LIMIT $3
  ),
  moved AS (
    UPDATE deliveries SET state = 'delivered', delivered_by = $5, because = NULL, next_at_ms = NULL,
      is_leased = false, ended_at_ms = $4
    WHERE state = 'waiting' AND id = ANY (ARRAY(SELECT id FROM found)) RETURNING 1
  )
  SELECT (SELECT count(*) FROM found) AS found, (SELECT count(*) FROM moved) AS settled`;
