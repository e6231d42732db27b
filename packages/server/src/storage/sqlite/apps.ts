import type { AppId, UserId } from "@trulinks/protocol";
import type { AccountStore, App } from "../../accounts/store.ts";
import { limitOf, pageOf } from "../page-of.ts";
import type { Database } from "./database.ts";
import { isUser } from "./users.ts";
import type { Sync } from "./verbs.ts";

interface AppRow {
  readonly id: AppId;
  readonly name: string;
  readonly owner: UserId | null;
  readonly contact: string | null;
  readonly client_id: string;
  readonly client_secret_hash: Uint8Array;
  readonly created_at_ms: number;
}

type AppVerbs = Pick<
  Sync<AccountStore>,
  "createApp" | "findApp" | "listApps" | "changeApp" | "replaceClientSecret" | "findAppByClientId"
>;

export function createApps(database: Database): AppVerbs {
  function findApp(id: AppId): App | null {
    const row = database.get<AppRow>("SELECT * FROM apps WHERE id = ?", id);
    return row === undefined ? null : toApp(row);
  }

  return {
    findApp,

    createApp(app, clientSecretHash) {
      if (app.owner !== null && !isUser(database, app.owner)) return "unknown-user";
      insert(database, app, clientSecretHash);
      return app;
    },

    listApps(page) {
      const rows = database.all<AppRow>(
        "SELECT * FROM apps WHERE id > ? ORDER BY id LIMIT ?",
        page.after ?? "",
        limitOf(page),
      );
      return pageOf(rows, page, { key: (row) => row.id, item: toApp });
    },

    changeApp(id, change) {
      const app = findApp(id);
      if (app === null) return null;
      const changed = { ...app, ...change };
      database.run("UPDATE apps SET name = ?, contact = ? WHERE id = ?", changed.name, changed.contact, id);
      return changed;
    },

    replaceClientSecret(id, clientSecretHash) {
      return database.run("UPDATE apps SET client_secret_hash = ? WHERE id = ?", clientSecretHash, id) > 0;
    },

    findAppByClientId(clientId) {
      const row = database.get<AppRow>("SELECT * FROM apps WHERE client_id = ?", clientId);
      return row === undefined ? null : { app: toApp(row), secretHash: row.client_secret_hash };
    },
  };
}

export function isApp(database: Database, id: AppId): boolean {
  return database.get("SELECT 1 FROM apps WHERE id = ?", id) !== undefined;
}

function insert(database: Database, app: App, clientSecretHash: Uint8Array): void {
  database.run(
    `INSERT INTO apps (id, name, owner, contact, client_id, client_secret_hash, created_at_ms)
     VALUES (?, ?, ?, ?, ?, ?, ?)`,
    app.id,
    app.name,
    app.owner,
    app.contact,
    app.clientId,
    clientSecretHash,
    app.createdAtMs,
  );
}

function toApp(row: AppRow): App {
  return {
    id: row.id,
    name: row.name,
    owner: row.owner,
    contact: row.contact,
    clientId: row.client_id,
    createdAtMs: row.created_at_ms,
  };
}
