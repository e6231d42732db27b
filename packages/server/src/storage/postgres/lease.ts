/** Leases what is due of the hooks whose turn it is, and ends what has expired meanwhile. */
import type { DeliveryId, EventId, HookId, UserId } from "@trulinks/protocol";
import type { Claim } from "../../webhooks/claim.ts";
import { LEASE_MARGIN_MS } from "../../webhooks/delivery.ts";
import { EVENT_COLUMNS, type EventColumns, toEvent } from "../event-row.ts";
import type { Queries } from "./database.ts";
import { toView } from "./delivery-row.ts";
import { noteEnds, type Queue, UNDER_WAY } from "./due.ts";
import { type HookRow, toHook } from "./hook-row.ts";
import {
  OWN_SECRETS,
  type SecretColumns,
  toSecrets,
  toVersions,
  USER_VERSIONS,
  type VersionColumns,
} from "./live-secrets.ts";

export interface LeaseRequest {
  readonly queue: Queue;
  readonly nowMs: number;
  readonly countMax: number;
  readonly hooks: readonly { readonly id: HookId; readonly countMax: number }[];
}

export interface Leased {
  readonly claims: readonly Claim[];
  /** A hook for each that had expired, and was ended. */
  readonly expired: readonly HookId[];
}

interface LeasedRow extends HookRow, SecretColumns, VersionColumns, EventColumns {
  readonly delivery_id: DeliveryId;
  /** Null: it had expired, and was ended. */
  readonly lease: number | null;
  readonly attempts_count: number;
  readonly tried_before: number;
  readonly user_id: UserId | null;
  readonly sequence: number | null;
  readonly view: string | null;
  readonly expires_at_ms: number | null;
  readonly is_released: boolean;
  readonly event_id: EventId;
}

export async function leaseOf(
  queries: Queries,
  { queue, nowMs, countMax, hooks }: LeaseRequest,
): Promise<Leased> {
  const rows = await queries.all<LeasedRow>(
    LEASE[queue],
    nowMs,
    countMax,
    hooks.map(({ id }) => id),
    hooks.map((hook) => hook.countMax),
  );
  const claims = rows.flatMap((row) => toClaim(row, nowMs));
  const expired = rows.filter(({ lease }) => lease === null).map(({ id }) => id);
  await noteEnds(queries, expired, nowMs);
  return { claims, expired };
}

/**
 * Of each kind of hook what of it can be claimed; those that are not asked for cost nothing. Whoever claims at the same
 * moment has locked his, and gets no others kept from him: what he has is passed over.
 */
const claimable = (queue: Queue): string => {
  const isTried = queue === "first" ? "attempts_count = 0" : "attempts_count > 0";
  const isDue = `state = 'waiting' AND NOT is_leased AND next_at_ms <= $1 AND ${isTried}`;
  const found = (where: string, order: string): string => `SELECT * FROM (
    SELECT id, next_at_ms FROM deliveries WHERE ${where} AND hook_id = hooks.id AND ${isDue}
    ORDER BY ${order} LIMIT turn.count_max FOR NO KEY UPDATE SKIP LOCKED) found`;
  return `
    ${found("hooks.state = 'active' AND NOT hooks.serial AND round = hooks.round", "next_at_ms, sequence")}
    UNION ALL
    ${found(
      "(hooks.state IN ('paused', 'pending') OR (hooks.state = 'active' AND hooks.serial)) AND sequence IS NULL",
      "next_at_ms",
    )}
    UNION ALL
    SELECT id, next_at_ms FROM
      (SELECT * FROM deliveries
       WHERE hook_id = hooks.id AND state = 'waiting' AND NOT is_leased AND sequence IS NOT NULL
       ORDER BY sequence LIMIT 1) head
    WHERE hooks.serial AND hooks.state = 'active' AND turn.count_max > 0
      AND ${isDue} AND round = hooks.round AND NOT EXISTS (SELECT FROM deliveries WHERE ${UNDER_WAY})`;
};

// What another has changed since this statement began is passed over.
const lease = (queue: Queue): string => `
  WITH longest AS (
    SELECT own.id FROM unnest($3::text[], $4::integer[]) AS turn (hook_id, count_max)
    JOIN hooks ON hooks.id = turn.hook_id CROSS JOIN LATERAL (${claimable(queue)}) own
    ORDER BY own.next_at_ms, own.id LIMIT $2
  ),
  due AS (
    SELECT * FROM deliveries WHERE id = ANY (ARRAY(SELECT id FROM longest))
      AND state = 'waiting' AND NOT is_leased AND next_at_ms <= $1
    FOR NO KEY UPDATE SKIP LOCKED
  ),
  expired AS (
    UPDATE deliveries SET state = 'expired', because = NULL, next_at_ms = NULL, ended_at_ms = $1
    FROM due WHERE deliveries.id = due.id AND due.expires_at_ms <= $1
  ),
  leased AS (
    UPDATE deliveries SET is_leased = true, lease = due.lease + 1,
      next_at_ms = $1::bigint + hooks.ack_deadline_ms + ${LEASE_MARGIN_MS}
    FROM due JOIN hooks ON hooks.id = due.hook_id
    WHERE deliveries.id = due.id AND (due.expires_at_ms IS NULL OR due.expires_at_ms > $1)
  )
  SELECT hooks.*, due.id AS delivery_id,
    CASE WHEN due.expires_at_ms IS NULL OR due.expires_at_ms > $1 THEN due.lease + 1 END AS lease,
    due.attempts_count, due.tried_before, due.user_id, due.sequence, due.view, due.expires_at_ms, due.is_released, due.event_id, due.type,
    ${EVENT_COLUMNS}, own.*, versions.*
  FROM due
  JOIN hooks ON hooks.id = due.hook_id
  JOIN events ON events.id = due.event_id
  CROSS JOIN LATERAL (${OWN_SECRETS}) own
  CROSS JOIN LATERAL (${USER_VERSIONS}) versions
  ORDER BY due.next_at_ms, due.id`;

const LEASE = { first: lease("first"), retry: lease("retry") } as const;

function toClaim(row: LeasedRow, nowMs: number): readonly Claim[] {
  if (row.lease === null) return [];
  const hook = toHook(row);
  return [
    {
      deliveryId: row.delivery_id,
      lease: row.lease,
      leaseUntilMs: nowMs + hook.ackDeadlineMs + LEASE_MARGIN_MS,
      attempt: row.attempts_count + 1,
      triedBefore: row.tried_before,
      event: toEvent(row),
      hook,
      secrets: toSecrets(row),
      user: row.user_id === null ? null : { id: row.user_id, versions: toVersions(row) },
      sequence: row.sequence,
      view: toView(row.view),
      ...(row.is_released ? { isReleased: true } : {}),
      expiresAtMs: row.expires_at_ms,
    },
  ];
}
