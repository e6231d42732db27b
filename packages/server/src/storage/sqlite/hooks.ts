import type { EventId, HookId } from "@trulinks/protocol";
import type { Sealed } from "../../webhooks/claim.ts";
import type { Hook, HookOwner } from "../../webhooks/hook.ts";
import type { HookChange, HookMade, NewPing, WebhookStore } from "../../webhooks/store.ts";
import { ownerColumns } from "../owner-columns.ts";
import { limitOf, pageOf } from "../page-of.ts";
import { isApp } from "./apps.ts";
import type { Database } from "./database.ts";
import { insertDelivery } from "./delivery-row.ts";
import { endHook } from "./endings.ts";
import { freeWaiting, keepWaiting } from "./hold.ts";
import { findHookRow, type HookRow, toHook } from "./hook-row.ts";
import { isUser } from "./users.ts";
import type { Sync } from "./verbs.ts";

type HookVerbs = Pick<
  Sync<WebhookStore>,
  "createHook" | "findHook" | "listHooks" | "changeHook" | "deleteHook" | "ping"
>;

export function createHooks(database: Database): HookVerbs {
  return {
    createHook: (hook, secret, { ownedMax, knock }) => {
      const refused = refuse(database, hook.owner, ownedMax);
      if (refused !== null) return refused;
      insertHook(database, hook, secret);
      if (knock !== null) insertPing(database, hook, knock.ping);
      return { kind: "made", hook };
    },

    findHook(id) {
      const row = findHookRow(database, id);
      return row === undefined ? null : toHook(row);
    },

    listHooks(owner, page) {
      const owned = owner === null ? { where: "TRUE", values: [] } : ownedBy(owner);
      const rows = database.all<HookRow>(
        `SELECT * FROM hooks WHERE ${owned.where} AND id > ? ORDER BY id LIMIT ?`,
        ...owned.values,
        page.after ?? "",
        limitOf(page),
      );
      return pageOf(rows, page, { key: (row) => row.id, item: toHook });
    },

    changeHook(id, change, { nowMs }) {
      const hook = changeHook(database, id, change, nowMs);
      return hook === null ? { kind: "unknown-hook" } : { kind: "changed", hook };
    },
    deleteHook: (id, nowMs) => endHook(database, id, nowMs) !== null,

    ping(hookId, ping) {
      const row = findHookRow(database, hookId);
      if (row === undefined || row.state === "disabled") return false;
      insertPing(database, toHook(row), ping);
      return true;
    },
  };
}

function refuse(database: Database, owner: HookOwner, ownedMax: number): HookMade | null {
  const isKnown = owner.kind === "user" ? isUser(database, owner.userId) : isApp(database, owner.appId);
  if (!isKnown) return { kind: "unknown-owner" };
  const { where, values } = ownedBy(owner);
  const last = database.get(`SELECT 1 FROM hooks WHERE ${where} LIMIT 1 OFFSET ?`, ...values, ownedMax - 1);
  return last === undefined ? null : { kind: "too-many" };
}

function ownedBy(owner: HookOwner): { readonly where: string; readonly values: readonly string[] } {
  return owner.kind === "user"
    ? { where: "owner_user_id = ?", values: [owner.userId] }
    : { where: "owner_app_id = ?", values: [owner.appId] };
}

function insertHook(database: Database, hook: Hook, secret: Sealed): void {
  const { owner_user_id, owner_app_id } = ownerColumns(hook.owner);
  database.run(
    `INSERT INTO hooks (id, owner_user_id, owner_app_id, state, url, events, secret_per, signature, verify_tls, ca,
       ack_deadline_ms, retries, in_flight_max, created_at_ms)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    hook.id,
    owner_user_id,
    owner_app_id,
    hook.state,
    hook.url,
    JSON.stringify(hook.events),
    hook.secretPer,
    hook.signature,
    hook.verifyTls ? 1 : 0,
    hook.ca,
    hook.ackDeadlineMs,
    hook.retries,
    hook.inFlightMax,
    hook.createdAtMs,
  );
  database.run(
    "INSERT INTO hook_secrets (hook_id, version, sealed, until_ms) VALUES (?, 1, ?, NULL)",
    hook.id,
    secret,
  );
}

function changeHook(database: Database, id: HookId, change: HookChange, nowMs: number): Hook | null {
  const row = findHookRow(database, id);
  if (row === undefined) return null;
  const changed = { ...toHook(row), ...change };
  database.run(
    `UPDATE hooks SET url = ?, events = ?, verify_tls = ?, ca = ?, ack_deadline_ms = ?, retries = ?,
       in_flight_max = ?, state = ? WHERE id = ?`,
    changed.url,
    JSON.stringify(changed.events),
    changed.verifyTls ? 1 : 0,
    changed.ca,
    changed.ackDeadlineMs,
    changed.retries,
    changed.inFlightMax,
    changed.state,
    id,
  );
  if (change.state === "active") freeWaiting(database, id, nowMs);
  else if (change.state !== undefined) keepWaiting(database, id, change.state);
  return changed;
}

function insertPing(database: Database, hook: Hook, { eventId, deliveryId, atMs }: NewPing): void {
  insertPingEvent(database, eventId, atMs);
  insertDelivery(database, {
    id: deliveryId,
    eventId,
    type: "ping",
    hook,
    userId: null,
    grantId: null,
    sequence: null,
    because: "due",
    nextAtMs: atMs,
    lease: null,
    createdAtMs: atMs,
  });
}

function insertPingEvent(database: Database, id: EventId, atMs: number): void {
  database.run(
    `INSERT INTO events (id, type, action, at_ms, fingerprint, deliveries, unknown, receipt_keys, data)
     VALUES (?, 'ping', 'ping', ?, NULL, 1, '[]', '[]', '{}')`,
    id,
    atMs,
  );
}
