import { strict as assert } from "node:assert";
import type { UserId } from "@trulinks/protocol";
import type { AccountStore, User } from "../../accounts/store.ts";
import { limitOf, pageOf } from "../page-of.ts";
import type { Database, Queries } from "./database.ts";

interface UserRow {
  readonly id: UserId;
  readonly name: string | null;
  readonly email: string | null;
  readonly created_at_ms: number;
}

type UserVerbs = Pick<AccountStore, "createUser" | "putUser" | "findUser" | "listUsers">;

export function createUsers(database: Database): UserVerbs {
  return {
    async createUser(user) {
      const made = await database.run(
        "INSERT INTO users (id, name, email, created_at_ms) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
        user.id,
        user.name,
        user.email,
        user.createdAtMs,
      );
      return made === 0 ? null : user;
    },

    async putUser(user) {
      // A row that this statement inserted has no xmax; one that it updated has.
      const row = await database.get<UserRow & { readonly created: boolean }>(
        `INSERT INTO users (id, name, email, created_at_ms) VALUES ($1, $2, $3, $4)
         ON CONFLICT (id) DO UPDATE SET name = excluded.name, email = excluded.email
         RETURNING *, xmax = 0 AS created`,
        user.id,
        user.name,
        user.email,
        user.createdAtMs,
      );
      assert(row !== undefined);
      return { created: row.created, user: toUser(row) };
    },

    async findUser(id) {
      const row = await database.get<UserRow>("SELECT * FROM users WHERE id = $1", id);
      return row === undefined ? null : toUser(row);
    },

    async listUsers(page) {
      const rows = await database.all<UserRow>(
        "SELECT * FROM users WHERE id > $1 ORDER BY id LIMIT $2",
        page.after ?? "",
        limitOf(page),
      );
      return pageOf(rows, page, { key: (row) => row.id, item: toUser });
    },
  };
}

/** Whether there is such a user; it then stays until the transaction ends. */
export async function holdUser(queries: Queries, id: UserId): Promise<boolean> {
  return (await queries.get("SELECT 1 FROM users WHERE id = $1 FOR KEY SHARE", id)) !== undefined;
}

function toUser(row: UserRow): User {
  return { id: row.id, name: row.name, email: row.email, createdAtMs: row.created_at_ms };
}
