import type { UserId } from "@trulinks/protocol";
import type { AccountStore, User } from "../../accounts/store.ts";
import { limitOf, pageOf } from "../page-of.ts";
import type { Database } from "./database.ts";
import type { Ground } from "./memory.ts";
import type { Sync } from "./verbs.ts";

interface UserRow {
  readonly id: UserId;
  readonly name: string | null;
  readonly email: string | null;
  readonly created_at_ms: number;
}

type UserVerbs = Pick<Sync<AccountStore>, "createUser" | "putUser" | "findUser" | "listUsers">;

export function createUsers({ database, memory }: Ground): UserVerbs {
  function findUser(id: UserId): User | null {
    const row = database.get<UserRow>("SELECT * FROM users WHERE id = ?", id);
    return row === undefined ? null : toUser(row);
  }

  function createUser(user: User): User | null {
    const made = database.run(
      "INSERT INTO users (id, name, email, created_at_ms) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
      user.id,
      user.name,
      user.email,
      user.createdAtMs,
    );
    // An event may have named it before it was there.
    memory.reaches.forget(user.id);
    return made === 0 ? null : user;
  }

  return {
    createUser,
    findUser,

    putUser(user) {
      const existing = findUser(user.id);
      if (existing === null) {
        createUser(user);
        return { created: true, user };
      }
      database.run("UPDATE users SET name = ?, email = ? WHERE id = ?", user.name, user.email, user.id);
      return { created: false, user: { ...user, createdAtMs: existing.createdAtMs } };
    },

    listUsers(page) {
      const rows = database.all<UserRow>(
        "SELECT * FROM users WHERE id > ? ORDER BY id LIMIT ?",
        page.after ?? "",
        limitOf(page),
      );
      return pageOf(rows, page, { key: (row) => row.id, item: toUser });
    },
  };
}

export function isUser(database: Database, id: UserId): boolean {
  return database.get("SELECT 1 FROM users WHERE id = ?", id) !== undefined;
}

function toUser(row: UserRow): User {
  return { id: row.id, name: row.name, email: row.email, createdAtMs: row.created_at_ms };
}
