/**
 * Whose turn it is. For each hook `turns` has a time before which nothing of it can be claimed: one for what was never
 * tried, one for retries. Who makes something claimable notes it there, last in its transaction. Only who has claimed
 * makes a time later, and locks the row first and then looks; so the time is never too late, and what is too early is
 * set right when the hook is looked at next.
 */
import type { HookId } from "@trulinks/protocol";
import type { Database, Queries } from "./database.ts";

export type Queue = "first" | "retry";

/** Something of the hook is claimable from then on. */
export interface Turn {
  readonly hookId: HookId;
  readonly queue: Queue;
  readonly atMs: number;
}

export async function noteTurns(queries: Queries, turns: readonly Turn[]): Promise<void> {
  const earliest = new Map<HookId, { first: number | null; retry: number | null }>();
  for (const { hookId, queue, atMs } of turns) {
    const times = earliest.get(hookId) ?? { first: null, retry: null };
    times[queue] = Math.min(times[queue] ?? atMs, atMs);
    earliest.set(hookId, times);
  }
  if (earliest.size === 0) return;
  await queries.run(
    NOTE,
    [...earliest.keys()],
    [...earliest.values()].map(({ first }) => first),
    [...earliest.values()].map(({ retry }) => retry),
  );
}

/** Whatever it is that is claimable now, tried or not. */
export function noteBoth(queries: Queries, hookIds: readonly HookId[], nowMs: number): Promise<void> {
  return noteTurns(
    queries,
    hookIds.flatMap((hookId) => [
      { hookId, queue: "first", atMs: nowMs },
      { hookId, queue: "retry", atMs: nowMs },
    ]),
  );
}

/** Something of these hooks has ended: where they are serial, the next one's turn has come. */
export async function noteEnds(queries: Queries, hookIds: readonly HookId[], nowMs: number): Promise<void> {
  if (hookIds.length === 0) return;
  const serial = await queries.all<{ readonly id: HookId }>(
    "SELECT id FROM hooks WHERE id = ANY($1) AND serial",
    [...new Set(hookIds)],
  );
  await noteBoth(
    queries,
    serial.map(({ id }) => id),
    nowMs,
  );
}

// Written even if the time stays: whoever passes the turn just now has the row locked, and may be about to find that
// there is nothing. Locked in one order, as several nodes may note several hooks.
const NOTE = `
  WITH noted AS (
    SELECT turns.hook_id, noted.first_at_ms, noted.retry_at_ms
    FROM unnest($1::text[], $2::bigint[], $3::bigint[]) AS noted (hook_id, first_at_ms, retry_at_ms)
    JOIN turns ON turns.hook_id = noted.hook_id ORDER BY turns.hook_id FOR NO KEY UPDATE OF turns
  )
  UPDATE turns SET first_at_ms = least(turns.first_at_ms, noted.first_at_ms),
    retry_at_ms = least(turns.retry_at_ms, noted.retry_at_ms)
  FROM noted WHERE turns.hook_id = noted.hook_id`;

export interface TurnRequest {
  readonly queue: Queue;
  readonly nowMs: number;
  readonly exceptHooks: readonly HookId[];
  /** Undefined: of all hooks. */
  readonly onlyHooks: readonly HookId[] | undefined;
  readonly countMax: number;
}

/** Hooks whose turn has come, longest first. */
export async function findTurns(
  queries: Queries,
  { queue, nowMs, exceptHooks, onlyHooks, countMax }: TurnRequest,
): Promise<readonly HookId[]> {
  const rows = onlyHooks
    ? await queries.all<TurnRow>(FIND_ONLY[queue], nowMs, exceptHooks, countMax, onlyHooks)
    : await queries.all<TurnRow>(FIND[queue], nowMs, exceptHooks, countMax);
  return rows.map((row) => row.hook_id);
}

interface TurnRow {
  readonly hook_id: HookId;
}

const find = (queue: Queue, only = ""): string => `SELECT hook_id FROM turns
  WHERE ${queue}_at_ms <= $1 AND hook_id <> ALL($2) ${only} ORDER BY ${queue}_at_ms, hook_id LIMIT $3`;

const FIND = { first: find("first"), retry: find("retry") } as const;
const ONLY = "AND hook_id = ANY($4)";
const FIND_ONLY = { first: find("first", ONLY), retry: find("retry", ONLY) } as const;

/** A hook whose turn was looked at. */
export interface Looked {
  readonly queue: Queue;
  readonly hookId: HookId;
  /** However long more of it has been due, it comes after those that were not given anything. */
  readonly isGiven: boolean;
}

