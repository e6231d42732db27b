import type { HookId } from "@trulinks/protocol";
import type { Settlement } from "../../webhooks/store.ts";
import { SOUND_COLUMNS } from "../health-columns.ts";
import type { Database, Queries, Transaction } from "./database.ts";
import { noteEnds, noteTurns, type Turn } from "./due.ts";
import { activate } from "./hold.ts";
import { holdHooks, lockHookRow } from "./hook-row.ts";

/** What follows is the same for all that are settled so; unless it is a ping, which only the store can tell. */
export type Settling = "end" | "retry" | "alone";

export function settlingOf({ next }: Settlement): Settling {
  if (next.kind === "retry") return "retry";
  return next.kind === "failed" && next.because === "gone" ? "alone" : "end";
}

/** Settles many in one statement; each delivery at most once among them. What it cannot is settled alone. */
export async function settleEnds(
  database: Database,
  settlements: readonly Settlement[],
): Promise<readonly boolean[]> {
  const rows = await database.all<{ readonly id: string }>(SETTLE_ENDS, ...settlementArrays(settlements));
  const moved = new Set(rows.map((row) => row.id));
  const settled: boolean[] = [];
  for (const settlement of settlements) {
    settled.push(moved.has(settlement.deliveryId) || (await settleAlone(database, settlement)));
  }
  return settled;
}

/** Settles many that are tried again; each delivery at most once among them. */
export function settleRetries(
  database: Database,
  settlements: readonly Settlement[],
): Promise<readonly boolean[]> {
  return database.transact(async (transaction) => {
    const hooks = await transaction.all<{ readonly hook_id: HookId }>(
      "SELECT DISTINCT hook_id FROM deliveries WHERE id = ANY($1) AND state = 'waiting'",
      settlements.map((of) => of.deliveryId),
    );
    await holdHooks(
      transaction,
      hooks.map((row) => row.hook_id),
    );
    const rows = await transaction.all<RetriedRow>(SETTLE_RETRIES, ...settlementArrays(settlements));
    await noteTurns(
      transaction,
      rows.flatMap(({ hook_id, next_at_ms }): readonly Turn[] =>
        next_at_ms === null ? [] : [{ hookId: hook_id, queue: "retry", atMs: next_at_ms }],
      ),
    );
    await noteExpired(transaction, rows, settlements);
    const moved = new Set(rows.map((row) => row.id));
    return settlements.map((of) => moved.has(of.deliveryId));
  });
}

interface RetriedRow {
  readonly id: string;
  readonly hook_id: HookId;
  /** Null: it would have come too late. */
  readonly next_at_ms: number | null;
}

function noteExpired(
  transaction: Transaction,
  rows: readonly RetriedRow[],
  settlements: readonly Settlement[],
): Promise<void> {
  const expired = rows.filter((row) => row.next_at_ms === null);
  const nowMs = Math.min(...settlements.map((of) => of.nowMs));
  return noteEnds(
    transaction,
    expired.map((row) => row.hook_id),
    nowMs,
  );
}

/** With all that may follow for the hook and what else waits for it. */
export function settleAlone(database: Database, settlement: Settlement): Promise<boolean> {
  return database.transact(async (transaction) => {
    const { deliveryId, lease, next, nowMs } = settlement;
    const delivery = await transaction.get<{ readonly hook_id: HookId; readonly sequence: number | null }>(
      "SELECT hook_id, sequence FROM deliveries WHERE id = $1 AND lease = $2 AND state = 'waiting'",
      deliveryId,
      lease,
    );
    const hook = delivery && (await lockHookRow(transaction, delivery.hook_id));
    if (hook === undefined) return false;
    const moved = await transaction.all(SETTLE_END, ...settlementArrays([settlement]));
    if (moved.length === 0) return false;
    if (next.kind === "delivered" && delivery?.sequence === null && hook.state === "pending") {
      await activate(transaction, hook.id, { nowMs, perS: null });
    }
    if (next.kind === "failed" && next.because === "gone") await disable(transaction, hook.id, nowMs);
    return true;
  });
}

async function disable(queries: Queries, hookId: HookId, nowMs: number): Promise<void> {
  await queries.run(
    `UPDATE hooks SET state = 'disabled', held_through = NULL, ${SOUND_COLUMNS}, paused_because = NULL WHERE id = $1`,
    hookId,
  );
  await queries.run(
    `UPDATE deliveries SET state = 'failed', because = NULL, next_at_ms = NULL, is_leased = false, ended_at_ms = $2
     WHERE hook_id = $1 AND state = 'waiting'`,
    hookId,
    nowMs,
  );
}

