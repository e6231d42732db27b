/** What ends with a grant, a user, an app or a hook. Each is one step inside its verb's transaction. */
import type { AppId, GrantId, HookId, UserId } from "@trulinks/protocol";
import type { Ended } from "../../accounts/store.ts";
import { toOwner } from "../owner-columns.ts";
import type { Value } from "./database.ts";
import { findHookRow } from "./hook-row.ts";
import { moveUp } from "./line.ts";
import type { Ground } from "./memory.ts";
import { forgetWays, markReachable } from "./reach.ts";

export function endGrant(ground: Ground, grantId: GrantId, nowMs: number): Ended | null {
  const { database, memory } = ground;
  const grant = database.get<{ user_id: UserId }>("SELECT user_id FROM grants WHERE id = ?", grantId);
  if (grant === undefined) return null;
  const deliveries = revoke(ground, "user_id = ? AND grant_id = ?", [grant.user_id, grantId], nowMs);
  const tokens = database.run("DELETE FROM tokens WHERE grant_id = ?", grantId);
  database.run("DELETE FROM grants WHERE id = ?", grantId);
  memory.reaches.forget(grant.user_id);
  markReachable(database, grant.user_id);
  return { grants: 1, tokens, hooks: 0, deliveries };
}

export function endUser(ground: Ground, userId: UserId, nowMs: number): Ended | null {
  const { database, memory } = ground;
  if (database.get("SELECT 1 FROM users WHERE id = ?", userId) === undefined) return null;
  const own = endHooks(ground, "owner_user_id", userId, nowMs);
  const concerning = revoke(ground, "user_id = ?", [userId], nowMs);
  const tokens = database.run("DELETE FROM tokens WHERE user_id = ?", userId);
  const grants = database.run("DELETE FROM grants WHERE user_id = ?", userId);
  database.run("DELETE FROM users WHERE id = ?", userId);
  memory.reaches.forget(userId);
  return { grants, tokens, hooks: own.hooks, deliveries: own.deliveries + concerning };
}

export function endApp(ground: Ground, appId: AppId, nowMs: number): Ended | null {
  const { database, memory } = ground;
  if (database.get("SELECT 1 FROM apps WHERE id = ?", appId) === undefined) return null;
  const own = endHooks(ground, "owner_app_id", appId, nowMs);
  const tokens = database.run(
    "DELETE FROM tokens WHERE grant_id IN (SELECT id FROM grants WHERE app_id = ?)",
    appId,
  );
  const users = database.all<{ readonly user_id: UserId }>(
    "SELECT user_id FROM grants WHERE app_id = ?",
    appId,
  );
  const grants = database.run("DELETE FROM grants WHERE app_id = ?", appId);
  for (const { user_id } of users) markReachable(database, user_id);
  database.run("DELETE FROM apps WHERE id = ?", appId);
  memory.reaches.clear();
  return { grants, tokens, ...own };
}

/** How many deliveries were revoked with the hook; null: no such hook. */
export function endHook(ground: Ground, hookId: HookId, nowMs: number): number | null {
  const { database, memory } = ground;
  const row = findHookRow(database, hookId);
  if (row === undefined) return null;
  const owner = toOwner(row);
  const deliveries = revoke(ground, "hook_id = ?", [hookId], nowMs);
  database.run("DELETE FROM sequences WHERE key = ?", row.sequence_key);
  database.run("DELETE FROM hooks WHERE id = ?", hookId);
  memory.hooks.forget(hookId);
  forgetWays(ground, owner);
  return deliveries;
}

/** Ends what waits and fulfils the condition; says how many. */
export function revoke(ground: Ground, where: string, values: readonly Value[], nowMs: number): number {
  const { database, memory } = ground;
  memory.listing.bring();
  const heads = database.all<{ readonly hook_id: HookId }>(
    `SELECT DISTINCT hook_id FROM deliveries
     WHERE is_listed = 1 AND state = 'waiting' AND ${where} AND +next_at_ms IS NOT NULL
       AND EXISTS (SELECT 1 FROM hooks WHERE id = hook_id AND serial = 1)`,
    ...values,
  );
  const revoked = database.run(
    `UPDATE deliveries SET state = 'revoked', because = NULL, next_at_ms = NULL, ended_at_ms = ?
     WHERE is_listed = 1 AND state = 'waiting' AND ${where}`,
    nowMs,
    ...values,
  );
  for (const { hook_id } of heads) moveUp(ground, hook_id);
  return revoked;
}

function endHooks(
  ground: Ground,
  owner: "owner_user_id" | "owner_app_id",
  ownerId: UserId | AppId,
  nowMs: number,
): Pick<Ended, "hooks" | "deliveries"> {
  const hooks = ground.database.all<{ id: HookId }>(`SELECT id FROM hooks WHERE ${owner} = ?`, ownerId);
  let deliveries = 0;
  for (const { id } of hooks) deliveries += endHook(ground, id, nowMs) ?? 0;
  return { hooks: hooks.length, deliveries };
}