/** Notes when the hooks that were looked at have their next turns. */
export function passTurns(
  database: Pick<Database, "transact">,
  looked: readonly Looked[],
  nowMs: number,
): Promise<void> {
  return database.transact(async (transaction) => {
    // Nobody waits for the disk here: what is lost with the server is only a time that was not made later.
    await transaction.run("SET LOCAL synchronous_commit = off");
    for (const queue of ["first", "retry"] as const) {
      const ofQueue = looked.filter((one) => one.queue === queue);
      if (ofQueue.length === 0) continue;
      const held = await transaction.all<TurnRow>(
        HOLD,
        ofQueue.map(({ hookId }) => hookId),
      );
      // Now that nobody can note anything: what was noted before is seen, what comes later makes it earlier again.
      await transaction.run(
        PASS[queue],
        held.map((row) => row.hook_id),
        ofQueue.filter(({ isGiven }) => isGiven).map(({ hookId }) => hookId),
        nowMs,
      );
    }
  });
}

const HOLD = `SELECT hook_id FROM turns WHERE hook_id = ANY($1) ORDER BY hook_id FOR NO KEY UPDATE SKIP LOCKED`;

/**
 * What of `hooks.id` is under way, pings apart. Said so that the hook's own index is the one that serves, and not that of
 * all leases.
 */
export const UNDER_WAY = `hook_id = hooks.id AND state = 'waiting' AND is_leased = ANY (ARRAY[true]) AND sequence IS NOT NULL`;

// One look into an index each. A serial hook whose first in line is under way has its turn at the latest when that
// lease ends. What only pings can be claimed of has no rounds.
const heads = (queue: Queue): string => {
  const isTried = queue === "first" ? "attempts_count = 0" : "attempts_count > 0";
  const waits = `state = 'waiting' AND NOT is_leased`;
  return `CASE
    WHEN hooks.state = 'active' AND NOT hooks.serial THEN
      (SELECT next_at_ms FROM deliveries WHERE hook_id = hooks.id AND round = hooks.round AND ${waits} AND ${isTried}
       ORDER BY next_at_ms LIMIT 1)
    WHEN hooks.state <> 'disabled' THEN least(
      (SELECT min(next_at_ms) FROM deliveries
       WHERE hook_id = hooks.id AND sequence IS NULL AND ${waits} AND ${isTried}),
      CASE WHEN hooks.state = 'active' THEN coalesce(
        (SELECT min(next_at_ms) FROM deliveries WHERE ${UNDER_WAY}),
        (SELECT next_at_ms FROM (SELECT next_at_ms, attempts_count, round FROM deliveries
           WHERE hook_id = hooks.id AND sequence IS NOT NULL AND ${waits} ORDER BY sequence LIMIT 1) head
         WHERE ${isTried} AND round = hooks.round)
      ) END
    ) END`;
};

const pass = (queue: Queue): string => `UPDATE turns SET ${queue}_at_ms =
    next.at_ms + CASE WHEN hooks.id = ANY($2) THEN greatest($3 - next.at_ms, 0) ELSE 0 END
  FROM hooks, LATERAL (SELECT ${heads(queue)} AS at_ms) next
  WHERE hooks.id = turns.hook_id AND turns.hook_id = ANY($1)`;

const PASS = { first: pass("first"), retry: pass("retry") } as const;

interface NearRow {
  readonly noted_ms: number;
  readonly first_at_ms: number | null;
  readonly retry_at_ms: number | null;
}

// More than a few hooks whose turn is noted too early, all before any that is not: then the answer is too early, too.
const NEAR_MAX = 32;

/** When anything can be claimed next; null if nothing ever can. */
export async function findNextDue(queries: Queries, exceptHooks: readonly HookId[]): Promise<number | null> {
  const near = await queries.all<NearRow>(NEAR, exceptHooks, NEAR_MAX);
  const leased = await queries.get<{ readonly next_at_ms: number }>(FIRST_LEASED, exceptHooks);
  const times = near.flatMap(({ first_at_ms, retry_at_ms }) => [first_at_ms, retry_at_ms]);
  const unseen = near.length < NEAR_MAX ? null : near.at(-1)?.noted_ms;
  const known = [...times, unseen, leased?.next_at_ms].filter((timeMs) => timeMs != null);
  return known.length === 0 ? null : Math.min(...known);
}

const NEAR = `
  WITH noted AS (
    (SELECT hook_id, first_at_ms AS noted_ms FROM turns WHERE first_at_ms IS NOT NULL AND hook_id <> ALL($1)
     ORDER BY first_at_ms, hook_id LIMIT $2)
    UNION ALL
    (SELECT hook_id, retry_at_ms FROM turns WHERE retry_at_ms IS NOT NULL AND hook_id <> ALL($1)
     ORDER BY retry_at_ms, hook_id LIMIT $2)
  ),
  near AS (SELECT hook_id, min(noted_ms) AS noted_ms FROM noted GROUP BY hook_id ORDER BY 2, 1 LIMIT $2)
  SELECT near.noted_ms, ${heads("first")} AS first_at_ms, ${heads("retry")} AS retry_at_ms
  FROM near JOIN hooks ON hooks.id = near.hook_id ORDER BY near.noted_ms`;

const FIRST_LEASED = `SELECT next_at_ms FROM deliveries
  WHERE state = 'waiting' AND is_leased AND hook_id <> ALL($1) ORDER BY next_at_ms LIMIT 1`;
