import type { HookId } from "@trulinks/protocol";
import type { Hook, HookState } from "../../webhooks/hook.ts";
import { type OwnerColumns, toOwner } from "../owner-columns.ts";
import type { Queries } from "./database.ts";

export interface HookRow extends OwnerColumns {
  readonly id: HookId;
  readonly state: HookState;
  readonly last_sequence: number;
  readonly url: string;
  readonly events: readonly string[];
  readonly secret_per: "user" | "hook";
  readonly signature: "standard" | "github";
  readonly verify_tls: boolean;
  readonly ca: string | null;
  readonly ack_deadline_ms: number;
  readonly retries: "default" | "none";
  readonly in_flight_max: number;
  readonly created_at_ms: number;
}

export function findHookRow(queries: Queries, id: HookId): Promise<HookRow | undefined> {
  return queries.get<HookRow>("SELECT * FROM hooks WHERE id = $1", id);
}

/** The hook then stays as it is until the transaction ends, but for what the transaction itself does. */
export function lockHookRow(queries: Queries, id: HookId): Promise<HookRow | undefined> {
  return queries.get<HookRow>("SELECT * FROM hooks WHERE id = $1 FOR NO KEY UPDATE", id);
}

export function toHook(row: HookRow): Hook {
  return {
    id: row.id,
    owner: toOwner(row),
    url: row.url,
    events: row.events,
    secretPer: row.secret_per,
    signature: row.signature,
    verifyTls: row.verify_tls,
    ca: row.ca,
    ackDeadlineMs: row.ack_deadline_ms,
    retries: row.retries,
    inFlightMax: row.in_flight_max,
    filter: [],
    include: null,
    serial: false,
    state: row.state,
    createdAtMs: row.created_at_ms,
  };
}
