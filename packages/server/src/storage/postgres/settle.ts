import type { HookId } from "@trulinks/protocol";
import type { Settlement } from "../../webhooks/store.ts";
import { keptBecause } from "../kept-because.ts";
import type { Database, Queries } from "./database.ts";
import { freeWaiting } from "./hold.ts";
import { type HookRow, lockHookRow } from "./hook-row.ts";

/** Nothing follows but for the delivery itself; unless it is a ping, which only the store can tell. */
export function isPlain({ next }: Settlement): boolean {
  return (
    next.kind === "delivered" ||
    next.kind === "rejected" ||
    (next.kind === "failed" && next.because !== "gone")
  );
}

/** Settles many in one statement; each delivery at most once among them. What it cannot is settled alone. */
export async function settlePlain(
  database: Database,
  settlements: readonly Settlement[],
): Promise<readonly boolean[]> {
  const rows = await database.all<{ readonly id: string }>(SETTLE_PLAIN, ...settlementArrays(settlements));
  const moved = new Set(rows.map((row) => row.id));
  const settled: boolean[] = [];
  for (const settlement of settlements) {
    settled.push(moved.has(settlement.deliveryId) || (await settleAlone(database, settlement)));
  }
  return settled;
}

/** With all that may follow for the hook and what else waits for it. */
export function settleAlone(database: Database, settlement: Settlement): Promise<boolean> {
  return database.transact(async (transaction) => {
    const { deliveryId, lease, next, nowMs } = settlement;
    const delivery = await transaction.get<{ readonly hook_id: HookId; readonly sequence: number | null }>(
      "SELECT hook_id, sequence FROM deliveries WHERE id = $1 AND lease = $2 AND is_leased AND state = 'waiting'",
      deliveryId,
      lease,
    );
    const hook = delivery && (await lockHookRow(transaction, delivery.hook_id));
    if (hook === undefined) return false;
    const isPing = delivery?.sequence === null;
    if (!(await move(transaction, settlement, { hook, isPing }))) return false;
    if (next.kind === "delivered" && isPing && hook.state === "pending")
      await activate(transaction, hook.id, nowMs);
    if (next.kind === "failed" && next.because === "gone") await disable(transaction, hook.id, nowMs);
    return true;
  });
}

async function move(
  queries: Queries,
  settlement: Settlement,
  { hook, isPing }: { readonly hook: HookRow; readonly isPing: boolean },
): Promise<boolean> {
  const { next, nowMs } = settlement;
  const kept = next.kind === "retry" ? keptBecause(hook.state, { isPing }) : null;
  const isEnd = next.kind !== "retry";
  const moved = await queries.all(
    SETTLE,
    ...settlementArrays([settlement]),
    isEnd ? next.kind : "waiting",
    isEnd ? null : (kept ?? "retry"),
    isEnd || kept !== null ? null : next.atMs,
    isEnd ? nowMs : null,
  );
  return moved.length > 0;
}

/** The receiver answered a ping: a hook that waited for that delivers from here on. */
async function activate(queries: Queries, hookId: HookId, nowMs: number): Promise<void> {
  await queries.run("UPDATE hooks SET state = 'active' WHERE id = $1", hookId);
  await freeWaiting(queries, hookId, nowMs);
}

async function disable(queries: Queries, hookId: HookId, nowMs: number): Promise<void> {
  await queries.run("UPDATE hooks SET state = 'disabled' WHERE id = $1", hookId);
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
  ["ended_as", "text", (of) => of.next.kind],
  ["now_ms", "bigint", (of) => of.nowMs],
  ["number", "integer", (of) => of.attempt.number],
  ["at_ms", "bigint", (of) => of.attempt.atMs],
  ["outcome", "text", (of) => of.attempt.outcome],
  ["status", "integer", (of) => of.attempt.status],
  ["guideline", "text", (of) => of.attempt.guideline],
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
const after = (index: number): string => `$${COLUMNS.length + index}`;

/** Moves those deliveries that still have the lease, and keeps the attempts of those. */
const settleWith = (changes: string, condition: string): string => `
  WITH settled AS (SELECT ${NAMES} FROM unnest(${ARRAYS}) AS given (${NAMES})),
  moved AS (
    UPDATE deliveries SET is_leased = false, attempts_count = settled.number, last_status = settled.status, ${changes}
    FROM settled
    WHERE deliveries.id = settled.id AND deliveries.lease = settled.lease AND is_leased AND state = 'waiting'
      AND ${condition}
    RETURNING deliveries.id
  ),
  kept AS (
    INSERT INTO attempts (delivery_id, number, at_ms, outcome, status, guideline, first_byte_ms, total_ms, exchange)
    SELECT id, number, at_ms, outcome, status, guideline, first_byte_ms, total_ms, exchange
    FROM settled JOIN moved USING (id)
  )
  SELECT id FROM moved`;

const SETTLE_PLAIN = settleWith(
  "state = settled.ended_as, because = NULL, next_at_ms = NULL, ended_at_ms = settled.now_ms",
  "sequence IS NOT NULL",
);
const SETTLE = settleWith(
  `state = ${after(1)}, because = ${after(2)}, next_at_ms = ${after(3)}, ended_at_ms = ${after(4)}`,
  "true",
);
