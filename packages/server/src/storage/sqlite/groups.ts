import type { GroupId, UserId } from "@trulinks/protocol";
import type { AccountStore, Group } from "../../accounts/store.ts";
import { limitOf, pageOf } from "../page-of.ts";
import type { Database } from "./database.ts";
import { markReachable } from "./reach.ts";
import { isUser } from "./users.ts";
import type { Sync } from "./verbs.ts";

type GroupVerbs = Pick<
  Sync<AccountStore>,
  "addToGroup" | "removeFromGroup" | "listGroups" | "findGroup" | "listGroupUsers" | "deleteGroup"
>;

export function createGroups(database: Database): GroupVerbs {
  return {
    addToGroup(groupId, userId) {
      if (!isUser(database, userId)) return "unknown-user";
      database.run(
        "INSERT INTO group_members (group_id, user_id) VALUES (?, ?) ON CONFLICT DO NOTHING",
        groupId,
        userId,
      );
      markReachable(database, userId);
      return "added";
    },

    removeFromGroup(groupId, userId) {
      database.run("DELETE FROM group_members WHERE group_id = ? AND user_id = ?", groupId, userId);
    },

    listGroups(page) {
      const rows = database.all<Group>(
        `SELECT group_id AS id, count(*) AS usersCount FROM group_members WHERE group_id > ?
         GROUP BY group_id ORDER BY group_id LIMIT ?`,
        page.after ?? "",
        limitOf(page),
      );
      return pageOf(rows, page, { key: (row) => row.id, item: toGroup });
    },

    findGroup(id) {
      const row = database.get<Group>(
        "SELECT group_id AS id, count(*) AS usersCount FROM group_members WHERE group_id = ? GROUP BY group_id",
        id,
      );
      return row === undefined ? null : toGroup(row);
    },

    listGroupUsers(groupId, page) {
      const rows = database.all<{ readonly user_id: UserId }>(
        "SELECT user_id FROM group_members WHERE group_id = ? AND user_id > ? ORDER BY user_id LIMIT ?",
        groupId,
        page.after ?? "",
        limitOf(page),
      );
      return pageOf(rows, page, { key: (row) => row.user_id, item: (row) => row.user_id });
    },

    deleteGroup(id) {
      return database.run("DELETE FROM group_members WHERE group_id = ?", id) > 0;
    },
  };
}

// Rows have no prototype; what leaves the engine is a plain object.
function toGroup({ id, usersCount }: { readonly id: GroupId; readonly usersCount: number }): Group {
  return { id, usersCount };
}
