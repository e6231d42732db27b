/**
 * What waits for a hook that does not deliver is kept. When it delivers again its round is raised, which keeps all that
 * is of earlier rounds until it is released: given the new round, at the hook's pace and in the order of the numbers.
 *
 * Whoever lets a delivery into a hook's queue has a lock on the hook, so that its round cannot change in between:
 * what entered a round that just ended, while nobody releases any more, would wait for ever.
 */
import type { HookId } from "@trulinks/protocol";
import { SOUND_COLUMNS } from "../health-columns.ts";
import { nextRelease, type Pace, PROBE_MS, releasable } from "../pace.ts";
import type { Database, Queries, Transaction } from "./database.ts";
import { noteBoth, noteTurns, UNDER_WAY } from "./due.ts";

/** A hook that is locked and did not deliver is active from here on. */
export async function activate(
  transaction: Transaction,
  id: HookId,
  { nowMs, perS }: { readonly nowMs: number; readonly perS: number | null },
): Promise<void> {
  await transaction.run(
    `UPDATE hooks SET state = 'active', paused_because = NULL, ${SOUND_COLUMNS}, round = round + 1,
       held_through = last_sequence, released_through = 0, release_per_s = $2, release_at_ms = $3 WHERE id = $1`,
    id,
    perS,
    nowMs,
  );
  // Pings have no place in the order.
  await transaction.run(
    `UPDATE deliveries SET round = hooks.round FROM hooks
     WHERE hooks.id = $1 AND hook_id = $1 AND deliveries.state = 'waiting' AND NOT is_leased AND sequence IS NULL`,
    id,
  );
  await noteBoth(transaction, [id], nowMs);
}

/** A hook that is locked and is being released goes on at another pace. */
export async function changePace(
  transaction: Transaction,
  id: HookId,
  { nowMs, perS }: { readonly nowMs: number; readonly perS: number | null },
): Promise<void> {
  await transaction.run(
    "UPDATE hooks SET release_per_s = $2, release_at_ms = $3 WHERE id = $1 AND held_through IS NOT NULL",
    id,
    perS,
    nowMs,
  );
}

/** The hook is not failing any more: if it is being released (else false), that goes on at its pace. */
export async function goOnReleasing(queries: Queries, id: HookId, nowMs: number): Promise<boolean> {
  const gone = await queries.all(
    "UPDATE hooks SET release_at_ms = $2 WHERE id = $1 AND held_through IS NOT NULL RETURNING id",
    id,
    nowMs,
  );
  return gone.length > 0;
}

interface Releasing {
  readonly id: HookId;
  readonly release_per_s: number | null;
  readonly release_at_ms: number;
  readonly is_failing: boolean;
  /** Something of it is still to be tried, or is being tried. */
  readonly is_trying: boolean;
}

// So many are locked at once; the rest is found when it is asked again, which the answer says is at once.
const HOOKS_MAX = 100;

/** See `WebhookStore.releaseHeld`. */
export async function releaseHeld(
  database: Database,
  nowMs: number,
  countMax: number,
): Promise<number | null> {
  const ready = await database.all<{ readonly id: HookId }>(READY, nowMs);
  if (ready.length > 0) {
    await database.transact((transaction) =>
      releaseOf(transaction, { ids: ready.map(({ id }) => id), nowMs, countMax }),
    );
  }
  const next = await database.get<{ readonly at_ms: number | null }>(NEXT);
  return next?.at_ms == null ? null : Math.max(nowMs, Math.ceil(next.at_ms));
}

const READY = `SELECT id FROM hooks WHERE state = 'active' AND held_through IS NOT NULL AND release_at_ms <= $1
  ORDER BY release_at_ms, id LIMIT ${HOOKS_MAX}`;
const NEXT = `SELECT min(release_at_ms) AS at_ms FROM hooks WHERE state = 'active' AND held_through IS NOT NULL`;

async function releaseOf(
  transaction: Transaction,
  {
    ids,
    nowMs,
    countMax,
  }: { readonly ids: readonly HookId[]; readonly nowMs: number; readonly countMax: number },
): Promise<void> {
  const hooks = await transaction.all<Releasing>(LOCK, ids);
  const shares = share(hooks, { nowMs, countMax });
  const released = await transaction.all<ReleasedRow>(
    RELEASE,
    shares.map(({ hook }) => hook.id),
    shares.map(({ count }) => count),
    nowMs,
  );
  const counts = new Map(released.map((row) => [row.hook_id, row.count]));
  await transaction.run(
    GO_ON,
    shares.map(({ hook }) => hook.id),
    shares.map(({ hook }) => nextOf(hook, counts.get(hook.id) ?? 0, nowMs)),
    released.map((row) => row.hook_id),
    released.map((row) => row.through),
  );
  await noteTurns(
    transaction,
    released.flatMap(({ hook_id, has_first, has_retry }) => [
      ...(has_first ? [{ hookId: hook_id, queue: "first", atMs: nowMs } as const] : []),
      ...(has_retry ? [{ hookId: hook_id, queue: "retry", atMs: nowMs } as const] : []),
    ]),
  );
}

