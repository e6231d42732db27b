import type { Claim, ClaimedEvent, ClaimRequest } from "../../webhooks/claim.ts";
import type { WebhookStore } from "../../webhooks/store.ts";
import { keptBecause } from "../kept-because.ts";
import { type ClaimContext, createClaimContext } from "./claim-context.ts";
import type { Database } from "./database.ts";
import type { DeliveryRow } from "./delivery-row.ts";
import { findDue } from "./due.ts";
import type { Sync } from "./verbs.ts";

type ClaimVerbs = Pick<Sync<WebhookStore>, "claimDue" | "release" | "findNextDueMs">;

export function createClaiming(database: Database): ClaimVerbs {
  return {
    claimDue: (request) => claimDue(database, request),

    release(claims, nowMs) {
      for (const { deliveryId, lease } of claims) {
        database.run(
          `UPDATE deliveries SET is_leased = 0, next_at_ms = ?
           WHERE id = ? AND lease = ? AND is_leased = 1`,
          nowMs,
          deliveryId,
          lease,
        );
      }
    },

    findNextDueMs(exceptHooks) {
      const [first] = findDue(database, { untilMs: Number.MAX_SAFE_INTEGER, countMax: 1, exceptHooks });
      return first?.next_at_ms ?? null;
    },
  };
}

/** The engine starts and nobody has a lease: what was leased is due. */
export function freeLeases(database: Database, nowMs: number): void {
  database.run(
    "UPDATE deliveries SET is_leased = 0, next_at_ms = ? WHERE next_at_ms IS NOT NULL AND is_leased = 1",
    nowMs,
  );
}

function claimDue(database: Database, { nowMs, countMax, exceptHooks }: ClaimRequest): readonly Claim[] {
  const context = createClaimContext(database, nowMs);
  return findDue(database, { untilMs: nowMs, countMax, exceptHooks })
    .map(({ id }) => database.get<WaitingRow>(WAITING, id))
    .filter((row) => row !== undefined)
    .map((row) => claimOrKeep(database, context, row))
    .filter((claim) => claim !== null);
}

type WaitingRow = DeliveryRow & Pick<ClaimedEvent, "action" | "data" | "atMs">;

const WAITING = `SELECT d.*, e.action, e.data, e.at_ms AS atMs
  FROM deliveries d JOIN events e ON e.id = d.event_id WHERE d.id = ?`;

function claimOrKeep(database: Database, context: ClaimContext, row: WaitingRow): Claim | null {
  const { hook, secrets } = context.hookOf(row.hook_id);
  // A lease ran out after its hook was paused or disabled: only now is there a time to keep the delivery.
  const because = keptBecause(hook.state, { isPing: row.sequence === null });
  if (because !== null) {
    keep(database, row, because);
    return null;
  }
  const lease = row.lease + 1;
  const leaseUntilMs = context.leaseUntilMs(hook);
  database.run(
    "UPDATE deliveries SET is_leased = 1, lease = ?, next_at_ms = ? WHERE id = ?",
    lease,
    leaseUntilMs,
    row.id,
  );
  return {
    deliveryId: row.id,
    lease,
    leaseUntilMs,
    attempt: row.attempts_count + 1,
    event: {
      id: row.event_id,
      type: row.type,
      action: row.action,
      data: row.data,
      atMs: row.atMs,
      trace: null,
      sensitive: [],
    },
    hook,
    secrets,
    user: row.user_id === null ? null : context.userOf(row.hook_id, row.user_id),
    sequence: row.sequence,
    view: null,
    expiresAtMs: null,
  };
}

function keep(database: Database, { id }: { readonly id: DeliveryRow["id"] }, because: string): void {
  database.run(
    "UPDATE deliveries SET because = ?, next_at_ms = NULL, is_leased = 0 WHERE id = ?",
    because,
    id,
  );
}
