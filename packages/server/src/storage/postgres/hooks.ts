import { isDeepStrictEqual } from "node:util";
import type { HookId } from "@trulinks/protocol";
import type { Sealed } from "../../webhooks/claim.ts";
import type { Hook, HookOwner } from "../../webhooks/hook.ts";
import type { HookChange, HookMade, NewPing, WebhookStore } from "../../webhooks/store.ts";
import { ownerColumns } from "../owner-columns.ts";
import { limitOf, pageOf } from "../page-of.ts";
import type { Database, Queries } from "./database.ts";
import { deliveryArrays, INSERT_DELIVERIES } from "./delivery-row.ts";
import { endHook } from "./endings.ts";
import { freeWaiting, keepWaiting } from "./hold.ts";
import { findHookRow, type HookRow, lockHookRow, toHook } from "./hook-row.ts";

type HookVerbs = Pick<
  WebhookStore,
  "createHook" | "findHook" | "listHooks" | "changeHook" | "deleteHook" | "ping"
>;

export function createHooks(database: Database): HookVerbs {
  return {
    createHook(hook, secret, { ownedMax, knock }) {
      return database.transact(async (transaction) => {
        const refused = await refuse(transaction, hook.owner, ownedMax);
        if (refused !== null) return refused;
        await insertHook(transaction, hook, secret);
        if (knock !== null) await insertPing(transaction, hook, knock.ping);
        return { kind: "made", hook };
      });
    },

    async findHook(id) {
      const row = await findHookRow(database, id);
      return row === undefined ? null : toHook(row);
    },

    async listHooks(owner, page) {
      const owned = owner === null ? { where: "TRUE", values: [] } : ownedBy(owner, 3);
      const rows = await database.all<HookRow>(
        `SELECT * FROM hooks WHERE ${owned.where} AND id > $1 ORDER BY id LIMIT $2`,
        page.after ?? "",
        limitOf(page),
        ...owned.values,
      );
      return pageOf(rows, page, { key: (row) => row.id, item: toHook });
    },

    changeHook: (id, change, { nowMs }) =>
      database.transact(async (transaction) => {
        const hook = await changeHook(transaction, id, change, nowMs);
        return hook === null ? { kind: "unknown-hook" } : { kind: "changed", hook };
      }),
    deleteHook: (id, nowMs) => database.transact((transaction) => endHook(transaction, id, nowMs)),

    ping(hookId, ping) {
      return database.transact(async (transaction) => {
        const row = await lockHookRow(transaction, hookId);
        if (row === undefined || row.state === "disabled") return false;
        await insertPing(transaction, toHook(row), ping);
        return true;
      });
    },
  };
}

/** The owner is locked, so that of two who make its last hook at once only one does. */
async function refuse(queries: Queries, owner: HookOwner, ownedMax: number): Promise<HookMade | null> {
  const [table, id] = owner.kind === "user" ? ["users", owner.userId] : ["apps", owner.appId];
  const known = await queries.get(`SELECT 1 FROM ${table} WHERE id = $1 FOR NO KEY UPDATE`, id);
  if (known === undefined) return { kind: "unknown-owner" };
  const { where, values } = ownedBy(owner, 1);
  const owned = await queries.get<{ readonly count: number }>(
    `SELECT count(*) AS count FROM hooks WHERE ${where}`,
    ...values,
  );
  return owned !== undefined && owned.count >= ownedMax ? { kind: "too-many" } : null;
}

function ownedBy(
  owner: HookOwner,
  index: number,
): { readonly where: string; readonly values: readonly string[] } {
  return owner.kind === "user"
    ? { where: `owner_user_id = $${index}`, values: [owner.userId] }
    : { where: `owner_app_id = $${index}`, values: [owner.appId] };
}

async function insertHook(queries: Queries, hook: Hook, secret: Sealed): Promise<void> {
  const { owner_user_id, owner_app_id } = ownerColumns(hook.owner);
  await queries.run(
    `INSERT INTO hooks (id, owner_user_id, owner_app_id, state, url, events, secret_per, signature, verify_tls, ca,
       ack_deadline_ms, retries, in_flight_max, created_at_ms)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)`,
    hook.id,
    owner_user_id,
    owner_app_id,
    hook.state,
    hook.url,
    hook.events,
    hook.secretPer,
    hook.signature,
    hook.verifyTls,
    hook.ca,
    hook.ackDeadlineMs,
    hook.retries,
    hook.inFlightMax,
    hook.createdAtMs,
  );
  await queries.run(
    "INSERT INTO hook_secrets (hook_id, version, sealed, until_ms) VALUES ($1, 1, $2, NULL)",
    hook.id,
    secret,
  );
}

async function changeHook(
  queries: Queries,
  id: HookId,
  change: HookChange,
  nowMs: number,
): Promise<Hook | null> {
  const row = await lockHookRow(queries, id);
  if (row === undefined) return null;
  const hook = toHook(row);
  const changed = { ...hook, ...change };
  if (!isDeepStrictEqual(hook, changed)) await updateHook(queries, changed);
  if (change.state === "active") await freeWaiting(queries, id, nowMs);
  else if (change.state !== undefined) await keepWaiting(queries, id, change.state);
  return changed;
}

async function updateHook(queries: Queries, hook: Hook): Promise<void> {
  await queries.run(
    `UPDATE hooks SET url = $2, events = $3, verify_tls = $4, ca = $5, ack_deadline_ms = $6, retries = $7,
       in_flight_max = $8, state = $9 WHERE id = $1`,
    hook.id,
    hook.url,
    hook.events,
    hook.verifyTls,
    hook.ca,
    hook.ackDeadlineMs,
    hook.retries,
    hook.inFlightMax,
    hook.state,
  );
}

async function insertPing(
  queries: Queries,
  hook: Hook,
  { eventId, deliveryId, atMs }: NewPing,
): Promise<void> {
  await queries.run(
    `INSERT INTO events (id, type, action, at_ms, fingerprint, deliveries, unknown, receipt_keys, data)
     VALUES ($1, 'ping', 'ping', $2, NULL, 1, '[]', '[]', '{}')`,
    eventId,
    atMs,
  );
  const delivery = {
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
  } as const;
  await queries.run(INSERT_DELIVERIES, ...deliveryArrays([delivery]));
}
