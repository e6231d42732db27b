/** What ends with a grant, a user, an app or a hook. Each is one step inside its verb's transaction. */
import type { AppId, GrantId, HookId, UserId } from "@trulinks/protocol";
import type { Ended } from "../../accounts/store.ts";
import type { Database } from "./database.ts";

export function endGrant(database: Database, grantId: GrantId, nowMs: number): Ended | null {
  const grant = database.get<{ user_id: UserId }>("SELECT user_id FROM grants WHERE id = ?", grantId);
  if (grant === undefined) return null;
  const deliveries = database.run(
    `${REVOKE} WHERE user_id = ? AND grant_id = ? AND +state = 'waiting'`,
    nowMs,
    grant.user_id,
    grantId,
  );
  const tokens = database.run("DELETE FROM tokens WHERE grant_id = ?", grantId);
  database.run("DELETE FROM grants WHERE id = ?", grantId);
  return { grants: 1, tokens, hooks: 0, deliveries };
}

export function endUser(database: Database, userId: UserId, nowMs: number): Ended | null {
  if (database.get("SELECT 1 FROM users WHERE id = ?", userId) === undefined) return null;
  const own = endHooks(database, "owner_user_id", userId, nowMs);
  const concerning = database.run(`${REVOKE} WHERE user_id = ? AND +state = 'waiting'`, nowMs, userId);
  const tokens = database.run("DELETE FROM tokens WHERE user_id = ?", userId);
  const grants = database.run("DELETE FROM grants WHERE user_id = ?", userId);
  database.run("DELETE FROM users WHERE id = ?", userId);
  return { grants, tokens, hooks: own.hooks, deliveries: own.deliveries + concerning };
}

export function endApp(database: Database, appId: AppId, nowMs: number): Ended | null {
  if (database.get("SELECT 1 FROM apps WHERE id = ?", appId) === undefined) return null;
  const own = endHooks(database, "owner_app_id", appId, nowMs);
  const tokens = database.run(
    "DELETE FROM tokens WHERE grant_id IN (SELECT id FROM grants WHERE app_id = ?)",
    appId,
  );
  const grants = database.run("DELETE FROM grants WHERE app_id = ?", appId);
  database.run("DELETE FROM apps WHERE id = ?", appId);
  return { grants, tokens, ...own };
}

/** How many deliveries were revoked with the hook; null: no such hook. */
export function endHook(database: Database, hookId: HookId, nowMs: number): number | null {
  const deliveries = database.run(`${REVOKE} WHERE hook_id = ? AND state = 'waiting'`, nowMs, hookId);
  return database.run("DELETE FROM hooks WHERE id = ?", hookId) === 0 ? null : deliveries;
}

const REVOKE = `UPDATE deliveries
  SET state = 'revoked', because = NULL, next_at_ms = NULL, is_leased = 0, ended_at_ms = ?`;

function endHooks(
  database: Database,
  owner: "owner_user_id" | "owner_app_id",
  ownerId: UserId | AppId,
  nowMs: number,
): Pick<Ended, "hooks" | "deliveries"> {
  const hooks = database.all<{ id: HookId }>(`SELECT id FROM hooks WHERE ${owner} = ?`, ownerId);
  let deliveries = 0;
  for (const { id } of hooks) deliveries += endHook(database, id, nowMs) ?? 0;
  return { hooks: hooks.length, deliveries };
}
