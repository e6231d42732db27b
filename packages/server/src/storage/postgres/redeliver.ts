/**
 * Makes deliveries wait once more. Their grants and hooks are locked, as when they were stored: whoever would end one of
 * those waits, or is heeded.
 */
import type { DeliveryId, EventId, GrantId, HookId, ReplayId } from "@trulinks/protocol";
import type { DeliveryState } from "../../webhooks/delivery.ts";
import type { EventTypeDefinition } from "../../webhooks/event-type.ts";
import { judgeRedelivery, type Redelivery } from "../../webhooks/redelivery.ts";
import type { Redelivered } from "../../webhooks/replay-store.ts";
import type { DeliveryReach } from "../../webhooks/store.ts";
import type { View } from "../../webhooks/view.ts";
import type { ScopeTerms } from "../../webhooks/view-now.ts";
import type { Database, Queries, Transaction } from "./database.ts";
import { withinReach } from "./delivery-filter.ts";
import { toView } from "./delivery-row.ts";
import { noteTurns, type Turn } from "./due.ts";
import { type HookRow, holdHooks, toHook } from "./hook-row.ts";

/** See `ReplayStore.redeliver`. */
export function redeliver(
  database: Database,
  id: DeliveryId,
  { reach, nowMs }: { readonly reach: DeliveryReach; readonly nowMs: number },
): Promise<Redelivered> {
  return database.transact(async (transaction) => {
    const values: unknown[] = [];
    const bind = (value: unknown): string => `$${values.push(value)}`;
    const where = `id = ${bind(id)} AND ${withinReach(reach, bind)}`;
    const found = await transaction.get(`SELECT 1 FROM deliveries WHERE ${where}`, ...values);
    if (found === undefined) return { kind: "unknown" };
    const judged = (await redeliverAll(transaction, [id], { replayId: null, nowMs })).get(id);
    if (judged === undefined) return { kind: "unknown" };
    return judged.kind === "refused" ? judged : { kind: "waiting" };
  });
}

export interface Redelivering {
  readonly replayId: ReplayId | null;
  readonly nowMs: number;
}

interface FoundRow {
  readonly id: DeliveryId;
  readonly hook_id: HookId;
  readonly grant_id: GrantId | null;
}

interface HeldRow extends FoundRow {
  readonly event_id: EventId;
  readonly type: string;
  readonly sequence: number | null;
  readonly state: DeliveryState;
  readonly is_leased: boolean;
  readonly attempts_count: number;
  readonly view: string | null;
  readonly sensitive: string | null;
  readonly is_gone: boolean;
}

/** What became of each; those that are gone are left out. */
export async function redeliverAll(
  transaction: Transaction,
  ids: readonly DeliveryId[],
  redelivering: Redelivering,
): Promise<ReadonlyMap<DeliveryId, Redelivery>> {
  const found = await transaction.all<FoundRow>(FOUND, ids);
  const scopes = await holdGrants(transaction, found);
  const hooks = await lockHooks(transaction, found);
  const rows = await transaction.all<HeldRow>(HELD, ids);
  const terms = await findTerms(transaction, rows);

  const judged = new Map<DeliveryId, Redelivery>();
  const again: { readonly row: HeldRow; readonly view: View | null }[] = [];
  for (const row of rows) {
    const hook = hooks.get(row.hook_id) ?? null;
    const sensitive = row.sensitive === null ? [] : (JSON.parse(row.sensitive) as readonly string[]);
    const redelivery = judgeRedelivery({
      state: row.state,
      isUnderWay: row.is_leased,
      isPing: row.sequence === null,
      attempts: row.attempts_count,
      hook: hook === null ? null : toHook(hook),
      grantScopes: row.grant_id === null ? null : (scopes.get(row.grant_id) ?? "ended"),
      stored: { view: toView(row.view), sensitive },
      isPayloadGone: row.is_gone,
      terms: terms.get(row.type) ?? null,
    });
    judged.set(row.id, redelivery);
    if (redelivery.kind === "again") again.push({ row, view: redelivery.view });
  }
  if (again.length === 0) return judged;
  await transaction.run(
    AGAIN,
    again.map(({ row }) => row.id),
    again.map(({ view }) => (view === null ? null : JSON.stringify(view))),
    redelivering.nowMs,
    redelivering.replayId,
  );
  await noteTurns(
    transaction,
    again.flatMap(({ row }) => turnsOf(row, hooks.get(row.hook_id), redelivering.nowMs)),
  );
  return judged;
}

