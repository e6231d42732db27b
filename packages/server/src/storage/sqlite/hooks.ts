import type { HookId } from "@trulinks/protocol";
import type { Sealed } from "../../webhooks/claim.ts";
import { healthAfterChange, isResumable } from "../../webhooks/health.ts";
import type { Hook, HookOwner } from "../../webhooks/hook.ts";
import type { HookAltered, HookChange, HookMade, Knock, WebhookStore } from "../../webhooks/store.ts";
import { HEALTH_COLUMNS, healthValues } from "../health-columns.ts";
import { hostOf } from "../host-of.ts";
import { isPingable } from "../kept-because.ts";
import { ownerColumns } from "../owner-columns.ts";
import { limitOf, pageOf } from "../page-of.ts";
import { isApp } from "./apps.ts";
import type { Database } from "./database.ts";
import { endHook } from "./endings.ts";
import { goOnReleasing, keepWaiting, startRelease } from "./hold.ts";
import { findHookRow, type HookRow, toHook } from "./hook-row.ts";
import { dissolveLine, formLine } from "./line.ts";
import type { Ground } from "./memory.ts";
import { insertPing, supersedePings } from "./ping.ts";
import { tellOwner } from "./platform-events.ts";
import { forgetWays } from "./reach.ts";
import { isUser } from "./users.ts";
import type { Sync } from "./verbs.ts";

type HookVerbs = Pick<
  Sync<WebhookStore>,
  "createHook" | "findHook" | "listHooks" | "changeHook" | "deleteHook" | "ping"
>;

export function createHooks(ground: Ground): HookVerbs {
  const { database } = ground;
  return {
    createHook(hook, secret, { ownedMax, knock }) {
      const refused = refuse(database, hook, { ownedMax, knock });
      if (refused !== null) return refused;
      insertHook(database, hook, secret);
      forgetWays(ground, hook.owner);
      if (knock !== null) insertPing(ground, hook, knock.ping);
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

    changeHook: (id, change, options) => changeHook(ground, id, change, options),
    deleteHook: (id, nowMs) => endHook(ground, id, nowMs) !== null,

    ping(hookId, ping) {
      const row = findHookRow(database, hookId);
      if (row === undefined || !isPingable(row.state, ping)) return false;
      insertPing(ground, toHook(row), ping);
      return true;
    },
  };
}

function refuse(
  database: Database,
  { owner, url }: Hook,
  { ownedMax, knock }: { readonly ownedMax: number; readonly knock: Knock | null },
): HookMade | null {
  const isKnown = owner.kind === "user" ? isUser(database, owner.userId) : isApp(database, owner.appId);
  if (!isKnown) return { kind: "unknown-owner" };
  const { where, values } = ownedBy(owner);
  const last = database.get(`SELECT 1 FROM hooks WHERE ${where} LIMIT 1 OFFSET ?`, ...values, ownedMax - 1);
  if (last !== undefined) return { kind: "too-many" };
  return isHostFull(database, url, knock, null) ? { kind: "too-many-pending" } : null;
}

/** Whether as many others as may be at the URL's host are pending. */
function isHostFull(database: Database, url: string, knock: Knock | null, but: HookId | null): boolean {
  if (knock === null) return false;
  const last = database.get(
    "SELECT 1 FROM hooks WHERE state = 'pending' AND host = ? AND id IS NOT ? LIMIT 1 OFFSET ?",
    hostOf(url),
    but,
    knock.hostMax - 1,
  );
  return last !== undefined;
}

function ownedBy(owner: HookOwner): { readonly where: string; readonly values: readonly string[] } {
  return owner.kind === "user"
    ? { where: "owner_user_id = ?", values: [owner.userId] }
    : { where: "owner_app_id = ?", values: [owner.appId] };
}

function insertHook(database: Database, hook: Hook, secret: Sealed): void {
  const { owner_user_id, owner_app_id } = ownerColumns(hook.owner);
  database.run("INSERT INTO sequences (last) VALUES (0)");
  database.run(
    `INSERT INTO hooks (sequence_key, id, owner_user_id, owner_app_id, secret_per, signature, created_at_ms, state, url, host, events,
       filter, include, serial, verify_tls, ca, ack_deadline_ms, retries, in_flight_max, ${HEALTH_COLUMNS.join(", ")})
     VALUES (last_insert_rowid(), ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    hook.id,
    owner_user_id,
    owner_app_id,
    hook.secretPer,
    hook.signature,
    hook.createdAtMs,
    ...changeable(hook),
  );
  database.run(
    "INSERT INTO hook_secrets (hook_id, version, sealed, until_ms) VALUES (?, 1, ?, NULL)",
    hook.id,
    secret,
  );
}

/** The columns that a change may touch, in the order in which both statements name them. */
function changeable(hook: Hook): readonly (string | number | null)[] {
  return [
    hook.state,
    hook.url,
    hostOf(hook.url),
    JSON.stringify(hook.events),
    JSON.stringify(hook.filter),
    hook.include === null ? null : JSON.stringify(hook.include),
    hook.serial ? 1 : 0,
    hook.verifyTls ? 1 : 0,
    hook.ca,
    hook.ackDeadlineMs,
    hook.retries,
    hook.inFlightMax,
    ...healthValues(hook.health),
  ];
}

function changeHook(
  ground: Ground,
  id: HookId,
  change: HookChange,
  { nowMs, knock }: { readonly nowMs: number; readonly knock: Knock | null },
): HookAltered {
  const { database, memory } = ground;
  const row = findHookRow(database, id);
  if (row === undefined) return { kind: "unknown-hook" };
  const { releasePerS = null, ...members } = change;
  const before = toHook(row);
  const changed: Hook = { ...before, ...members, ...(knock === null ? {} : { state: "pending" }) };
  const isStateGiven = change.state !== undefined && knock === null;
  const hook: Hook = { ...changed, health: healthAfterChange(before, changed, { isStateGiven }) };
  if (isHostFull(database, hook.url, knock, id)) return { kind: "too-many-pending" };
  database.run(
    `UPDATE hooks SET state = ?, url = ?, host = ?, events = ?, filter = ?, include = ?, serial = ?, verify_tls = ?,
       ca = ?, ack_deadline_ms = ?, retries = ?, in_flight_max = ?,
       ${HEALTH_COLUMNS.map((name) => `${name} = ?`).join(", ")} WHERE id = ?`,
    ...changeable(hook),
    id,
  );
  memory.hooks.forget(id);
  if (hook.serial !== before.serial) {
    if (hook.serial) formLine(ground, id);
    else dissolveLine(ground, id, nowMs);
  }
  if (knock !== null) {
    supersedePings(ground, id, nowMs);
    keepFor(ground, hook);
    insertPing(ground, hook, knock.ping);
  } else if (change.state === "active") {
    startRelease(ground, id, { nowMs, perS: releasePerS });
    if (isResumable(before.state, before.health)) tellOwner(ground, "hook.resumed", before, nowMs);
  } else if (change.state !== undefined) keepFor(ground, hook);
  else if (before.health.failing !== null && hook.health.failing === null) goOnReleasing(ground, id, nowMs);
  return { kind: "changed", hook };
}

function keepFor(ground: Ground, hook: Hook): void {
  ground.database.run("UPDATE hooks SET release_at_ms = NULL WHERE id = ?", hook.id);
  keepWaiting(ground, hook.id, hook.state);
}
