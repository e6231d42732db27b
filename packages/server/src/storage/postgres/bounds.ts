/** What waits no longer: it has expired, or is older or more than the bounds allow. */
import type { HookId } from "@trulinks/protocol";
import type { WebhookStore } from "../../webhooks/store.ts";
import type { Trim } from "../../webhooks/trim.ts";
import type { Database, Transaction } from "./database.ts";
import { noteEnds } from "./due.ts";

export function createBounds(database: Database): Pick<WebhookStore, "expire" | "trim"> {
  return {
    expire: (nowMs, countMax) =>
      database.transact((transaction) =>
        expire(transaction, nowMs, { found: LATE, values: [nowMs, countMax] }),
      ),
    trim: (request) => trim(database, request),
  };
}

interface Found {
  /** A query for the ids, whose values follow after `$1`. */
  readonly found: string;
  readonly values: readonly unknown[];
}

async function expire(transaction: Transaction, nowMs: number, { found, values }: Found): Promise<number> {
  const expired = await transaction.all<{ readonly hook_id: HookId }>(
    `UPDATE deliveries SET state = 'expired', because = NULL, next_at_ms = NULL, ended_at_ms = $1
     WHERE id = ANY (ARRAY(${found})) RETURNING hook_id`,
    nowMs,
    ...values,
  );
  await noteEnds(
    transaction,
    expired.map((row) => row.hook_id),
    nowMs,
  );
  return expired.length;
}

const LATE = `SELECT id FROM deliveries WHERE state = 'waiting' AND NOT is_leased AND expires_at_ms <= $2
  ORDER BY expires_at_ms LIMIT $3 FOR NO KEY UPDATE SKIP LOCKED`;

// So many of one hook are ended in one step, so that nobody waits behind a long transaction.
const TRIMMED_MAX = 1_000;

const BEFORE_ALL = "" as HookId;

interface Waiting {
  readonly hook_id: HookId;
  /** What is up to this number is more than the bound; null if nothing is. */
  readonly beyond_bytes: number | null;
  readonly first_at_ms: number | null;
}

async function trim(
  database: Database,
  { nowMs, olderThanMs, bytesMax, afterHook, hooksMax }: Trim,
): Promise<{ readonly expired: number; readonly afterHook: HookId | null }> {
  const hooks = await database.all<Waiting>(WAITING, afterHook ?? "", hooksMax, bytesMax);
  let expired = 0;
  let last = afterHook;
  for (const { hook_id, beyond_bytes, first_at_ms } of hooks) {
    if (beyond_bytes !== null || (first_at_ms !== null && first_at_ms < olderThanMs)) {
      const values = [hook_id, beyond_bytes ?? 0, olderThanMs];
      const count = await database.transact((transaction) =>
        expire(transaction, nowMs, { found: BEYOND, values }),
      );
      expired += count;
      // There may be more of this hook: the next step begins with it again.
      if (count === TRIMMED_MAX) return { expired, afterHook: last ?? BEFORE_ALL };
    }
    last = hook_id;
  }
  return { expired, afterHook: hooks.length < hooksMax ? null : last };
}

/** Since it was made, or somebody asked for it once more. */
const SINCE = "coalesce(redelivered_at_ms, created_at_ms)";
const FREE = "state = 'waiting' AND NOT is_leased AND sequence IS NOT NULL";

// Goes from hook to hook by the index, as PostgreSQL has no skip scan before version 18. The sum ends where it passes the
// bound, so that what is far beyond it costs nothing.
const WAITING = `
  WITH RECURSIVE hook (id, number) AS (
    SELECT (SELECT hook_id FROM deliveries WHERE state = 'waiting' AND hook_id > $1 ORDER BY hook_id LIMIT 1), 1
    UNION ALL
    SELECT (SELECT hook_id FROM deliveries WHERE state = 'waiting' AND hook_id > hook.id ORDER BY hook_id LIMIT 1),
      number + 1
    FROM hook WHERE hook.id IS NOT NULL AND number < $2
  )
  SELECT hook.id AS hook_id,
    (SELECT sequence FROM (
       SELECT sequence, sum(data_bytes) OVER (ORDER BY sequence DESC ROWS UNBOUNDED PRECEDING) AS bytes
       FROM deliveries WHERE hook_id = hook.id AND ${FREE}
     ) newest WHERE bytes > $3 ORDER BY sequence DESC LIMIT 1) AS beyond_bytes,
    (SELECT ${SINCE} FROM deliveries WHERE hook_id = hook.id AND ${FREE} ORDER BY sequence LIMIT 1) AS first_at_ms
  FROM hook WHERE hook.id IS NOT NULL`;

const BEYOND = `SELECT id FROM deliveries WHERE id = ANY (ARRAY(
    SELECT id FROM (
      SELECT id, sequence, ${SINCE} AS since_ms FROM deliveries WHERE hook_id = $2 AND ${FREE}
      ORDER BY sequence LIMIT ${TRIMMED_MAX}
    ) oldest WHERE sequence <= $3 OR since_ms < $4
  )) AND ${FREE} FOR NO KEY UPDATE SKIP LOCKED`;
