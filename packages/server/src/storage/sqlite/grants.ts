import type { AppId, GrantId, UserId } from "@trulinks/protocol";
import type { AccountStore, Grant, Granted, GrantRequest } from "../../accounts/store.ts";
import { limitOf, pageOf } from "../page-of.ts";
import { isApp } from "./apps.ts";
import type { Database } from "./database.ts";
import type { Ground } from "./memory.ts";
import { markReachable } from "./reach.ts";
import { isUser } from "./users.ts";
import type { Sync } from "./verbs.ts";

export interface GrantRow {
  readonly id: GrantId;
  readonly user_id: UserId;
  readonly app_id: AppId;
  readonly scopes: string;
  readonly created_at_ms: number;
}

type GrantVerbs = Pick<Sync<AccountStore>, "grant" | "findGrant" | "listGrants" | "changeGrant">;

export function createGrants(ground: Ground): GrantVerbs {
  const { database } = ground;
  return {
    grant: (request) => grant(ground, request),
    findGrant: (id) => findGrant(database, id),

    listGrants({ userId, appId }, page) {
      const rows = database.all<GrantRow>(
        `SELECT * FROM grants WHERE ${[
          ...(userId === undefined ? [] : ["user_id = ?"]),
          ...(appId === undefined ? [] : ["app_id = ?"]),
          "id > ?",
        ].join(" AND ")} ORDER BY id LIMIT ?`,
        ...(userId === undefined ? [] : [userId]),
        ...(appId === undefined ? [] : [appId]),
        page.after ?? "",
        limitOf(page),
      );
      return pageOf(rows, page, { key: (row) => row.id, item: toGrant });
    },

    changeGrant(id, scopes) {
      const grant = findGrant(database, id);
      return grant === null ? null : replaceScopes(ground, grant, scopes);
    },
  };
}

/** Makes the grant of a pair, or gives the one it has. */
export function grant(ground: Ground, request: GrantRequest): Granted {
  const { database } = ground;
  const live = findPair(database, request);
  if (live !== null) {
    const { scopes } = request;
    return { kind: "same", grant: scopes === null ? live : replaceScopes(ground, live, scopes) };
  }
  if (!isUser(database, request.userId)) return { kind: "unknown-user" };
  if (!isApp(database, request.appId)) return { kind: "unknown-app" };
  return { kind: "made", grant: insert(ground, request) };
}

export function findPair(
  database: Database,
  { userId, appId }: Pick<GrantRequest, "userId" | "appId">,
): Grant | null {
  const row = database.get<GrantRow>("SELECT * FROM grants WHERE user_id = ? AND app_id = ?", userId, appId);
  return row === undefined ? null : toGrant(row);
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

export function findGrant(database: Database, id: GrantId): Grant | null {
  const row = database.get<GrantRow>("SELECT * FROM grants WHERE id = ?", id);
  return row === undefined ? null : toGrant(row);
}

function replaceScopes({ database, memory }: Ground, grant: Grant, scopes: readonly string[]): Grant {
  database.run("UPDATE grants SET scopes = ? WHERE id = ?", JSON.stringify(scopes), grant.id);
  memory.reaches.forget(grant.userId);
  return { ...grant, scopes };
}

function insert({ database, memory }: Ground, { id, userId, appId, scopes, nowMs }: GrantRequest): Grant {
  const made = { id, userId, appId, scopes: scopes ?? [], createdAtMs: nowMs };
  database.run(
    "INSERT INTO grants (id, user_id, app_id, scopes, created_at_ms) VALUES (?, ?, ?, ?, ?)",
    id,
    userId,
    appId,
    JSON.stringify(made.scopes),
    nowMs,
  );
  memory.reaches.forget(userId);
  markReachable(database, userId);
  return made;
}
