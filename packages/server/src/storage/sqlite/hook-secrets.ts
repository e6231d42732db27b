import { strict as assert } from "node:assert";
import type { HookId, UserId } from "@trulinks/protocol";
import type { SealedSecret, SecretVersion } from "../../webhooks/claim.ts";
import type { WebhookStore } from "../../webhooks/store.ts";
import type { Database } from "./database.ts";
import { findPair } from "./grants.ts";
import { findHookRow } from "./hook-row.ts";
import type { Ground } from "./memory.ts";
import type { Sync } from "./verbs.ts";

type SecretVerbs = Pick<
  Sync<WebhookStore>,
  "findSecrets" | "rotateSecret" | "findUserSecret" | "rotateUserSecret"
>;

export function createHookSecrets({ database, memory }: Ground): SecretVerbs {
  function isServed(hookId: HookId, userId: UserId): boolean {
    const appId = findHookRow(database, hookId)?.owner_app_id ?? null;
    return appId !== null && findPair(database, { userId, appId }) !== null;
  }

  return {
    findSecrets(hookId, nowMs) {
      return findHookRow(database, hookId) === undefined ? null : liveSecrets(database, hookId, nowMs);
    },

    rotateSecret(hookId, secret, { nowMs, oldUntilMs }) {
      const newest = newestSecret(database, hookId);
      if (newest === null) return false;
      database.run("DELETE FROM hook_secrets WHERE hook_id = ? AND until_ms <= ?", hookId, nowMs);
      database.run(
        "UPDATE hook_secrets SET until_ms = ? WHERE hook_id = ? AND until_ms IS NULL",
        oldUntilMs,
        hookId,
      );
      database.run(
        "INSERT INTO hook_secrets (hook_id, version, sealed, until_ms) VALUES (?, ?, ?, NULL)",
        hookId,
        newest + 1,
        secret,
      );
      memory.hooks.forget(hookId);
      return true;
    },

    findUserSecret(hookId, userId, nowMs) {
      return isServed(hookId, userId) ? liveVersions(database, { hookId, userId, nowMs }) : null;
    },

    rotateUserSecret(hookId, userId, { nowMs, oldUntilMs }) {
      if (!isServed(hookId, userId)) return null;
      const newest = liveVersions(database, { hookId, userId, nowMs })[0];
      assert(newest !== undefined);
      database.run(
        "DELETE FROM user_secrets WHERE hook_id = ? AND user_id = ? AND (until_ms IS NULL OR until_ms <= ?)",
        hookId,
        userId,
        nowMs,
      );
      insertVersion(database, { hookId, userId, version: newest.version, untilMs: oldUntilMs });
      insertVersion(database, { hookId, userId, version: newest.version + 1, untilMs: null });
      memory.hooks.forget(hookId);
      return liveVersions(database, { hookId, userId, nowMs });
    },
  };
}

/** Newest first. */
export function liveSecrets(database: Database, hookId: HookId, nowMs: number): readonly SealedSecret[] {
  const rows = database.all<{ readonly sealed: Uint8Array; readonly until_ms: number | null }>(
    `SELECT sealed, until_ms FROM hook_secrets WHERE hook_id = ? AND (until_ms IS NULL OR until_ms > ?)
     ORDER BY version DESC`,
    hookId,
    nowMs,
  );
  return rows.map((row) => ({ sealed: row.sealed, untilMs: row.until_ms }));
}

/** Newest first. The newest has no end, so there is always one. */
export function liveVersions(
  database: Database,
  { hookId, userId, nowMs }: { readonly hookId: HookId; readonly userId: UserId; readonly nowMs: number },
): readonly SecretVersion[] {
  const rows = database.all<{ readonly version: number; readonly until_ms: number | null }>(
    `SELECT version, until_ms FROM user_secrets
     WHERE hook_id = ? AND user_id = ? AND (until_ms IS NULL OR until_ms > ?) ORDER BY version DESC`,
    hookId,
    userId,
    nowMs,
  );
  if (rows.length === 0) return [{ version: 1, untilMs: null }];
  return rows.map((row) => ({ version: row.version, untilMs: row.until_ms }));
}

function newestSecret(database: Database, hookId: HookId): number | null {
  const row = database.get<{ readonly newest: number | null }>(
    "SELECT max(version) AS newest FROM hook_secrets WHERE hook_id = ?",
    hookId,
  );
  return row?.newest ?? null;
}

function insertVersion(
  database: Database,
  { hookId, userId, version, untilMs }: SecretVersion & { readonly hookId: HookId; readonly userId: UserId },
): void {
  database.run(
    "INSERT INTO user_secrets (hook_id, user_id, version, until_ms) VALUES (?, ?, ?, ?)",
    hookId,
    userId,
    version,
    untilMs,
  );
}
