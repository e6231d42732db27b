import type { HookId, UserId } from "@trulinks/protocol";
import type { SealedSecret, SecretVersion } from "../../webhooks/claim.ts";
import type { WebhookStore } from "../../webhooks/store.ts";
import type { Database, Queries } from "./database.ts";
import { findHookRow, lockHookRow } from "./hook-row.ts";
import { FIRST_VERSION } from "./live-secrets.ts";

type SecretVerbs = Pick<WebhookStore, "findSecrets" | "rotateSecret" | "findUserSecret" | "rotateUserSecret">;

export function createHookSecrets(database: Database): SecretVerbs {
  return {
    async findSecrets(hookId, nowMs) {
      if ((await findHookRow(database, hookId)) === undefined) return null;
      return liveSecrets(database, hookId, nowMs);
    },

    rotateSecret(hookId, secret, when) {
      return database.transact(async (transaction) => {
        if ((await lockHookRow(transaction, hookId)) === undefined) return false;
        await replaceSecret(transaction, { hookId, secret, ...when });
        return true;
      });
    },

    findUserSecret: (hookId, userId, nowMs) => findVersions(database, { hookId, userId, nowMs }),

    rotateUserSecret(hookId, userId, { nowMs, oldUntilMs }) {
      return database.transact(async (transaction) => {
        // Locked, so that two who rotate at once raise the version twice.
        if ((await lockHookRow(transaction, hookId)) === undefined) return null;
        const newest = (await findVersions(transaction, { hookId, userId, nowMs }))?.[0];
        if (newest === undefined) return null;
        await raiseVersion(transaction, { hookId, userId, newest: newest.version, nowMs, oldUntilMs });
        return findVersions(transaction, { hookId, userId, nowMs });
      });
    },
  };
}

async function liveSecrets(
  queries: Queries,
  hookId: HookId,
  nowMs: number,
): Promise<readonly SealedSecret[]> {
  const rows = await queries.all<{ readonly sealed: Uint8Array; readonly until_ms: number | null }>(
    `SELECT sealed, until_ms FROM hook_secrets WHERE hook_id = $1 AND (until_ms IS NULL OR until_ms > $2)
     ORDER BY version DESC`,
    hookId,
    nowMs,
  );
  return rows.map((row) => ({ sealed: row.sealed, untilMs: row.until_ms }));
}

interface Replacement {
  readonly hookId: HookId;
  readonly secret: Uint8Array;
  readonly nowMs: number;
  readonly oldUntilMs: number;
}

async function replaceSecret(
  queries: Queries,
  { hookId, secret, nowMs, oldUntilMs }: Replacement,
): Promise<void> {
  await queries.run("DELETE FROM hook_secrets WHERE hook_id = $1 AND until_ms <= $2", hookId, nowMs);
  await queries.run(
    "UPDATE hook_secrets SET until_ms = $2 WHERE hook_id = $1 AND until_ms IS NULL",
    hookId,
    oldUntilMs,
  );
  await queries.run(
    `INSERT INTO hook_secrets (hook_id, version, sealed, until_ms)
     SELECT $1, max(version) + 1, $2, NULL FROM hook_secrets WHERE hook_id = $1`,
    hookId,
    secret,
  );
}

interface UserAt {
  readonly hookId: HookId;
  readonly userId: UserId;
  readonly nowMs: number;
}

/** Newest first; null: not served by this hook. */
async function findVersions(
  queries: Queries,
  { hookId, userId, nowMs }: UserAt,
): Promise<readonly SecretVersion[] | null> {
  const rows = await queries.all<{ readonly version: number | null; readonly until_ms: number | null }>(
    `SELECT versions.version, versions.until_ms FROM hooks
     JOIN grants ON grants.app_id = hooks.owner_app_id AND grants.user_id = $2
     LEFT JOIN user_secrets versions ON versions.hook_id = hooks.id AND versions.user_id = $2
       AND (versions.until_ms IS NULL OR versions.until_ms > $3)
     WHERE hooks.id = $1 ORDER BY versions.version DESC`,
    hookId,
    userId,
    nowMs,
  );
  if (rows.length === 0) return null;
  const versions = rows.flatMap(({ version, until_ms }) =>
    version === null ? [] : [{ version, untilMs: until_ms }],
  );
  return versions.length === 0 ? FIRST_VERSION : versions;
}

async function raiseVersion(
  queries: Queries,
  {
    hookId,
    userId,
    newest,
    nowMs,
    oldUntilMs,
  }: UserAt & { readonly newest: number; readonly oldUntilMs: number },
): Promise<void> {
  await queries.run(
    "DELETE FROM user_secrets WHERE hook_id = $1 AND user_id = $2 AND (until_ms IS NULL OR until_ms <= $3)",
    hookId,
    userId,
    nowMs,
  );
  await queries.run(
    `INSERT INTO user_secrets (hook_id, user_id, version, until_ms)
     VALUES ($1, $2, $3::integer, $4), ($1, $2, $3::integer + 1, NULL)`,
    hookId,
    userId,
    newest,
    oldUntilMs,
  );
}
