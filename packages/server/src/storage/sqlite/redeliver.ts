/** Makes a delivery wait once more. */
import type { DeliveryId, GrantId, ReplayId } from "@trulinks/protocol";
import type { EventTypeDefinition } from "../../webhooks/event-type.ts";
import type { Hook } from "../../webhooks/hook.ts";
import { judgeRedelivery, type Redelivery } from "../../webhooks/redelivery.ts";
import type { Redelivered } from "../../webhooks/replay-store.ts";
import type { DeliveryReach } from "../../webhooks/store.ts";
import type { View } from "../../webhooks/view.ts";
import type { ScopeTerms } from "../../webhooks/view-now.ts";
import { keptBecause } from "../kept-because.ts";
import type { Database } from "./database.ts";
import { withinReach } from "./delivery-filter.ts";
import { type DeliveryRow, toView } from "./delivery-row.ts";
import { findHookRow, toHook } from "./hook-row.ts";
import { moveUp } from "./line.ts";
import type { Ground } from "./memory.ts";

/** See `ReplayStore.redeliver`. */
export function redeliver(
  ground: Ground,
  id: DeliveryId,
  { reach, nowMs }: { readonly reach: DeliveryReach; readonly nowMs: number },
): Redelivered {
  const { database, memory } = ground;
  memory.listing.bring();
  const { where, values } = withinReach(reach);
  const row = database.get<DeliveryRow>(
    `SELECT * FROM deliveries WHERE is_listed = 1 AND id = ? AND ${where}`,
    id,
    ...values,
  );
  if (row === undefined) return { kind: "unknown" };
  const hookRow = findHookRow(database, row.hook_id);
  const hook = hookRow === undefined ? null : toHook(hookRow);
  const judged = redeliverRow(ground, row, { hook, termsOf: readTerms(database), replayId: null, nowMs });
  if (judged.kind === "refused") return judged;
  if (row.sequence !== null) moveUp(ground, row.hook_id);
  return { kind: "waiting" };
}

export interface Redelivering {
  /** Null: it is gone. */
  readonly hook: Hook | null;
  readonly termsOf: (type: string) => ScopeTerms | null;
  readonly replayId: ReplayId | null;
  readonly nowMs: number;
}

/** Whoever calls lets a serial hook's line move up afterwards. */
export function redeliverRow(ground: Ground, row: DeliveryRow, redelivering: Redelivering): Redelivery {
  const { database, memory } = ground;
  const { hook } = redelivering;
  const event = database.get<EventRow>(EVENT, row.event_id);
  const judged = judgeRedelivery({
    state: row.state,
    isUnderWay: memory.leases.isHeld(row.id),
    isPing: row.sequence === null,
    attempts: row.attempts_count,
    hook,
    grantScopes: scopesOf(database, row.grant_id),
    stored: {
      view: toView(row.view),
      sensitive: event?.sensitive == null ? [] : JSON.parse(event.sensitive),
    },
    isPayloadGone: row.payload_gone === 1 || event?.is_gone !== 0,
    terms: redelivering.termsOf(row.type),
  });
  if (judged.kind === "again" && hook !== null) {
    makeWait(ground, row, { ...redelivering, hook, view: judged.view });
  }
  return judged;
}

function makeWait(
  { database, memory }: Ground,
  row: DeliveryRow,
  {
    hook,
    replayId,
    nowMs,
    view,
  }: Omit<Redelivering, "termsOf"> & { readonly hook: Hook; readonly view: View | null },
): void {
  // A lease that ran out is nobody's any more.
  memory.leases.end(row.id);
  const isPing = row.sequence === null;
  const kept = keptBecause(hook.state, { isPing });
  const isInLine = kept === null && hook.serial && !isPing;
  // At the head of its line it has a time already, and comes back to it by moving up.
  const because = kept ?? (isInLine ? "limit" : "due");
  const nextAtMs = because === "due" ? nowMs : null;
  database.run(
    `UPDATE deliveries SET state = 'waiting', because = ?, next_at_ms = ?, tried_before = attempts_count,
       ended_at_ms = NULL, delivered_by = NULL, expires_at_ms = ?, view = ?, redelivered_at_ms = ?, replay_id = ?, is_released = 1 WHERE key = ?`,
    because,
    nextAtMs,
    row.expires_at_ms !== null && row.expires_at_ms <= nowMs ? null : row.expires_at_ms,
    view === null ? null : JSON.stringify(view),
    nowMs,
    replayId,
    row.key,
  );
  if (nextAtMs !== null) memory.turns[row.attempts_count > 0 ? "retry" : "first"].note(row.hook_id, nextAtMs);
}

function scopesOf(database: Database, grantId: GrantId | null): readonly string[] | null | "ended" {
  if (grantId === null) return null;
  const grant = database.get<{ readonly scopes: string }>("SELECT scopes FROM grants WHERE id = ?", grantId);
  return grant === undefined ? "ended" : (JSON.parse(grant.scopes) as readonly string[]);
}

interface EventRow {
  readonly sensitive: string | null;
  readonly is_gone: number;
}

const EVENT = "SELECT sensitive, data = '' AS is_gone FROM events WHERE id = ?";

/**
 * What a type asks of grants, each read once: the scopes of its newest version, and those of fields of all versions, as the
 * event may be of any. Null where there never was such a type.
 */
export function readTerms(database: Database): (type: string) => ScopeTerms | null {
  const known = new Map<string, ScopeTerms | null>();
  return (type) => {
    const terms = known.get(type) ?? termsOf(database, type);
    known.set(type, terms);
    return terms;
  };
}

function termsOf(database: Database, type: string): ScopeTerms | null {
  const newest = database.get<{ readonly scopes: string }>(
    `SELECT json_array(json_extract(definition, '$.scopes')) AS scopes
     FROM event_types JOIN event_type_versions USING (type, version) WHERE type = ?`,
    type,
  );
  if (newest === undefined) return null;
  const [scopes = null] = JSON.parse(newest.scopes) as [EventTypeDefinition["scopes"]];
  const versions = database.all<{ readonly fields: string }>(
    "SELECT DISTINCT json_extract(definition, '$.fieldScopes') AS fields FROM event_type_versions WHERE type = ?",
    type,
  );
  const fieldScopes = versions.flatMap(
    ({ fields }) => JSON.parse(fields) as EventTypeDefinition["fieldScopes"],
  );
  return { scopes, fieldScopes };
}
