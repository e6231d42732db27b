/**
 * What ends with a grant, a user, an app or a hook. Each is one step inside its verb's transaction.
 *
 * Rows are locked in one order everywhere: users, apps, grants, hooks, deliveries, turns. Who stores deliveries holds
 * their grants and hooks, so whoever ends one of those sees either no delivery of it or a whole one.
 */
import type { AppId, GrantId, HookId, UserId } from "@trulinks/protocol";
import type { Ended } from "../../accounts/store.ts";
import type { Queries } from "./database.ts";
import { noteEnds } from "./due.ts";
import { lockReach, perhapsUnreachable } from "./reach.ts";

/** Revokes what waits and fulfils the condition, whose values follow after `$1`; says how many. */
export async function revoke(
  queries: Queries,
  nowMs: number,
  condition: string,
  ...values: readonly unknown[]
): Promise<number> {
  const revoked = await queries.all<{ readonly hook_id: HookId; readonly count: number }>(
    `WITH revoked AS (
       UPDATE deliveries SET state = 'revoked', because = NULL, next_at_ms = NULL, is_leased = false, ended_at_ms = $1
       WHERE state = 'waiting' AND ${condition} RETURNING hook_id
     )
     SELECT hook_id, count(*) AS count FROM revoked GROUP BY hook_id`,
    nowMs,
    ...values,
  );
  await noteEnds(
    queries,
    revoked.map((row) => row.hook_id),
    nowMs,
  );
  return revoked.reduce((sum, { count }) => sum + count, 0);
}

export async function endGrant(queries: Queries, grantId: GrantId, nowMs: number): Promise<Ended | null> {
  const grant = await queries.get<{ readonly user_id: UserId }>(
    "SELECT user_id FROM grants WHERE id = $1",
    grantId,
  );
  if (grant === undefined || !(await lockReach(queries, grant.user_id))) return null;
  if ((await queries.get("SELECT 1 FROM grants WHERE id = $1 FOR UPDATE", grantId)) === undefined)
    return null;
  const tokens = await queries.run("DELETE FROM tokens WHERE grant_id = $1", grantId);
  await queries.run("DELETE FROM grants WHERE id = $1", grantId);
  await perhapsUnreachable(queries, [grant.user_id]);
  const deliveries = await revoke(queries, nowMs, "user_id = $2 AND grant_id = $3", grant.user_id, grantId);
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
  const concerning = await revoke(queries, nowMs, "user_id = $2", userId);
  await queries.run("DELETE FROM users WHERE id = $1", userId);
  return { grants, tokens, hooks: own.hooks, deliveries: own.deliveries + concerning };
}

export async function endApp(queries: Queries, appId: AppId, nowMs: number): Promise<Ended | null> {
  // Who grants beside this is not among them, and keeps a mark that harms nobody (`reach.ts`).
  const users = await queries.all<{ readonly id: UserId }>(
    `SELECT id FROM users WHERE id IN (SELECT user_id FROM grants WHERE app_id = $1) ORDER BY id FOR NO KEY UPDATE`,
    appId,
  );
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
  await perhapsUnreachable(
    queries,
    users.map(({ id }) => id),
  );
  const own = await endHooks(queries, "owner_app_id", appId, nowMs);
  await queries.run("DELETE FROM apps WHERE id = $1", appId);
  return { grants, tokens, ...own };
}

/** False: no such hook. */
export async function deleteHook(queries: Queries, hookId: HookId, nowMs: number): Promise<boolean> {
  const owner = await queries.get<{ readonly owner_user_id: UserId | null }>(
    "SELECT owner_user_id FROM hooks WHERE id = $1",
    hookId,
  );
  if (owner === undefined) return false;
  if (owner.owner_user_id !== null) await lockReach(queries, owner.owner_user_id);
  const hook = await queries.get("SELECT 1 FROM hooks WHERE id = $1 FOR UPDATE", hookId);
  if (hook === undefined) return false;
  await revokeAndDelete(queries, [hookId], nowMs);
  if (owner.owner_user_id !== null) await perhapsUnreachable(queries, [owner.owner_user_id]);
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
  const deliveries = await revoke(queries, nowMs, "hook_id = ANY($2)", hookIds);
  await queries.run("DELETE FROM hooks WHERE id = ANY($1)", hookIds);
  return deliveries;
}
