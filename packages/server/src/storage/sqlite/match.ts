/** Whom an event reaches, and through which hooks. */
import { type GrantId, type HookId, matchesAny, type UserId } from "@trulinks/protocol";
import type { NewEvent } from "../../webhooks/new-event.ts";
import type { ClaimContext, KnownHook } from "./claim-context.ts";
import type { Database } from "./database.ts";

export interface Recipients {
  /** Each once. */
  readonly userIds: readonly UserId[];
  readonly unknown: readonly string[];
}

/** One delivery to be made. */
export interface Match {
  readonly known: KnownHook;
  readonly userId: UserId;
  /** Null for a hook of the user's own. */
  readonly grantId: GrantId | null;
}

/** Null: none of the users and groups that are named is known. */
export function findRecipients(database: Database, event: NewEvent): Recipients | null {
  const userIds = new Set<UserId>();
  const unknown: string[] = [];
  for (const id of event.userIds) {
    if (database.get("SELECT 1 FROM users WHERE id = ?", id) === undefined) unknown.push(id);
    else userIds.add(id);
  }
  for (const id of event.groupIds) {
    const members = database.all<{ readonly user_id: UserId }>(
      "SELECT user_id FROM group_members WHERE group_id = ?",
      id,
    );
    if (members.length === 0) unknown.push(id);
    for (const { user_id } of members) userIds.add(user_id);
  }
  return userIds.size > 0 ? { userIds: [...userIds], unknown: [...new Set(unknown)] } : null;
}

/** Looks each user's hooks up once, however many events of a batch concern that user. */
export function createMatching(
  database: Database,
  context: ClaimContext,
): (type: string, userIds: readonly UserId[]) => readonly Match[] {
  const reachable = new Map<UserId, readonly Match[]>();

  function hooksOf(userId: UserId): readonly Match[] {
    const known = reachable.get(userId);
    if (known !== undefined) return known;
    const found = database
      .all<{ readonly hook_id: HookId; readonly grant_id: GrantId | null }>(HOOKS_OF_USER, userId, userId)
      .map(({ hook_id, grant_id }) => ({ known: context.hookOf(hook_id), userId, grantId: grant_id }))
      .filter(({ known }) => known.hook.state !== "disabled");
    reachable.set(userId, found);
    return found;
  }

  return (type, userIds) =>
    userIds.flatMap((userId) => hooksOf(userId).filter(({ known }) => matchesAny(known.hook.events, type)));
}

const HOOKS_OF_USER = `
  SELECT id AS hook_id, NULL AS grant_id FROM hooks WHERE owner_user_id = ?
  UNION ALL
  SELECT hooks.id, grants.id FROM grants JOIN hooks ON hooks.owner_app_id = grants.app_id WHERE grants.user_id = ?`;
