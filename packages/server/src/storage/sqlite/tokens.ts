import { strict as assert } from "node:assert";
import type { AppId, GrantId, TokenId, UserId } from "@trulinks/protocol";
import type { AccountStore, Token, TokenMade, TokenRequest } from "../../accounts/store.ts";
import { limitOf, pageOf } from "../page-of.ts";
import type { Database } from "./database.ts";
import { findGrant, findPair, grant } from "./grants.ts";
import type { Ground } from "./memory.ts";
import { isUser } from "./users.ts";
import type { Sync } from "./verbs.ts";

interface TokenRow {
  readonly id: TokenId;
  readonly user_id: UserId;
  readonly grant_id: GrantId | null;
  readonly app_id: AppId | null;
  readonly scopes: string | null;
  readonly created_at_ms: number;
  readonly expires_at_ms: number | null;
}

type TokenVerbs = Pick<
  Sync<AccountStore>,
  "createToken" | "listTokens" | "findToken" | "revokeToken" | "findCredential"
>;

// A token of a revoked grant or a deleted user needs no condition: it was deleted in the same step.
const LIVE = "(expires_at_ms IS NULL OR expires_at_ms > ?)";

export function createTokens(ground: Ground): TokenVerbs {
  const { database } = ground;
  return {
    createToken: (request) => createToken(ground, request),

    listTokens({ userId, grantId }, page, nowMs) {
      const rows = database.all<TokenRow>(
        `SELECT * FROM tokens WHERE ${[
          ...(userId === undefined ? [] : ["user_id = ?"]),
          ...(grantId === undefined ? [] : ["grant_id = ?"]),
          "id > ?",
          LIVE,
        ].join(" AND ")} ORDER BY id LIMIT ?`,
        ...(userId === undefined ? [] : [userId]),
        ...(grantId === undefined ? [] : [grantId]),
        page.after ?? "",
        nowMs,
        limitOf(page),
      );
      return pageOf(rows, page, { key: (row) => row.id, item: toToken });
    },

    findToken(id, nowMs) {
      const row = database.get<TokenRow>(`SELECT * FROM tokens WHERE id = ? AND ${LIVE}`, id, nowMs);
      return row === undefined ? null : toToken(row);
    },

    revokeToken(id) {
      return database.run("DELETE FROM tokens WHERE id = ?", id) > 0;
    },

    findCredential(hash, nowMs) {
      const row = database.get<TokenRow>(`SELECT * FROM tokens WHERE hash = ? AND ${LIVE}`, hash, nowMs);
      if (row === undefined) return null;
      return { token: toToken(row), grant: row.grant_id === null ? null : findGrant(database, row.grant_id) };
    },
  };
}

function createToken(ground: Ground, request: TokenRequest): TokenMade {
  const { database } = ground;
  const { userId, appId } = request;
  if (!isUser(database, userId)) return { kind: "unknown-user" };
  const grantId = appId === null ? null : grantFor(ground, { ...request, appId });
  if (grantId === "unknown-app") return { kind: "unknown-app" };
  return { kind: "made", token: insert(database, request, grantId) };
}

function grantFor(
  ground: Ground,
  { userId, appId, newGrantId, scopes, nowMs }: TokenRequest & { readonly appId: AppId },
): GrantId | "unknown-app" {
  const live = findPair(ground.database, { userId, appId });
  if (live !== null) return live.id;
  const granted = grant(ground, { id: newGrantId, userId, appId, scopes, nowMs });
  if (granted.kind === "unknown-app") return "unknown-app";
  assert(granted.kind === "made");
  return granted.grant.id;
}

function insert(database: Database, request: TokenRequest, grantId: GrantId | null): Token {
  const { id, hash, userId, appId, scopes, nowMs, expiresAtMs } = request;
  database.run(
    `INSERT INTO tokens (id, hash, user_id, grant_id, app_id, scopes, created_at_ms, expires_at_ms)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
    id,
    hash,
    userId,
    grantId,
    appId,
    scopes === null ? null : JSON.stringify(scopes),
    nowMs,
    expiresAtMs,
  );
  return { id, userId, grantId, appId, scopes, createdAtMs: nowMs, expiresAtMs };
}

function toToken(row: TokenRow): Token {
  return {
    id: row.id,
    userId: row.user_id,
    grantId: row.grant_id,
    appId: row.app_id,
    scopes: row.scopes === null ? null : (JSON.parse(row.scopes) as readonly string[]),
    createdAtMs: row.created_at_ms,
    expiresAtMs: row.expires_at_ms,
  };
}
