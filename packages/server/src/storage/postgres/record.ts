import { ID_CHANCE_BYTES, makeId, type UserId } from "@trulinks/protocol";
import type { Dice } from "../../base/dice.ts";
import type { Erasure, RecordStore } from "../../webhooks/record-store.ts";
import { firstIdAt } from "../delivery-search.ts";
import { type ErasureRow, toErasure } from "../erasure-row.ts";
import type { Database, Queries } from "./database.ts";
import { revoke } from "./endings.ts";
import { type EndingRow, endOldPayloads, endPayloadsOf } from "./payloads.ts";
import { lockSweeping } from "./sweep.ts";

export function createRecord(database: Database, dice: Pick<Dice, "bytes">): RecordStore {
  return {
    startErasure: (userId, nowMs) =>
      database.transact(async (transaction) => {
        const user = await transaction.get("SELECT 1 FROM users WHERE id = $1 FOR UPDATE", userId);
        const about = { user_id: userId, through_id: "", before_id: "~" };
        if (user === undefined && (await rowsAbout(transaction, about, 1)).length === 0) return null;
        await transaction.run("UPDATE users SET name = NULL, email = NULL WHERE id = $1", userId);
        await revoke(transaction, nowMs, "user_id = $2", userId);
        return beginErasure(transaction, dice, { userId, nowMs });
      }),

    async findErasure(id) {
      const row = await database.get<ErasureRow>("SELECT * FROM erasures WHERE id = $1", id);
      return row === undefined ? null : toErasure(row);
    },

    erase: (nowMs, countMax) => database.transact((transaction) => erase(transaction, nowMs, countMax)),
    endPayloads: (end) => endOldPayloads(database, end),
  };
}

/** What waits for the user must have been revoked. */
export async function beginErasure(
  queries: Queries,
  dice: Pick<Dice, "bytes">,
  { userId, nowMs }: { readonly userId: UserId; readonly nowMs: number },
): Promise<Erasure> {
  const id = makeId("erasure", nowMs, dice.bytes(ID_CHANCE_BYTES));
  await queries.run(
    `INSERT INTO erasures (id, user_id, before_id, through_id, events, deliveries, attempts, started_at_ms)
     VALUES ($1, $2, $3, '', 0, 0, 0, $4)`,
    id,
    userId,
    firstIdAt(nowMs + 1),
    nowMs,
  );
  return { id, userId, events: 0, deliveries: 0, attempts: 0, startedAtMs: nowMs, endedAtMs: null };
}

async function erase(queries: Queries, nowMs: number, countMax: number): Promise<Erasure | null> {
  await lockSweeping(queries);
  const row = await queries.get<ErasureRow>(
    "SELECT * FROM erasures WHERE ended_at_ms IS NULL ORDER BY id LIMIT 1",
  );
  if (row === undefined) return null;
  const rows = await rowsAbout(queries, row, countMax);
  // Published before it began and stored after, or delivered anew since.
  const waiting = rows.filter(({ state }) => state === "waiting").map(({ id }) => id);
  if (waiting.length > 0) await revoke(queries, nowMs, "id = ANY($2)", waiting);
  const ended = await endPayloadsOf(queries, rows);
  const kept = await queries.get<ErasureRow>(
    KEEP,
    row.id,
    rows.at(-1)?.id ?? row.through_id,
    ended.events,
    ended.deliveries,
    ended.attempts,
    rows.length < countMax ? nowMs : null,
  );
  return kept === undefined ? null : toErasure(kept);
}

const KEEP = `UPDATE erasures SET through_id = $2, events = events + $3, deliveries = deliveries + $4,
  attempts = attempts + $5, ended_at_ms = $6 WHERE id = $1 RETURNING *`;

interface AboutRow extends EndingRow {
  readonly state: string;
}

/** By id, ascending: what concerns the user, and the pings of its own hooks but for those that wait. */
function rowsAbout(
  queries: Queries,
  { user_id, through_id, before_id }: Pick<ErasureRow, "user_id" | "through_id" | "before_id">,
  countMax: number,
): Promise<readonly AboutRow[]> {
  return queries.all<AboutRow>(ABOUT, user_id, through_id, before_id, countMax);
}

// A range in the whole order of each index, which no other index can give (`delivery-filter.ts`).
const about = (column: string, condition: string): string => `(SELECT id, event_id, state FROM deliveries
  WHERE (${column}, id) > ($1::text, $2::text) AND (${column}, id) < ($1::text, $3::text) AND ${condition}
  ORDER BY ${column}, id LIMIT $4)`;

const ABOUT = `SELECT * FROM (${about("user_id", "user_id IS NOT NULL")} UNION ALL
  ${about("owner_user_id", "owner_user_id IS NOT NULL AND user_id IS NULL AND state <> 'waiting'")}) about
  ORDER BY id LIMIT $4`;
