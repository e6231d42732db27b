/**
 * What ends with a grant, a user, an app or a hook. Each is one step inside its verb's transaction.
 *
 * Rows are locked in one order everywhere: users and apps, grants, hooks, deliveries. Who stores deliveries holds
 * their grants and hooks, so whoever ends one of those sees either no delivery of it or a whole one.
 */
import type { AppId, GrantId, HookId, UserId } from "@trulinks/protocol";
import type { Ended } from "../../accounts/store.ts";
import type { Queries } from "./database.ts";

const REVOKE = `UPDATE deliveries
  SET state = 'revoked', because = NULL, next_at_ms = NULL, is_leased = false, ended_at_ms = $1`;

export async function endGrant(queries: Queries, grantId: GrantId, nowMs: number): Promise<Ended | null> {
  const grant = await queries.get<{ readonly user_id: UserId }>(
    "SELECT user_id FROM grants WHERE id = $1 FOR UPDATE",
    grantId,
  );
  if (grant === undefined) return null;
  const tokens = await queries.run("DELETE FROM tokens WHERE grant_id = $1", grantId);
  await queries.run("DELETE FROM grants WHERE id = $1", grantId);
  const deliveries = await queries.run(
    `${REVOKE} WHERE user_id = $2 AND grant_id = $3 AND state = 'waiting'`,
    nowMs,
    grant.user_id,
    grantId,
  );
  return { grants: 1, tokens, hooks: 0, deliveries };
}

export async function endUser(queries: Queries, userId: UserId, nowMs: number): Promise<Ended | null> {
  const user = await queries.get("SELECT 1 FROM users WHERE id = $1 FOR UPDATE", userId);
  if (user === undefined) return null;
  await queries.run(
    "SELECT count(*) FROM (SELECT 1 FROM grants WHERE user_id = $1 ORDER BY id FOR UPDATE) held",
    userId,
  );
  const tokens = await queries.run("DELETE FROM tokens WHERE user_id = $1", userId);
  const grants = await queries.run("DELETE FROM grants WHERE user_id = $1", userId);
  const own = await endHooks(queries, "owner_user_id", userId, nowMs);
  const concerning = await queries.run(`${REVOKE} WHERE user_id = $2 AND state = 'waiting'`, nowMs, userId);
  await queries.run("DELETE FROM users WHERE id = $1", userId);
  return { grants, tokens, hooks: own.hooks, deliveries: own.deliveries + concerning };
}

export async function endApp(queries: Queries, appId: AppId, nowMs: number): Promise<Ended | null> {
  const app = await queries.get("SELECT 1 FROM apps WHERE id = $1 FOR UPDATE", appId);
  if (app === undefined) return null;
  await queries.run(
    "SELECT count(*) FROM (SELECT 1 FROM grants WHERE app_id = $1 ORDER BY id FOR UPDATE) held",
    appId,
  );
  const tokens = await queries.run(
    "DELETE FROM tokens WHERE grant_id IN (SELECT id FROM grants WHERE app_id = $1)",
    appId,
  );
  const grants = await queries.run("DELETE FROM grants WHERE app_id = $1", appId);
  const own = await endHooks(queries, "owner_app_id", appId, nowMs);
  await queries.run("DELETE FROM apps WHERE id = $1", appId);
  return { grants, tokens, ...own };
}

/** False: no such hook. */
export async function endHook(queries: Queries, hookId: HookId, nowMs: number): Promise<boolean> {
  const hook = await queries.get("SELECT 1 FROM hooks WHERE id = $1 FOR UPDATE", hookId);
  if (hook === undefined) return false;
  await revokeAndDelete(queries, [hookId], nowMs);
  return true;
}

async function endHooks(
  queries: Queries,
  owner: "owner_user_id" | "owner_app_id",
  ownerId: UserId | AppId,
  nowMs: number,
): Promise<Pick<Ended, "hooks" | "deliveries">> {
  const hooks = await queries.all<{ readonly id: HookId }>(
    `SELECT id FROM hooks WHERE ${owner} = $1 ORDER BY id FOR UPDATE`,
    ownerId,
  );
  const deliveries = await revokeAndDelete(
    queries,
    hooks.map((hook) => hook.id),
    nowMs,
  );
  return { hooks: hooks.length, deliveries };
}

/** How many deliveries were revoked with the hooks. */
async function revokeAndDelete(queries: Queries, hookIds: readonly HookId[], nowMs: number): Promise<number> {
  const deliveries = await queries.run(
    `${REVOKE} WHERE hook_id = ANY($2) AND state = 'waiting'`,
    nowMs,
    hookIds,
  );
  await queries.run("DELETE FROM hooks WHERE id = ANY($1)", hookIds);
  return deliveries;
}
