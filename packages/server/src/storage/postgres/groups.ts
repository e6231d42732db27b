import type { GroupId, UserId } from "@trulinks/protocol";
import type { AccountStore, Group } from "../../accounts/store.ts";
import { limitOf, pageOf } from "../page-of.ts";
import type { Database } from "./database.ts";
import { addMember, lockReach } from "./reach.ts";

interface GroupRow {
  readonly id: GroupId;
  readonly users_count: number;
}

type GroupVerbs = Pick<
  AccountStore,
  "addToGroup" | "removeFromGroup" | "listGroups" | "findGroup" | "listGroupUsers" | "deleteGroup"
>;

export function createGroups(database: Database): GroupVerbs {
  return {
    addToGroup(groupId, userId) {
      return database.transact(async (transaction) => {
        if (!(await lockReach(transaction, userId))) return "unknown-user";
        await addMember(transaction, groupId, userId);
        return "added";
      });
    },

    async removeFromGroup(groupId, userId) {
      await database.run("DELETE FROM group_members WHERE group_id = $1 AND user_id = $2", groupId, userId);
    },

    async listGroups(page) {
      const rows = await database.all<GroupRow>(
        `SELECT group_id AS id, count(*) AS users_count FROM group_members WHERE group_id > $1
         GROUP BY group_id ORDER BY group_id LIMIT $2`,
        page.after ?? "",
        limitOf(page),
      );
      return pageOf(rows, page, { key: (row) => row.id, item: toGroup });
    },

    async findGroup(id) {
      const row = await database.get<GroupRow>(
        `SELECT group_id AS id, count(*) AS users_count FROM group_members WHERE group_id = $1
         GROUP BY group_id`,
        id,
      );
      return row === undefined ? null : toGroup(row);
    },

    async listGroupUsers(groupId, page) {
      const rows = await database.all<{ readonly user_id: UserId }>(
        "SELECT user_id FROM group_members WHERE group_id = $1 AND user_id > $2 ORDER BY user_id LIMIT $3",
        groupId,
        page.after ?? "",
        limitOf(page),
      );
      return pageOf(rows, page, { key: (row) => row.user_id, item: (row) => row.user_id });
    },

    async deleteGroup(id) {
      return (await database.run("DELETE FROM group_members WHERE group_id = $1", id)) > 0;
    },
  };
}

function toGroup(row: GroupRow): Group {
  return { id: row.id, usersCount: row.users_count };
}
