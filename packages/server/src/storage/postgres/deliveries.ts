import type { DeliveryId } from "@trulinks/protocol";
import type { AttemptRecord, Exchange, WaitingBecause } from "../../webhooks/delivery.ts";
import type { HookState } from "../../webhooks/hook.ts";
import type { Delivery, WebhookStore } from "../../webhooks/store.ts";
import { pageOfFindings } from "../delivery-search.ts";
import { EVENT_COLUMNS, type EventColumns, toEvent } from "../event-row.ts";
import { keptBecause } from "../kept-because.ts";
import { toOwner } from "../owner-columns.ts";
import type { Database, Queries } from "./database.ts";
import { withinReach } from "./delivery-filter.ts";
import { type DeliveryRow, toView } from "./delivery-row.ts";
import { binding, search } from "./search.ts";

type DeliveryVerbs = Pick<WebhookStore, "listDeliveries" | "findDelivery">;

export function createDeliveries(database: Database): DeliveryVerbs {
  return {
    async listDeliveries(filter, page) {
      const findings = await search<ShownRow>(database, { filter, page, shown });
      const attempts = await attemptsOf(
        database,
        findings.flatMap(({ rows }) => rows),
      );
      return pageOfFindings(findings, page, (row) => toDelivery(row, attempts.get(row.id) ?? []));
    },

    async findDelivery(id, reach) {
      const { values, bind } = binding();
      const row = await database.get<ShownRow & EventColumns>(
        shown(
          `SELECT deliveries.*, ${EVENT_COLUMNS} FROM deliveries JOIN events ON events.id = event_id
           WHERE deliveries.id = ${bind(id)} AND ${withinReach(reach, bind)}`,
        ),
        ...values,
      );
      if (row === undefined) return null;
      return {
        delivery: toDelivery(row, await attemptsWithExchange(database, id)),
        event: row.payload_gone ? null : toEvent(row),
      };
    },
  };
}

/** A delivery and what its hook, if there still is one, does with it. */
interface ShownRow extends DeliveryRow, HookColumns {}

interface HookColumns {
  readonly hook_state: HookState | null;
  readonly is_held: boolean | null;
  readonly is_behind: boolean | null;
}

const shown = (found: string): string => `
  SELECT found.*, hooks.state AS hook_state, found.round < hooks.round AS is_held,
    hooks.serial AND found.state = 'waiting' AND EXISTS (
      SELECT FROM deliveries earlier WHERE earlier.hook_id = found.hook_id AND earlier.state = 'waiting'
        AND earlier.is_leased = ANY (ARRAY[true, false]) AND earlier.sequence < found.sequence) AS is_behind
  FROM (${found}) found LEFT JOIN hooks ON hooks.id = found.hook_id ORDER BY found.id DESC`;

function toDelivery(row: ShownRow, attempts: readonly AttemptRecord[]): Delivery {
  const kept = keptFor(row);
  return {
    id: row.id,
    eventId: row.event_id,
    type: row.type,
    hookId: row.hook_id,
    hookOwner: toOwner(row),
    userId: row.user_id,
    grantId: row.grant_id,
    sequence: row.sequence,
    state: row.state,
    deliveredBy: row.state === "delivered" ? (row.delivered_by ?? "post") : null,
    because: kept ?? row.because,
    dueAtMs: row.is_leased || kept !== null ? null : row.next_at_ms,
    createdAtMs: row.created_at_ms,
    isPayloadGone: row.payload_gone,
    masked: toView(row.view)?.mask ?? [],
    key: row.key,
    expiresAtMs: row.expires_at_ms,
    attempts,
  };
}

/** All that decides why a delivery waits. */
export type WhyRow = Pick<DeliveryRow, "state" | "because" | "is_leased" | "sequence"> & HookColumns;

/** Why it waits for something else than its time; null if it does not. What is under way is not kept until it comes back. */
export function keptFor(row: WhyRow): WaitingBecause | null {
  if (row.state !== "waiting" || row.is_leased || row.hook_state === null) return null;
  const because = keptBecause(row.hook_state, { isPing: row.sequence === null });
  if (because !== null || row.sequence === null) return because;
  // Its hook delivers: it comes at the pace of the release, or behind others.
  return row.is_held || row.is_behind ? "limit" : null;
}

interface AttemptRow extends Pick<AttemptRecord, "number" | "outcome" | "status" | "guideline"> {
  readonly delivery_id: DeliveryId;
  readonly at_ms: number;
  readonly dns_ms: number | null;
  readonly connect_ms: number | null;
  readonly tls_ms: number | null;
  readonly first_byte_ms: number | null;
  readonly total_ms: number;
  readonly exchange?: string | null;
}

const ATTEMPT_COLUMNS =
  "delivery_id, number, at_ms, outcome, status, guideline, dns_ms, connect_ms, tls_ms, first_byte_ms, total_ms";

async function attemptsOf(
  queries: Queries,
  deliveries: readonly DeliveryRow[],
): Promise<ReadonlyMap<DeliveryId, readonly AttemptRecord[]>> {
  const tried = deliveries.filter((row) => row.attempts_count > 0).map((row) => row.id);
  if (tried.length === 0) return new Map();
  // LATERAL: one look into the index for each, where the planner would rather read the whole table once.
  const rows = await queries.all<AttemptRow>(
    `SELECT ${ATTEMPT_COLUMNS} FROM unnest($1::text[]) AS tried (id) CROSS JOIN LATERAL
       (SELECT * FROM attempts WHERE delivery_id = tried.id ORDER BY number) made`,
    tried,
  );
  const ofDelivery = Map.groupBy(rows, (row) => row.delivery_id);
  return new Map([...ofDelivery].map(([id, attempts]) => [id, attempts.map(toAttempt)]));
}

async function attemptsWithExchange(queries: Queries, id: DeliveryId): Promise<readonly AttemptRecord[]> {
  const rows = await queries.all<AttemptRow>(
    `SELECT ${ATTEMPT_COLUMNS}, exchange FROM attempts WHERE delivery_id = $1 ORDER BY number`,
    id,
  );
  return rows.map(toAttempt);
}

function toAttempt({ exchange = null, ...row }: AttemptRow): AttemptRecord {
  return {
    number: row.number,
    atMs: row.at_ms,
    outcome: row.outcome,
    status: row.status,
    guideline: row.guideline,
    timings: {
      dnsMs: row.dns_ms,
      connectMs: row.connect_ms,
      tlsMs: row.tls_ms,
      firstByteMs: row.first_byte_ms,
      totalMs: row.total_ms,
    },
    exchange: exchange === null ? null : (JSON.parse(exchange) as Exchange),
  };
}
