/**
 * Which members of groups can be reached at all: through a hook of their own or a grant. It is noted with each
 * membership, so that an event for a group looks at nobody else.
 *
 * Whoever changes one of the three (membership, hooks of a user, grants) has locked the user, so that no two miss each
 * other. A mark that is wrong the other way, reachable through nothing, costs a look and harms nobody.
 */
import type { UserId } from "@trulinks/protocol";
import type { Queries } from "./database.ts";

/** Whether there is such a user; its reach then stays as it is until the transaction ends, but for what that does. */
export async function lockReach(queries: Queries, id: UserId): Promise<boolean> {
  return (await queries.get("SELECT 1 FROM users WHERE id = $1 FOR NO KEY UPDATE", id)) !== undefined;
}

/** The user, who is locked, has a hook or a grant. */
export async function nowReachable(queries: Queries, id: UserId): Promise<void> {
  await queries.run(
    "UPDATE group_members SET is_reachable = true WHERE user_id = $1 AND NOT is_reachable",
    id,
  );
}

/** The users, who are locked, may have lost the last through which they were reached. */
export async function perhapsUnreachable(queries: Queries, ids: readonly UserId[]): Promise<void> {
  if (ids.length === 0) return;
  await queries.run(
    `UPDATE group_members SET is_reachable = false WHERE user_id = ANY($1) AND is_reachable AND NOT (${IS_REACHED})`,
    ids,
  );
}

/** Of `group_members.user_id`. */
const IS_REACHED = `EXISTS (SELECT FROM hooks WHERE hooks.owner_user_id = group_members.user_id)
  OR EXISTS (SELECT FROM grants WHERE grants.user_id = group_members.user_id)`;

/** The user is locked. */
export async function addMember(queries: Queries, groupId: string, userId: UserId): Promise<void> {
  await queries.run(
    `INSERT INTO group_members (group_id, user_id, is_reachable)
     SELECT $1, $2, ${IS_REACHED} FROM (SELECT $2::text AS user_id) group_members ON CONFLICT DO NOTHING`,
    groupId,
    userId,
  );
}
