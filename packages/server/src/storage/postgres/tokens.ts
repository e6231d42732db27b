import type { AppId, GrantId, TokenId, UserId } from "@trulinks/protocol";
import type { AccountStore, Granted, Token, TokenMade, TokenRequest } from "../../accounts/store.ts";
import { limitOf, pageOf } from "../page-of.ts";
import type { Database, Queries } from "./database.ts";
import { type GrantRow, grant, toGrant } from "./grants.ts";
import { holdUser } from "./users.ts";

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
  AccountStore,
  "createToken" | "listTokens" | "findToken" | "revokeToken" | "findCredential"
>;

// A token of a revoked grant or a deleted user needs no condition: it was deleted in the same step.
const LIVE = "(expires_at_ms IS NULL OR expires_at_ms > $1)";

export function createTokens(database: Database): TokenVerbs {
  return {
    createToken: (request) => database.transact((transaction) => createToken(transaction, request)),

    async listTokens({ userId, grantId }, page, nowMs) {
      const values: unknown[] = [nowMs, page.after ?? "", limitOf(page)];
      const conditions = [LIVE, "id > $2"];
      if (userId !== undefined) conditions.push(`user_id = $${values.push(userId)}`);
      if (grantId !== undefined) conditions.push(`grant_id = $${values.push(grantId)}`);
      const rows = await database.all<TokenRow>(
        `SELECT * FROM tokens WHERE ${conditions.join(" AND ")} ORDER BY id LIMIT $3`,
        ...values,
      );
      return pageOf(rows, page, { key: (row) => row.id, item: toToken });
    },

    async findToken(id, nowMs) {
      const row = await database.get<TokenRow>(`SELECT * FROM tokens WHERE ${LIVE} AND id = $2`, nowMs, id);
      return row === undefined ? null : toToken(row);
    },

    async revokeToken(id) {
      return (await database.run("DELETE FROM tokens WHERE id = $1", id)) > 0;
    },

    async findCredential(hash, nowMs) {
      const row = await database.get<TokenRow & GrantOfToken>(
        `SELECT tokens.*, grants.scopes AS grant_scopes, grants.created_at_ms AS grant_created_at_ms
         FROM tokens LEFT JOIN grants ON grants.id = tokens.grant_id WHERE ${LIVE} AND hash = $2`,
        nowMs,
        hash,
      );
      if (row === undefined) return null;
      return { token: toToken(row), grant: isGrant(row) ? toGrant(grantRow(row)) : null };
    },
  };
}

interface GrantOfToken {
  readonly grant_scopes: string | null;
  readonly grant_created_at_ms: number;
}

type GrantedRow = TokenRow & {
  readonly grant_id: GrantId;
  readonly app_id: AppId;
  readonly grant_scopes: string;
  readonly grant_created_at_ms: number;
};

function isGrant(row: TokenRow & GrantOfToken): row is GrantedRow {
  return row.grant_scopes !== null;
}

function grantRow({ grant_id, user_id, app_id, grant_scopes, grant_created_at_ms }: GrantedRow): GrantRow {
  return { id: grant_id, user_id, app_id, scopes: grant_scopes, created_at_ms: grant_created_at_ms };
}

async function createToken(queries: Queries, request: TokenRequest): Promise<TokenMade> {
  const { userId, appId } = request;
  if (!(await holdUser(queries, userId))) return { kind: "unknown-user" };
  if (appId === null) return { kind: "made", token: await insert(queries, request, null) };
  const granted = await grantFor(queries, { ...request, appId });
  if (granted.kind === "unknown-user" || granted.kind === "unknown-app") return granted;
  return { kind: "made", token: await insert(queries, request, granted.grant.id) };
}

/** The live grant as it is, or a new one with the token's scopes. */
async function grantFor(
  queries: Queries,
  { userId, appId, newGrantId, scopes, nowMs }: TokenRequest & { readonly appId: AppId },
): Promise<Granted> {
  const row = await queries.get<GrantRow>(
    "SELECT * FROM grants WHERE user_id = $1 AND app_id = $2 FOR KEY SHARE",
    userId,
    appId,
  );
  if (row !== undefined) return { kind: "same", grant: toGrant(row) };
  return grant(queries, { id: newGrantId, userId, appId, scopes, nowMs });
}

async function insert(queries: Queries, request: TokenRequest, grantId: GrantId | null): Promise<Token> {
  const { id, hash, userId, appId, scopes, nowMs, expiresAtMs } = request;
  await queries.run(
    `INSERT INTO tokens (id, hash, user_id, grant_id, app_id, scopes, created_at_ms, expires_at_ms)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
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
