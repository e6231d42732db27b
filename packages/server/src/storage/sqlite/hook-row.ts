import type { HookId } from "@trulinks/protocol";
import type { Hook, HookState } from "../../webhooks/hook.ts";
import { type HealthColumns, toHealth } from "../health-columns.ts";
import { type OwnerColumns, toOwner } from "../owner-columns.ts";
import type { Database } from "./database.ts";

export interface HookRow extends OwnerColumns, HealthColumns {
  readonly id: HookId;
  readonly state: HookState;
  readonly sequence_key: number;
  readonly url: string;
  readonly events: string;
  readonly secret_per: "user" | "hook";
  readonly signature: "standard" | "github";
  readonly verify_tls: number;
  readonly ca: string | null;
  readonly ack_deadline_ms: number;
  readonly retries: "default" | "none";
  readonly in_flight_max: number;
  readonly filter: string;
  readonly include: string | null;
  readonly serial: number;
  readonly created_at_ms: number;
}

export function findHookRow(database: Database, id: HookId): HookRow | undefined {
  return database.get<HookRow>("SELECT * FROM hooks WHERE id = ?", id);
}

export function toHook(row: HookRow): Hook {
  return {
    id: row.id,
    owner: toOwner(row),
    url: row.url,
    events: JSON.parse(row.events) as readonly string[],
    secretPer: row.secret_per,
    signature: row.signature,
    verifyTls: row.verify_tls === 1,
    ca: row.ca,
    ackDeadlineMs: row.ack_deadline_ms,
    retries: row.retries,
    inFlightMax: row.in_flight_max,
    filter: JSON.parse(row.filter) as Hook["filter"],
    include: row.include === null ? null : (JSON.parse(row.include) as readonly string[]),
    serial: row.serial === 1,
    state: row.state,
    health: toHealth(row),
    createdAtMs: row.created_at_ms,
  };
}
