/** Whom an event reaches, through which hooks, and what of it each of them sees. */
import type { GrantId, UserId } from "@trulinks/protocol";
import type { NewEvent } from "../../webhooks/new-event.ts";
import { type Matched, type View, viewOf } from "../../webhooks/view.ts";
import type { KnownHook } from "./known-hooks.ts";
import type { Ground } from "./memory.ts";

/** One delivery to be made. */
export interface Match {
  readonly known: KnownHook;
  /** Null: it concerns nobody, but the app whose hook it is. */
  readonly userId: UserId | null;
  /** Null for a hook of the user's own, and for the platform's own events. */
  readonly grantId: GrantId | null;
  readonly view: View | null;
}

export interface Matches {
  readonly matches: readonly Match[];
  /** Users and groups that are named and not known. */
  readonly unknown: readonly string[];
}

/** Null: none of the users and groups that are named is known. */
export function matchEvent({ database, memory }: Ground, event: NewEvent): Matches | null {
  const matches: Match[] = [];
  const matched = matchedOf(event);
  const seen = new Set<UserId>();
  const unknown = new Set<string>();
  let isKnown = false;

  function reach(userId: UserId): void {
    if (seen.has(userId)) return;
    seen.add(userId);
    const { isKnown: isUser, ways } = memory.reaches.of(userId);
    if (!isUser) unknown.add(userId);
    else isKnown = true;
    for (const { hookId, grantId, scopes } of ways) {
      const known = memory.hooks.of(hookId);
      if (known.hook.state === "disabled") continue;
      const seenOfIt = viewOf(matched, known.hook, scopes);
      if (seenOfIt !== null) matches.push({ known, userId, grantId, view: seenOfIt.view });
    }
  }

  for (const userId of event.userIds) reach(userId);
  for (const groupId of event.groupIds) {
    if (database.get("SELECT 1 FROM group_members WHERE group_id = ? LIMIT 1", groupId) === undefined) {
      unknown.add(groupId);
      continue;
    }
    isKnown = true;
    for (const { user_id } of database.all<{ readonly user_id: UserId }>(REACHABLE, groupId)) reach(user_id);
  }
  return isKnown ? { matches, unknown: [...unknown] } : null;
}

const REACHABLE = "SELECT user_id FROM group_members WHERE group_id = ? AND is_reachable = 1";

export function matchedOf(event: NewEvent): Matched {
  let data: unknown;
  return {
    type: event.type,
    data() {
      data ??= JSON.parse(event.data);
      return data;
    },
    sensitive: event.sensitive,
    scopes: event.scopes,
    fieldScopes: event.fieldScopes,
  };
}
