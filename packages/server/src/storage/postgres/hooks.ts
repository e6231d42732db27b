import { isDeepStrictEqual } from "node:util";
import type { HookId } from "@trulinks/protocol";
import type { Dice } from "../../base/dice.ts";
import type { Sealed } from "../../webhooks/claim.ts";
import { healthAfterChange, isResumable } from "../../webhooks/health.ts";
import type { Hook, HookOwner } from "../../webhooks/hook.ts";
import type { HookAltered, HookChange, HookMade, Knock, WebhookStore } from "../../webhooks/store.ts";
import { hostOf } from "../host-of.ts";
import { isPingable } from "../kept-because.ts";
import { limitOf, pageOf } from "../page-of.ts";
import type { Database, Queries, Transaction } from "./database.ts";
import { noteBoth } from "./due.ts";
import { deleteHook } from "./endings.ts";
import { Conflict } from "./failure.ts";
import { activate, changePace, goOnReleasing } from "./hold.ts";
import { findHookRow, HOOK_COLUMNS, type HookRow, hookValues, lockHookRow, toHook } from "./hook-row.ts";
import { insertPing, replacePings } from "./ping.ts";
import { holdIfResumable, resume } from "./platform-events.ts";
import { nowReachable } from "./reach.ts";

type HookVerbs = Pick<
  WebhookStore,
  "createHook" | "findHook" | "listHooks" | "changeHook" | "deleteHook" | "ping"
>;

export function createHooks(database: Database, dice: Pick<Dice, "bytes">): HookVerbs {
  return {
    createHook(hook, secret, { ownedMax, knock }) {
      return database.transact(async (transaction) => {
        const refused = await refuse(transaction, hook.owner, ownedMax);
        if (refused !== null) return refused;
        if (knock !== null && (await isCrowded(transaction, hook, knock)))
          return { kind: "too-many-pending" };
        await insertHook(transaction, hook, secret);
        if (knock !== null) await insertPing(transaction, { hook, round: 0 }, knock.ping);
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

    changeHook: (id, change, options) =>
      database.transact((transaction) => changeHook({ transaction, dice }, id, change, options)),
    deleteHook: (id, nowMs) => database.transact((transaction) => deleteHook(transaction, id, nowMs)),

    ping(hookId, ping) {
      return database.transact(async (transaction) => {
        const row = await lockHookRow(transaction, hookId);
        if (row === undefined || !isPingable(row.state, ping)) return false;
        await insertPing(transaction, { hook: toHook(row), round: row.round }, ping);
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

const PLACES = HOOK_COLUMNS.map((_, index) => `$${index + 1}`).join(", ");
const INSERT_HOOK = `INSERT INTO hooks (${HOOK_COLUMNS.join(", ")}) VALUES (${PLACES})`;
const UPDATE_HOOK = `UPDATE hooks SET (${HOOK_COLUMNS.join(", ")}) = (${PLACES}),
  held_through = CASE WHEN $4 = 'active' THEN held_through END WHERE id = $1`;

async function insertHook(queries: Queries, hook: Hook, secret: Sealed): Promise<void> {
  await queries.run(INSERT_HOOK, ...hookValues(hook));
  await queries.run("INSERT INTO turns (hook_id) VALUES ($1)", hook.id);
  await queries.run(
    "INSERT INTO hook_secrets (hook_id, version, sealed, until_ms) VALUES ($1, 1, $2, NULL)",
    hook.id,
    secret,
  );
  if (hook.owner.kind === "user") await nowReachable(queries, hook.owner.userId);
}

/** Whether so many other hooks at the same host are pending. Who knocks at one host does so one after the other. */
async function isCrowded(queries: Queries, hook: Hook, { hostMax }: Knock): Promise<boolean> {
  const host = hostOf(hook.url);
  await queries.run("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", `knock ${host}`);
  const pending = await queries.get<{ readonly count: number }>(
    "SELECT count(*) AS count FROM hooks WHERE host = $1 AND state = 'pending' AND id <> $2",
    host,
    hook.id,
  );
  return pending !== undefined && pending.count >= hostMax;
}

async function changeHook(
  { transaction, dice }: { readonly transaction: Transaction; readonly dice: Pick<Dice, "bytes"> },
  id: HookId,
  { releasePerS, ...change }: HookChange,
  { nowMs, knock }: { readonly nowMs: number; readonly knock: Knock | null },
): Promise<HookAltered> {
  const owners = change.state === "active" ? await holdIfResumable(transaction, id, nowMs) : null;
  const row = await lockHookRow(transaction, id);
  if (row === undefined) return { kind: "unknown-hook" };
  const hook = toHook(row);
  const isResumed = change.state === "active" && knock === null && isResumable(hook.state, hook.health);
  // It was paused a moment ago: its owner's other hooks come first if they do.
  if (isResumed && owners === null) throw new Conflict();
  const changed = changedHook(hook, change, { isKnocking: knock !== null });
  if (knock !== null && (await isCrowded(transaction, changed, knock))) return { kind: "too-many-pending" };

  const isActivated = changed.state === "active" && hook.state !== "active";
  // The round is raised with the state.
  const stored = isActivated ? { ...changed, state: hook.state, health: hook.health } : changed;
  if (!isDeepStrictEqual(hook, stored)) await transaction.run(UPDATE_HOOK, ...hookValues(stored));
  const perS = releasePerS ?? null;
  if (isResumed && owners !== null) await resume({ transaction, dice }, owners, { hook, nowMs, perS });
  else if (isActivated) await activate(transaction, id, { nowMs, perS });
  else if (change.state === "active" && releasePerS !== undefined) {
    await changePace(transaction, id, { nowMs, perS: releasePerS });
  } else if (hook.health.failing !== null && changed.health.failing === null) {
    await goOnReleasing(transaction, id, nowMs);
  }
  if (knock !== null) {
    await replacePings(transaction, id, nowMs);
    await insertPing(transaction, { hook: changed, round: row.round }, knock.ping);
  }
  if (hook.serial !== changed.serial && !isActivated) await noteBoth(transaction, [id], nowMs);
  return { kind: "changed", hook: changed };
}

function changedHook(
  hook: Hook,
  change: Omit<HookChange, "releasePerS">,
  { isKnocking }: { readonly isKnocking: boolean },
): Hook {
  const changed: Hook = { ...hook, ...change, ...(isKnocking ? { state: "pending" } : {}) };
  const isStateGiven = change.state !== undefined && !isKnocking;
  return { ...changed, health: healthAfterChange(hook, changed, { isStateGiven }) };
}
