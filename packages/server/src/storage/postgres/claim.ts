import type { DeliveryId, EventId, UserId } from "@trulinks/protocol";
import type { Claim, ClaimRequest } from "../../webhooks/claim.ts";
import { LEASE_MARGIN_MS } from "../../webhooks/delivery.ts";
import type { WebhookStore } from "../../webhooks/store.ts";
import type { Database, Queries } from "./database.ts";
import { findDue } from "./due.ts";
import { keepDue } from "./hold.ts";
import { type HookRow, toHook } from "./hook-row.ts";
import {
  OWN_SECRETS,
  type SecretColumns,
  toSecrets,
  toVersions,
  USER_VERSIONS,
  type VersionColumns,
} from "./live-secrets.ts";

type ClaimVerbs = Pick<WebhookStore, "claimDue" | "release" | "findNextDueMs">;

export function createClaiming(database: Database): ClaimVerbs {
  return {
    claimDue: (request) => claimDue(database, request),

    async release(claims, nowMs) {
      // Whether the hook still delivers is looked at when it is claimed again.
      await database.run(
        `UPDATE deliveries SET is_leased = false, next_at_ms = $3
         FROM unnest($1::text[], $2::integer[]) AS given (id, lease)
         WHERE deliveries.id = given.id AND deliveries.lease = given.lease AND is_leased AND state = 'waiting'`,
        claims.map((claim) => claim.deliveryId),
        claims.map((claim) => claim.lease),
        nowMs,
      );
    },

    async findNextDueMs(exceptHooks) {
      const [first] = await findDue(database, { untilMs: Number.MAX_SAFE_INTEGER, countMax: 1, exceptHooks });
      return first?.next_at_ms ?? null;
    },
  };
}

// Each round claims or keeps what it finds, so a round that claims nothing made the queue shorter.
const ROUNDS_MAX = 10;

async function claimDue(database: Database, request: ClaimRequest): Promise<readonly Claim[]> {
  const claims: Claim[] = [];
  for (let round = 0; round < ROUNDS_MAX && claims.length < request.countMax; round++) {
    const countMax = request.countMax - claims.length;
    const rows = await leaseDue(database, { ...request, countMax });
    claims.push(...rows.filter(isLeased).map((row) => toClaim(row, request.nowMs)));
    const kept = rows.filter((row) => row.lease === null);
    if (kept.length === 0) break;
    // A lease ran out after its hook was paused or disabled: only now is there a time to keep the delivery.
    await database.transact((transaction) =>
      keepDue(transaction, {
        ids: kept.map((row) => row.delivery_id),
        hookIds: kept.map((row) => row.id),
        nowMs: request.nowMs,
      }),
    );
  }
  return claims;
}

interface DueColumns extends HookRow, SecretColumns, VersionColumns {
  readonly delivery_id: DeliveryId;
  /** Null: the hook does not deliver now. */
  readonly lease: number | null;
  readonly attempts_count: number;
  readonly user_id: UserId | null;
  readonly sequence: number | null;
  readonly event_id: EventId;
  readonly type: string;
  readonly action: string;
  readonly data: string;
  readonly at_ms: number;
}

type LeasedColumns = DueColumns & { readonly lease: number };

const isLeased = (row: DueColumns): row is LeasedColumns => row.lease !== null;

async function leaseDue(
  queries: Queries,
  { nowMs, countMax, exceptHooks }: ClaimRequest,
): Promise<readonly DueColumns[]> {
  if (exceptHooks.length === 0) return queries.all<DueColumns>(LEASE_FIRST, nowMs, countMax);
  const due = await findDue(queries, { untilMs: nowMs, countMax, exceptHooks });
  if (due.length === 0) return [];
  return queries.all<DueColumns>(
    LEASE_FOUND,
    nowMs,
    due.map((row) => row.id),
  );
}

/** Leases in one statement what `due` finds and locks; says of each hook that does not deliver which it is. */
const lease = (due: string): string => `
  WITH due AS (SELECT * FROM deliveries WHERE ${due} FOR UPDATE SKIP LOCKED),
  leased AS (
    UPDATE deliveries SET is_leased = true, lease = deliveries.lease + 1,
      next_at_ms = $1::bigint + hooks.ack_deadline_ms + ${LEASE_MARGIN_MS}
    FROM due JOIN hooks ON hooks.id = due.hook_id
    WHERE deliveries.id = due.id
      AND (hooks.state = 'active' OR (hooks.state <> 'disabled' AND due.sequence IS NULL))
    RETURNING deliveries.id, deliveries.lease
  )
  SELECT hooks.*, due.id AS delivery_id, leased.lease, due.attempts_count, due.user_id, due.sequence,
    due.event_id, due.type, events.action, events.data, events.at_ms, own.*, versions.*
  FROM due
  JOIN hooks ON hooks.id = due.hook_id
  JOIN events ON events.id = due.event_id
  LEFT JOIN leased ON leased.id = due.id
  CROSS JOIN LATERAL (${OWN_SECRETS}) own
  CROSS JOIN LATERAL (${USER_VERSIONS}) versions
  ORDER BY due.next_at_ms, due.id`;

const LEASE_FIRST = lease("next_at_ms <= $1 ORDER BY next_at_ms, id LIMIT $2");
const LEASE_FOUND = lease("next_at_ms <= $1 AND id = ANY($2) ORDER BY next_at_ms, id");

function toClaim(row: LeasedColumns, nowMs: number): Claim {
  const hook = toHook(row);
  return {
    deliveryId: row.delivery_id,
    lease: row.lease,
    leaseUntilMs: nowMs + hook.ackDeadlineMs + LEASE_MARGIN_MS,
    attempt: row.attempts_count + 1,
    event: {
      id: row.event_id,
      type: row.type,
      action: row.action,
      data: row.data,
      atMs: row.at_ms,
      trace: null,
      sensitive: [],
    },
    hook,
    secrets: toSecrets(row),
    user: row.user_id === null ? null : { id: row.user_id, versions: toVersions(row) },
    sequence: row.sequence,
    view: null,
    expiresAtMs: null,
  };
}
