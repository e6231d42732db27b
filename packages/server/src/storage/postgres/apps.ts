import type { AppId, UserId } from "@trulinks/protocol";
import type { AccountStore, App } from "../../accounts/store.ts";
import { limitOf, pageOf } from "../page-of.ts";
import type { Database, Queries } from "./database.ts";
import { holdUser } from "./users.ts";

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
  AccountStore,
  "createApp" | "findApp" | "listApps" | "changeApp" | "replaceClientSecret" | "findAppByClientId"
>;

export function createApps(database: Database): AppVerbs {
  return {
    createApp(app, clientSecretHash) {
      return database.transact(async (transaction) => {
        if (app.owner !== null && !(await holdUser(transaction, app.owner))) return "unknown-user";
        await insert(transaction, app, clientSecretHash);
        return app;
      });
    },

    async findApp(id) {
      const row = await database.get<AppRow>("SELECT * FROM apps WHERE id = $1", id);
      return row === undefined ? null : toApp(row);
    },

    async listApps(page) {
      const rows = await database.all<AppRow>(
        "SELECT * FROM apps WHERE id > $1 ORDER BY id LIMIT $2",
        page.after ?? "",
        limitOf(page),
      );
      return pageOf(rows, page, { key: (row) => row.id, item: toApp });
    },

    async changeApp(id, { name, contact }) {
      const row = await database.get<AppRow>(
        `UPDATE apps SET name = coalesce($2, name), contact = CASE WHEN $3 THEN $4 ELSE contact END
         WHERE id = $1 RETURNING *`,
        id,
        name ?? null,
        contact !== undefined,
        contact ?? null,
      );
      return row === undefined ? null : toApp(row);
    },

    async replaceClientSecret(id, clientSecretHash) {
      return (
        (await database.run("UPDATE apps SET client_secret_hash = $2 WHERE id = $1", id, clientSecretHash)) >
        0
      );
    },

    async findAppByClientId(clientId) {
      const row = await database.get<AppRow>("SELECT * FROM apps WHERE client_id = $1", clientId);
      return row === undefined ? null : { app: toApp(row), secretHash: row.client_secret_hash };
    },
  };
}

/** Whether there is such an app; it then stays until the transaction ends. */
export async function holdApp(queries: Queries, id: AppId): Promise<boolean> {
  return (await queries.get("SELECT 1 FROM apps WHERE id = $1 FOR KEY SHARE", id)) !== undefined;
}

async function insert(queries: Queries, app: App, clientSecretHash: Uint8Array): Promise<void> {
  await queries.run(
    `INSERT INTO apps (id, name, owner, contact, client_id, client_secret_hash, created_at_ms)
     VALUES ($1, $2, $3, $4, $5, $6, $7)`,
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
