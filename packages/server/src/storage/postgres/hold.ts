/**
 * What waits for a hook that does not deliver is kept without a time, and so is not claimable.
 *
 * Who keeps or frees a delivery has a lock on its hook, so that the hook's state cannot change in between: a
 * delivery that was kept for a state that just ended would wait for ever.
 */

import type { DeliveryId, HookId } from "@trulinks/protocol";
import type { HookState } from "../../webhooks/hook.ts";
import { keptBecause } from "../kept-because.ts";
import type { Queries } from "./database.ts";

/** Keeps what waits for the hook. What a worker has leased is kept when it comes back, or when its lease runs out. */
export async function keepWaiting(
  queries: Queries,
  hookId: HookId,
  state: "paused" | "disabled",
): Promise<void> {
  await queries.run(
    `UPDATE deliveries SET because = 'hook-paused', next_at_ms = NULL
     WHERE hook_id = $1 AND state = 'waiting' AND NOT is_leased AND (sequence IS NOT NULL OR $2)`,
    hookId,
    state === "disabled",
  );
}

/** What was kept for the hook is due. */
export async function freeWaiting(queries: Queries, hookId: HookId, nowMs: number): Promise<void> {
  await queries.run(
    `UPDATE deliveries SET because = 'due', next_at_ms = $2
     WHERE hook_id = $1 AND state = 'waiting' AND next_at_ms IS NULL`,
    hookId,
    nowMs,
  );
}

/** Keeps those of the due deliveries whose hook, looked at again, does not deliver. */
export async function keepDue(
  queries: Queries,
  {
    ids,
    hookIds,
    nowMs,
  }: { readonly ids: readonly DeliveryId[]; readonly hookIds: readonly HookId[]; readonly nowMs: number },
): Promise<void> {
  const hooks = await queries.all<{ readonly id: HookId; readonly state: HookState }>(
    "SELECT id, state FROM hooks WHERE id = ANY($1) ORDER BY id FOR SHARE",
    hookIds,
  );
  for (const { id, state } of hooks) {
    for (const isPing of [true, false]) {
      const because = keptBecause(state, { isPing });
      if (because !== null) await queries.run(KEEP_DUE, ids, id, isPing, because, nowMs);
    }
  }
}

const KEEP_DUE = `UPDATE deliveries SET because = $4, next_at_ms = NULL, is_leased = false
  WHERE id = ANY($1) AND hook_id = $2 AND (sequence IS NULL) = $3 AND next_at_ms <= $5`;
