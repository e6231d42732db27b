import type { DeliveryId } from "@trulinks/protocol";
import type { ClaimedEvent } from "../../webhooks/claim.ts";
import type { AttemptRecord, Exchange } from "../../webhooks/delivery.ts";
import type { Delivery, WebhookStore } from "../../webhooks/store.ts";
import { toOwner } from "../owner-columns.ts";
import { limitOf, pageOf } from "../page-of.ts";
import type { Database, Queries } from "./database.ts";
import { type Bind, matching, withinReach } from "./delivery-filter.ts";
import type { DeliveryRow } from "./delivery-row.ts";

type DeliveryVerbs = Pick<WebhookStore, "listDeliveries" | "findDelivery">;

export function createDeliveries(database: Database): DeliveryVerbs {
  return {
    async listDeliveries(filter, page) {
      const { values, bind } = binding();
      const where = matching(filter, page.after, bind);
      const rows = await database.all<DeliveryRow>(
        `SELECT * FROM deliveries WHERE ${where} ORDER BY id DESC LIMIT ${bind(limitOf(page))}`,
        ...values,
      );
      const attempts = await attemptsOf(database, rows);
      return pageOf(rows, page, {
        key: (row) => row.id,
        item: (row) => toDelivery(row, attempts.get(row.id) ?? []),
      });
    },

    async findDelivery(id, reach) {
      const { values, bind } = binding();
      const row = await database.get<DeliveryRow & EventColumns>(
        `SELECT deliveries.*, action, data, at_ms FROM deliveries JOIN events ON events.id = event_id
         WHERE deliveries.id = ${bind(id)} AND ${withinReach(reach, bind)}`,
        ...values,
      );
      if (row === undefined) return null;
      return {
        delivery: toDelivery(row, await attemptsWithExchange(database, id)),
        event: {
          id: row.event_id,
          type: row.type,
          action: row.action,
          data: row.data,
          atMs: row.at_ms,
          trace: null,
          sensitive: [],
        },
      };
    },
  };
}

function binding(): { readonly values: readonly unknown[]; readonly bind: Bind } {
  const values: unknown[] = [];
  return { values, bind: (value) => `$${values.push(value)}` };
}

type EventColumns = Pick<ClaimedEvent, "action" | "data"> & { readonly at_ms: number };

function toDelivery(row: DeliveryRow, attempts: readonly AttemptRecord[]): Delivery {
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
    because: row.because,
    dueAtMs: row.is_leased ? null : row.next_at_ms,
    createdAtMs: row.created_at_ms,
    masked: [],
    key: null,
    expiresAtMs: null,
    attempts,
  };
}

interface AttemptRow extends Pick<AttemptRecord, "number" | "outcome" | "status" | "guideline"> {
  readonly delivery_id: DeliveryId;
  readonly at_ms: number;
  readonly first_byte_ms: number | null;
  readonly total_ms: number;
  readonly exchange?: string | null;
}

const ATTEMPT_COLUMNS = "delivery_id, number, at_ms, outcome, status, guideline, first_byte_ms, total_ms";

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
    timings: { firstByteMs: row.first_byte_ms, totalMs: row.total_ms },
    exchange: exchange === null ? null : (JSON.parse(exchange) as Exchange),
  };
}
