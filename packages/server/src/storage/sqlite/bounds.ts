/** What waits no longer: it has expired, or is older or more than the bounds allow. */
import type { DeliveryId, HookId } from "@trulinks/protocol";
import type { WebhookStore } from "../../webhooks/store.ts";
import type { Trim } from "../../webhooks/trim.ts";
import { end } from "./end.ts";
import type { Ground } from "./memory.ts";
import type { Sync } from "./verbs.ts";

interface BoundRow {
  readonly key: number;
  readonly id: DeliveryId;
  readonly hook_id: HookId;
}

export function createBounds(ground: Ground): Pick<Sync<WebhookStore>, "expire" | "trim"> {
  return {
    expire(nowMs, countMax) {
      ground.memory.listing.bring();
      const rows = ground.database.all<BoundRow>(EXPIRED, nowMs, countMax + LEASED_MAX);
      return expire(ground, rows, { nowMs, countMax });
    },
    trim: (request) => trim(ground, request),
  };
}

// Leased ones stand among those that have expired, and are left alone.
const LEASED_MAX = 1_000;

const EXPIRED = `SELECT key, id, hook_id FROM deliveries INDEXED BY deliveries_expiring
  WHERE is_listed = 1 AND state = 'waiting' AND expires_at_ms <= ? ORDER BY expires_at_ms LIMIT ?`;

function expire(
  ground: Ground,
  rows: readonly BoundRow[],
  { nowMs, countMax }: { readonly nowMs: number; readonly countMax: number },
): number {
  const free = rows.filter(({ id }) => !ground.memory.leases.isHeld(id)).slice(0, countMax);
  for (const { key, id, hook_id } of free)
    end(ground, { key, id, hookId: hook_id }, { state: "expired", nowMs });
  return free.length;
}

const BEFORE_ALL = "" as HookId;

// So many are ended in one step at most, so that nobody waits behind a long transaction.
const TRIMMED_MAX = 500;

function trim(
  ground: Ground,
  { nowMs, olderThanMs, bytesMax, afterHook, hooksMax }: Trim,
): { readonly expired: number; readonly afterHook: HookId | null } {
  const { database, memory } = ground;
  memory.listing.bring();
  let expired = 0;
  let last = afterHook;
  for (let count = 0; count < hooksMax; count++) {
    const next = database.get<{ readonly hook_id: HookId | null }>(NEXT_HOOK, last ?? "")?.hook_id ?? null;
    if (next === null) return { expired, afterHook: null };
    const sequence = database.get<{ readonly last: number | null }>(BEYOND_BYTES, next, bytesMax)?.last ?? 0;
    const rows = database
      .all<OldRow>(OLDEST, next, TRIMMED_MAX)
      .filter((row) => row.sequence <= sequence || row.since_ms < olderThanMs);
    expired += expire(ground, rows, { nowMs, countMax: TRIMMED_MAX });
    // There may be more of this hook: the next step begins with it again.
    if (rows.length === TRIMMED_MAX) return { expired, afterHook: last ?? BEFORE_ALL };
    last = next;
  }
  return { expired, afterHook: last };
}

const NEXT_HOOK = `SELECT min(hook_id) AS hook_id FROM deliveries INDEXED BY deliveries_waiting
  WHERE is_listed = 1 AND state = 'waiting' AND hook_id > ?`;

// The newest up to the bound stay. Looks at the hook's index entries only: about 0.1 µs each.
const BEYOND_BYTES = `SELECT max(sequence) AS last FROM
    (SELECT sequence, sum(bytes) OVER (ORDER BY sequence DESC) AS total
     FROM deliveries INDEXED BY deliveries_waiting
     WHERE is_listed = 1 AND state = 'waiting' AND hook_id = ? AND sequence IS NOT NULL)
  WHERE total > ?`;

interface OldRow extends BoundRow {
  readonly sequence: number;
  /** Since it was made, or somebody asked for it once more. */
  readonly since_ms: number;
}

// Numbers are given in the order of time, so the first ones are the oldest.
const OLDEST = `SELECT key, id, hook_id, sequence, coalesce(redelivered_at_ms, created_at_ms) AS since_ms
  FROM deliveries INDEXED BY deliveries_waiting
  WHERE is_listed = 1 AND state = 'waiting' AND hook_id = ? AND sequence IS NOT NULL ORDER BY sequence LIMIT ?`;