// One look into an index each, and only for what is failing.
const IS_TRYING = `EXISTS (SELECT FROM deliveries WHERE hook_id = hooks.id AND round = hooks.round AND state = 'waiting'
    AND NOT is_leased AND attempts_count = 0)
  OR EXISTS (SELECT FROM deliveries WHERE hook_id = hooks.id AND round = hooks.round AND state = 'waiting'
    AND NOT is_leased AND attempts_count > 0)
  OR EXISTS (SELECT FROM deliveries WHERE ${UNDER_WAY})`;
const LOCK = `SELECT id, release_per_s, release_at_ms, failing_since_ms IS NOT NULL AS is_failing,
    CASE WHEN failing_since_ms IS NULL THEN false ELSE ${IS_TRYING} END AS is_trying
  FROM hooks WHERE id = ANY($1) AND state = 'active' AND held_through IS NOT NULL ORDER BY id FOR NO KEY UPDATE`;

interface Share {
  readonly hook: Releasing;
  readonly count: number;
}

/** Whoever has waited longest has its share first. */
function share(
  hooks: readonly Releasing[],
  { nowMs, countMax }: { readonly nowMs: number; readonly countMax: number },
): readonly Share[] {
  let room = countMax;
  const longestFirst = [...hooks].sort((one, other) => one.release_at_ms - other.release_at_ms);
  return longestFirst.map((hook) => {
    const count = Math.min(allowed(hook, nowMs), room);
    room -= count;
    return { hook, count };
  });
}

function allowed(hook: Releasing, nowMs: number): number {
  if (hook.is_failing) return hook.is_trying ? 0 : 1;
  return releasable(paceOf(hook), nowMs);
}

function nextOf(hook: Releasing, count: number, nowMs: number): number {
  return hook.is_failing ? nowMs + PROBE_MS : nextRelease(paceOf(hook), count, nowMs);
}

function paceOf({ release_per_s, release_at_ms }: Releasing): Pace {
  return { perS: release_per_s, nextAtMs: release_at_ms };
}

interface ReleasedRow {
  readonly hook_id: HookId;
  readonly count: number;
  readonly through: number;
  readonly has_first: boolean;
  readonly has_retry: boolean;
}

/** Of `hooks`: the first of what is kept. What came back since the hook is active is of its round. */
const HELD = `hook_id = hooks.id AND deliveries.state = 'waiting' AND NOT is_leased
  AND sequence > hooks.released_through AND sequence <= hooks.held_through AND deliveries.round < hooks.round`;

const RELEASE = `
  WITH released AS (
    UPDATE deliveries SET round = held.round, next_at_ms = $3, because = 'due', is_released = true
    FROM (
      SELECT held.id, hooks.round FROM unnest($1::text[], $2::integer[]) AS turn (hook_id, count)
      JOIN hooks ON hooks.id = turn.hook_id
      CROSS JOIN LATERAL (SELECT id FROM deliveries WHERE ${HELD} ORDER BY sequence LIMIT turn.count) held
    ) held
    WHERE deliveries.id = held.id AND deliveries.state = 'waiting'
    RETURNING hook_id, sequence, attempts_count
  )
  SELECT hook_id, count(*) AS count, max(sequence) AS through,
    bool_or(attempts_count = 0) AS has_first, bool_or(attempts_count > 0) AS has_retry
  FROM released GROUP BY hook_id`;

// A hook for which nothing is kept any more is done. That is looked for beyond what was just released.
const GO_ON = `
  WITH done AS (SELECT * FROM unnest($3::text[], $4::bigint[]) AS done (hook_id, through))
  UPDATE hooks SET release_at_ms = turn.next_at_ms,
    released_through = coalesce(done.through, released_through),
    held_through = CASE WHEN EXISTS (
      SELECT FROM deliveries WHERE ${HELD} AND sequence > coalesce(done.through, 0)
    ) THEN held_through END
  FROM unnest($1::text[], $2::float8[]) AS turn (hook_id, next_at_ms) LEFT JOIN done USING (hook_id)
  WHERE hooks.id = turn.hook_id`;
