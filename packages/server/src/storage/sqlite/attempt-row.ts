import { strict as assert } from "node:assert";
import type { AttemptRecord, Exchange } from "../../webhooks/delivery.ts";
import type { Database } from "./database.ts";

/** Far more than any policy and any patience with redelivering comes to; the row's key has room for as many. */
const ATTEMPTS_MAX = 4_096;

interface AttemptRow extends Pick<AttemptRecord, "outcome" | "status" | "guideline"> {
  readonly key: number;
  readonly at_ms: number;
  readonly dns_ms: number | null;
  readonly connect_ms: number | null;
  readonly tls_ms: number | null;
  readonly first_byte_ms: number | null;
  readonly total_ms: number;
  readonly exchange?: string | null;
}

/** The first and the last key that attempts of this delivery can have. */
export function attemptKeysOf(deliveryKey: number): readonly [number, number] {
  return [deliveryKey * ATTEMPTS_MAX, deliveryKey * ATTEMPTS_MAX + ATTEMPTS_MAX - 1];
}

/** `exchange`: that of the attempt, as JSON. */
export function insertAttempt(
  database: Database,
  deliveryKey: number,
  { attempt, exchange }: { readonly attempt: AttemptRecord; readonly exchange: string | null },
): void {
  const { number, atMs, outcome, status, guideline, timings } = attempt;
  assert(number < ATTEMPTS_MAX, `attempt ${number} is one too many`);
  database.run(
    `INSERT INTO attempts (key, at_ms, outcome, status, guideline, dns_ms, connect_ms, tls_ms, first_byte_ms, total_ms, exchange)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    deliveryKey * ATTEMPTS_MAX + number,
    atMs,
    outcome,
    status,
    guideline,
    timings.dnsMs,
    timings.connectMs,
    timings.tlsMs,
    timings.firstByteMs,
    timings.totalMs,
    exchange,
  );
}

/** By number, ascending; what was sent and answered only if it is asked for. */
export function attemptsOf(
  database: Database,
  deliveryKey: number,
  { withExchange }: { readonly withExchange: boolean },
): readonly AttemptRecord[] {
  return database
    .all<AttemptRow>(withExchange ? WITH_EXCHANGE : WITHOUT_EXCHANGE, ...attemptKeysOf(deliveryKey))
    .map(toAttempt);
}

const columns = (exchange: string): string =>
  `SELECT key, at_ms, outcome, status, guideline, dns_ms, connect_ms, tls_ms, first_byte_ms, total_ms${exchange}
   FROM attempts WHERE key BETWEEN ? AND ? ORDER BY key`;

const WITHOUT_EXCHANGE = columns("");
const WITH_EXCHANGE = columns(", exchange");

function toAttempt({ exchange = null, ...row }: AttemptRow): AttemptRecord {
  return {
    number: row.key % ATTEMPTS_MAX,
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
