import type { AppId, HookId, UserId } from "@trulinks/protocol";
import type { Hook, HookOwner, HookState } from "../../webhooks/hook.ts";
import type { Queries } from "./database.ts";

export interface OwnerColumns {
  readonly owner_user_id: UserId | null;
  readonly owner_app_id: AppId | null;
}

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
    state: row.state,
    createdAtMs: row.created_at_ms,
  };
}

export function toOwner({ owner_user_id, owner_app_id }: OwnerColumns): HookOwner {
  if (owner_user_id !== null) return { kind: "user", userId: owner_user_id };
  // The schema has a CHECK that exactly one of the two is set.
  return { kind: "app", appId: owner_app_id as AppId };
}

export function ownerColumns(owner: HookOwner): OwnerColumns {
  return owner.kind === "user"
    ? { owner_user_id: owner.userId, owner_app_id: null }
    : { owner_user_id: null, owner_app_id: owner.appId };
}
