/** What has times that were ahead of the clock as it is now, on whatever node. Rare: it walks along all that waits. */
import { LEASE_MARGIN_MS } from "../../webhooks/delivery.ts";
import { PROBE_MS } from "../pace.ts";
import type { Database } from "./database.ts";

/** See `WebhookStore.bringBack`. */
export async function bringBack(database: Database, nowMs: number): Promise<number> {
  return database.transact(async (transaction) => {
    await transaction.run(
      "UPDATE hooks SET release_at_ms = $1 WHERE release_at_ms > $1::float8 + $2",
      nowMs,
      PROBE_MS,
    );
    await transaction.run("UPDATE hooks SET failing_since_ms = $1 WHERE failing_since_ms > $1", nowMs);
    const moved = await transaction.all(MOVE, nowMs);
    await transaction.run(EARLIER, nowMs);
    return moved.length;
  });
}

// What was never tried waits for no time but its own beginning; and no lease is longer than one taken now would be. What
// somebody else settles or claims just now is passed over.
const MOVE = `
  UPDATE deliveries SET next_at_ms = late.at_ms
  FROM (
    SELECT deliveries.id, CASE
      WHEN is_leased THEN $1::bigint + hooks.ack_deadline_ms + ${LEASE_MARGIN_MS}
      WHEN tried.at_ms IS NULL THEN $1::bigint
      ELSE $1::bigint + greatest(0, next_at_ms - tried.at_ms)
    END AS at_ms
    FROM deliveries JOIN hooks ON hooks.id = deliveries.hook_id
    LEFT JOIN LATERAL (
      SELECT attempts.at_ms FROM attempts WHERE delivery_id = deliveries.id AND number = deliveries.attempts_count) tried ON true
    WHERE deliveries.state = 'waiting' AND next_at_ms > $1 AND CASE
      WHEN is_leased THEN next_at_ms > $1::bigint + hooks.ack_deadline_ms + ${LEASE_MARGIN_MS}
      ELSE tried.at_ms IS NULL OR tried.at_ms > $1
    END
    FOR NO KEY UPDATE OF deliveries SKIP LOCKED
  ) late
  WHERE deliveries.id = late.id RETURNING deliveries.id`;

// A time that is too early does no harm (`due.ts`).
const EARLIER = `
  UPDATE turns SET first_at_ms = least(turns.first_at_ms, $1::bigint), retry_at_ms = least(turns.retry_at_ms, $1::bigint)
  FROM (SELECT hook_id FROM turns WHERE first_at_ms > $1 OR retry_at_ms > $1 ORDER BY hook_id FOR NO KEY UPDATE) late
  WHERE turns.hook_id = late.hook_id`;
