import { strict as assert } from "node:assert";
import type { AppId, GrantId, UserId } from "@trulinks/protocol";
import type { AccountStore, Grant, Granted, GrantRequest } from "../../accounts/store.ts";
import { limitOf, pageOf } from "../page-of.ts";
import { holdApp } from "./apps.ts";
import type { Database, Queries } from "./database.ts";
import { lockReach, nowReachable } from "./reach.ts";

export interface GrantRow {
  readonly id: GrantId;
  readonly user_id: UserId;
  readonly app_id: AppId;
  readonly scopes: string;
  readonly created_at_ms: number;
}

type GrantVerbs = Pick<AccountStore, "grant" | "findGrant" | "listGrants" | "changeGrant">;

export function createGrants(database: Database): GrantVerbs {
  return {
    grant: (request) => database.transact((transaction) => grant(transaction, request)),

    async findGrant(id) {
      const row = await database.get<GrantRow>("SELECT * FROM grants WHERE id = $1", id);
      return row === undefined ? null : toGrant(row);
    },

    async listGrants({ userId, appId }, page) {
      const values: unknown[] = [page.after ?? "", limitOf(page)];
      const conditions = ["id > $1"];
      if (userId !== undefined) conditions.push(`user_id = $${values.push(userId)}`);
      if (appId !== undefined) conditions.push(`app_id = $${values.push(appId)}`);
      const rows = await database.all<GrantRow>(
        `SELECT * FROM grants WHERE ${conditions.join(" AND ")} ORDER BY id LIMIT $2`,
        ...values,
      );
      return pageOf(rows, page, { key: (row) => row.id, item: toGrant });
    },

    async changeGrant(id, scopes) {
      const row = await database.get<GrantRow>(
        "UPDATE grants SET scopes = $2 WHERE id = $1 RETURNING *",
        id,
        JSON.stringify(scopes),
      );
      return row === undefined ? null : toGrant(row);
    },
  };
}

/** Makes the grant of a pair, or gives the one it has; it then stays until the transaction ends. */
export async function grant(queries: Queries, request: GrantRequest): Promise<Granted> {
  const { id, userId, appId, scopes, nowMs } = request;
  if (!(await lockReach(queries, userId))) return { kind: "unknown-user" };
  if (!(await holdApp(queries, appId))) return { kind: "unknown-app" };
  const row = await queries.get<GrantRow>(
    `INSERT INTO grants AS live (id, user_id, app_id, scopes, created_at_ms)
     VALUES ($1, $2, $3, coalesce($4, '[]'), $5)
     ON CONFLICT (user_id, app_id) DO UPDATE SET scopes = coalesce($4, live.scopes)
     RETURNING *`,
    id,
    userId,
    appId,
    scopes === null ? null : JSON.stringify(scopes),
    nowMs,
  );
  assert(row !== undefined);
  if (row.id !== id) return { kind: "same", grant: toGrant(row) };
  await nowReachable(queries, userId);
  return { kind: "made", grant: toGrant(row) };
}

export function toGrant(row: GrantRow): Grant {
  return {
    id: row.id,
    userId: row.user_id,
    appId: row.app_id,
    scopes: JSON.parse(row.scopes) as readonly string[],
    createdAtMs: row.created_at_ms,
  };
}
