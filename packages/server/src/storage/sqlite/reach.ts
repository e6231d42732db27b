/** Through which hooks a user's events leave: the index of matching, in memory, filled as users are named. */
import type { GrantId, HookId, UserId } from "@trulinks/protocol";
import type { HookOwner } from "../../webhooks/hook.ts";
import type { Database } from "./database.ts";
import type { Ground } from "./memory.ts";
import { createRemembered } from "./remembered.ts";
import { isUser } from "./users.ts";

/** One way from a user to a hook. */
export interface Way {
  readonly hookId: HookId;
  /** Null for a hook of the user's own. */
  readonly grantId: GrantId | null;
  /** Those of the grant; null for a hook of the user's own. */
  readonly scopes: readonly string[] | null;
}

/** `isKnown` false: there is no such user. */
export interface Reach {
  readonly isKnown: boolean;
  readonly ways: readonly Way[];
}

export interface Reaches {
  of(userId: UserId): Reach;
  /** The user's hooks or grants have changed. */
  forget(userId: UserId): void;
  /** An app's hooks have changed: whose grants that concerns is not worth finding out. */
  clear(): void;
}

// Some 300 bytes each.
const USERS_MAX = 50_000;

export function createReaches(database: Database): Reaches {
  return createRemembered<UserId, Reach>(USERS_MAX, (userId) => {
    const rows = database.all<WayRow>(WAYS, userId, userId);
    if (rows.length === 0 && !isUser(database, userId)) return UNKNOWN;
    return { isKnown: true, ways: rows.map(toWay) };
  });
}

const UNKNOWN: Reach = { isKnown: false, ways: [] };

interface WayRow {
  readonly hook_id: HookId;
  readonly grant_id: GrantId | null;
  readonly scopes: string | null;
}

function toWay({ hook_id, grant_id, scopes }: WayRow): Way {
  return { hookId: hook_id, grantId: grant_id, scopes: scopes === null ? null : JSON.parse(scopes) };
}

const WAYS = `
  SELECT id AS hook_id, NULL AS grant_id, NULL AS scopes FROM hooks WHERE owner_user_id = ?
  UNION ALL
  SELECT hooks.id, grants.id, grants.scopes
  FROM grants JOIN hooks ON hooks.owner_app_id = grants.app_id WHERE grants.user_id = ?`;

/** What is remembered of the ways to the owner's hooks is no longer so. */
export function forgetWays({ database, memory }: Ground, owner: HookOwner): void {
  if (owner.kind === "app") {
    memory.reaches.clear();
    return;
  }
  memory.reaches.forget(owner.userId);
  markReachable(database, owner.userId);
}

/** Keeps right which members of groups are looked at when an event is for the group. */
export function markReachable(database: Database, userId: UserId): void {
  const { reachable } = database.get<{ readonly reachable: number }>(IS_REACHABLE, userId) ?? {
    reachable: 0,
  };
  database.run(
    "UPDATE group_members SET is_reachable = ?1 WHERE user_id = ?2 AND is_reachable <> ?1",
    reachable,
    userId,
  );
}

const IS_REACHABLE = `SELECT EXISTS (SELECT 1 FROM hooks WHERE owner_user_id = ?1)
  OR EXISTS (SELECT 1 FROM grants WHERE user_id = ?1) AS reachable`;
