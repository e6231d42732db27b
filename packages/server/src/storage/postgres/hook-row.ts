import type { HookId } from "@trulinks/protocol";
import type { FilterCondition } from "../../webhooks/filter.ts";
import type { Hook, HookState } from "../../webhooks/hook.ts";
import { HEALTH_COLUMNS, type HealthColumns, healthValues, toHealth } from "../health-columns.ts";
import { hostOf } from "../host-of.ts";
import { type OwnerColumns, ownerColumns, toOwner } from "../owner-columns.ts";
import type { Queries } from "./database.ts";

export interface HookRow extends OwnerColumns, HealthColumns {
  readonly id: HookId;
  readonly state: HookState;
  readonly last_sequence: number;
  readonly url: string;
  readonly events: readonly string[];
  readonly filter: string;
  readonly include: string | null;
  readonly secret_per: "user" | "hook";
  readonly signature: "standard" | "github";
  readonly verify_tls: boolean;
  readonly ca: string | null;
  readonly ack_deadline_ms: number;
  readonly retries: "default" | "none";
  readonly in_flight_max: number;
  readonly serial: boolean;
  readonly created_at_ms: number;
  /** What waits and is of an earlier round is kept. */
  readonly round: number;
}

export function findHookRow(queries: Queries, id: HookId): Promise<HookRow | undefined> {
  return queries.get<HookRow>("SELECT * FROM hooks WHERE id = $1", id);
}

/** The hook then stays as it is until the transaction ends, but for what the transaction itself does. */
export function lockHookRow(queries: Queries, id: HookId): Promise<HookRow | undefined> {
  return queries.get<HookRow>("SELECT * FROM hooks WHERE id = $1 FOR NO KEY UPDATE", id);
}

/** The hooks then neither change nor end until the transaction does. In the order in which everybody locks them. */
export async function holdHooks(queries: Queries, ids: readonly HookId[]): Promise<void> {
  await queries.run(
    "SELECT count(*) FROM (SELECT 1 FROM hooks WHERE id = ANY($1) ORDER BY id FOR SHARE) held",
    ids,
  );
}

export function toHook(row: HookRow): Hook {
  return {
    id: row.id,
    owner: toOwner(row),
    url: row.url,
    events: row.events,
    filter: row.filter === NO_FILTER ? [] : (JSON.parse(row.filter) as readonly FilterCondition[]),
    include: row.include === null ? null : (JSON.parse(row.include) as readonly string[]),
    secretPer: row.secret_per,
    signature: row.signature,
    verifyTls: row.verify_tls,
    ca: row.ca,
    ackDeadlineMs: row.ack_deadline_ms,
    retries: row.retries,
    inFlightMax: row.in_flight_max,
    serial: row.serial,
    state: row.state,
    health: toHealth(row),
    createdAtMs: row.created_at_ms,
  };
}

const NO_FILTER = "[]";

/** The hook's columns, and its values in the same order. The first is its id. */
export const HOOK_COLUMNS = [
  ...[
    "id",
    "owner_user_id",
    "owner_app_id",
    "state",
    "url",
    "host",
    "events",
    "filter",
    "include",
    "secret_per",
  ],
  ...[
    "signature",
    "verify_tls",
    "ca",
    "ack_deadline_ms",
    "retries",
    "in_flight_max",
    "serial",
    "created_at_ms",
  ],
  ...HEALTH_COLUMNS,
] as const;

export function hookValues(hook: Hook): readonly unknown[] {
  const { owner_user_id, owner_app_id } = ownerColumns(hook.owner);
  const { filter, include } = hook;
  return [
    ...[hook.id, owner_user_id, owner_app_id, hook.state, hook.url, hostOf(hook.url), hook.events],
    ...[JSON.stringify(filter), include === null ? null : JSON.stringify(include), hook.secretPer],
    ...[hook.signature, hook.verifyTls, hook.ca, hook.ackDeadlineMs, hook.retries, hook.inFlightMax],
    ...[hook.serial, hook.createdAtMs],
    ...healthValues(hook.health),
  ];
}