const FOUND = "SELECT id, hook_id, grant_id FROM deliveries WHERE id = ANY($1)";

async function holdGrants(
  queries: Queries,
  found: readonly FoundRow[],
): Promise<ReadonlyMap<GrantId, readonly string[]>> {
  const ids = new Set(found.map((row) => row.grant_id).filter((id) => id !== null));
  if (ids.size === 0) return new Map();
  const live = await queries.all<{ readonly id: GrantId; readonly scopes: string }>(
    "SELECT id, scopes FROM grants WHERE id = ANY($1) ORDER BY id FOR KEY SHARE",
    [...ids],
  );
  return new Map(live.map(({ id, scopes }) => [id, JSON.parse(scopes) as readonly string[]]));
}

async function lockHooks(
  queries: Queries,
  found: readonly FoundRow[],
): Promise<ReadonlyMap<HookId, HookRow>> {
  const ids = [...new Set(found.map((row) => row.hook_id))];
  await holdHooks(queries, ids);
  const rows = await queries.all<HookRow>("SELECT * FROM hooks WHERE id = ANY($1)", ids);
  return new Map(rows.map((row) => [row.id, row]));
}

const HELD = `SELECT deliveries.id, hook_id, grant_id, event_id, deliveries.type, sequence, state, is_leased, attempts_count,
    view, events.sensitive, events.data = '' OR payload_gone AS is_gone
  FROM deliveries JOIN events ON events.id = event_id WHERE deliveries.id = ANY($1)
  ORDER BY deliveries.id FOR NO KEY UPDATE OF deliveries`;

/** See `RedeliveryFacts.terms`; types that there never were are left out. */
async function findTerms(
  queries: Queries,
  rows: readonly HeldRow[],
): Promise<ReadonlyMap<string, ScopeTerms>> {
  const types = [...new Set(rows.map((row) => row.type))];
  const newest = await queries.all<{ readonly type: string; readonly scopes: string }>(NEWEST, types);
  const versions = await queries.all<{ readonly type: string; readonly fields: string }>(VERSIONS, types);
  const ofType = Map.groupBy(versions, ({ type }) => type);
  return new Map(
    newest.map(({ type, scopes }) => {
      const fieldScopes = (ofType.get(type) ?? []).flatMap(
        ({ fields }) => JSON.parse(fields) as EventTypeDefinition["fieldScopes"],
      );
      return [type, { scopes: JSON.parse(scopes) as EventTypeDefinition["scopes"], fieldScopes }];
    }),
  );
}

const NEWEST = `SELECT type, (definition::json -> 'scopes')::text AS scopes
  FROM event_types JOIN event_type_versions USING (type, version) WHERE type = ANY($1)`;
const VERSIONS = `SELECT DISTINCT type, (definition::json -> 'fieldScopes')::text AS fields
  FROM event_type_versions WHERE type = ANY($1)`;

// It is of its hook's round: where the hook does not deliver, that one ends before anything of it can be claimed.
const AGAIN = `UPDATE deliveries SET state = 'waiting', because = 'due', next_at_ms = $3::bigint, round = hooks.round,
    tried_before = attempts_count, ended_at_ms = NULL, delivered_by = NULL, view = again.view,
    expires_at_ms = CASE WHEN expires_at_ms > $3::bigint THEN expires_at_ms END,
    redelivered_at_ms = $3::bigint, replay_id = $4::text, is_released = true
  FROM unnest($1::text[], $2::text[]) AS again (id, view), hooks
  WHERE deliveries.id = again.id AND hooks.id = deliveries.hook_id`;

/** Where the hook is serial it may be that the turn of another has come. */
function turnsOf(row: HeldRow, hook: HookRow | undefined, nowMs: number): readonly Turn[] {
  const [first, retry] = (["first", "retry"] as const).map(
    (queue): Turn => ({ hookId: row.hook_id, queue, atMs: nowMs }),
  );
  if (first === undefined || retry === undefined) return [];
  if (hook?.serial) return [first, retry];
  return [row.attempts_count > 0 ? retry : first];
}