// One array for each column: a statement of its own for each row would cost a round trip each.
const COLUMNS: readonly (readonly [name: string, type: string, value: (of: Settlement) => unknown])[] = [
  ["id", "text", (of) => of.deliveryId],
  ["lease", "integer", (of) => of.lease],
  ["next", "text", (of) => of.next.kind],
  ["next_at_ms", "bigint", (of) => (of.next.kind === "retry" ? of.next.atMs : null)],
  ["now_ms", "bigint", (of) => of.nowMs],
  ["number", "integer", (of) => of.attempt.number],
  ["at_ms", "bigint", (of) => of.attempt.atMs],
  ["outcome", "text", (of) => of.attempt.outcome],
  ["status", "integer", (of) => of.attempt.status],
  ["guideline", "text", (of) => of.attempt.guideline],
  ["dns_ms", "double precision", (of) => of.attempt.timings.dnsMs],
  ["connect_ms", "double precision", (of) => of.attempt.timings.connectMs],
  ["tls_ms", "double precision", (of) => of.attempt.timings.tlsMs],
  ["first_byte_ms", "double precision", (of) => of.attempt.timings.firstByteMs],
  ["total_ms", "double precision", (of) => of.attempt.timings.totalMs],
  // As JSON: an answer may hold a NUL, which PostgreSQL takes in no text but escaped.
  ["exchange", "text", (of) => (of.attempt.exchange === null ? null : JSON.stringify(of.attempt.exchange))],
];

function settlementArrays(settlements: readonly Settlement[]): readonly (readonly unknown[])[] {
  return COLUMNS.map(([, , value]) => settlements.map(value));
}

const NAMES = COLUMNS.map(([name]) => name).join(", ");
const ARRAYS = COLUMNS.map(([, type], index) => `$${index + 1}::${type}[]`).join(", ");
/** Moves those deliveries whose fence is still the same, and keeps the attempts of those. */
// As they are named in the table of attempts, too.
const ATTEMPT_NAMES = COLUMNS.slice(COLUMNS.findIndex(([name]) => name === "number"))
  .map(([name]) => name)
  .join(", ");

const settleWith = ({
  from,
  changes,
  condition,
}: Record<"from" | "changes" | "condition", string>): string => `
  WITH settled AS (SELECT ${NAMES} FROM unnest(${ARRAYS}) AS given (${NAMES})),
  moved AS (
    UPDATE deliveries SET is_leased = false, attempts_count = settled.number, last_status = settled.status, ${changes}
    FROM settled ${from}
    WHERE deliveries.id = settled.id AND deliveries.lease = settled.lease AND deliveries.state = 'waiting'
      AND ${condition}
    RETURNING deliveries.id, deliveries.hook_id, deliveries.next_at_ms, settled.now_ms
  ),
  kept AS (
    INSERT INTO attempts (delivery_id, ${ATTEMPT_NAMES}) SELECT id, ${ATTEMPT_NAMES}
    FROM settled JOIN moved USING (id)
  )`;

const ENDED = {
  from: "",
  changes: "state = settled.next, because = NULL, next_at_ms = NULL, ended_at_ms = settled.now_ms",
};

// Where the hook is serial the next one's turn has come. Each is noted last, and all in one order (`due.ts`).
const endsWith = (condition: string): string => `${settleWith({ ...ENDED, condition })},
  freed AS (
    SELECT turns.hook_id, moved.now_ms FROM turns
    JOIN (SELECT hook_id, min(now_ms) AS now_ms FROM moved GROUP BY hook_id) moved USING (hook_id)
    JOIN hooks ON hooks.id = turns.hook_id AND hooks.serial
    ORDER BY turns.hook_id FOR NO KEY UPDATE OF turns
  ),
  noted AS (
    UPDATE turns SET first_at_ms = least(turns.first_at_ms, freed.now_ms),
      retry_at_ms = least(turns.retry_at_ms, freed.now_ms)
    FROM freed WHERE turns.hook_id = freed.hook_id
  )
  SELECT id FROM moved`;

const SETTLE_ENDS = endsWith("sequence IS NOT NULL");
const SETTLE_END = endsWith("true");

// The fence is raised: it is settled once.
const IS_LATE = "coalesce(deliveries.expires_at_ms <= settled.next_at_ms, false)";
const SETTLE_RETRIES = `${settleWith({
  from: ", hooks",
  changes: `lease = deliveries.lease + 1, round = hooks.round,
      state = CASE WHEN ${IS_LATE} THEN 'expired' ELSE 'waiting' END,
      because = CASE WHEN ${IS_LATE} THEN NULL ELSE 'retry' END,
      next_at_ms = CASE WHEN ${IS_LATE} THEN NULL ELSE settled.next_at_ms END,
      ended_at_ms = CASE WHEN ${IS_LATE} THEN settled.now_ms END`,
  condition: "hooks.id = deliveries.hook_id",
})}
  SELECT id, hook_id, next_at_ms FROM moved`;
