/** What events name, whom they reach, and through which hooks. */
import type { EventId, GrantId, HookId, UserId } from "@trulinks/protocol";
import type { NewEvent } from "../../webhooks/new-event.ts";
import { type Matched, viewOf } from "../../webhooks/view.ts";
import type { Queries } from "./database.ts";
import type { Draft, Entry, KnownHook } from "./drafts.ts";
import type { Earlier, Known } from "./earlier.ts";
import { type HookRow, toHook } from "./hook-row.ts";
import { OWN_SECRETS, type SecretColumns, toSecrets } from "./live-secrets.ts";

interface KnownRow {
  readonly kind: "receipt" | "event" | "user" | "group";
  readonly name: string;
  readonly event_id: EventId;
  readonly fingerprint: string | null;
  readonly deliveries: number;
  readonly unknown: string;
}

export async function findKnown(queries: Queries, events: readonly NewEvent[]): Promise<Known> {
  const rows = await queries.all<KnownRow>(
    KNOWN,
    events.flatMap((event) => event.receiptKeys),
    events.map((event) => event.id),
    [...new Set(events.flatMap((event) => event.userIds))],
    [...new Set(events.flatMap((event) => event.groupIds))],
  );
  const earlier = new Map<string, Earlier>();
  const users = new Set<string>();
  const groups = new Set<string>();
  for (const row of rows) {
    if (row.kind === "user") users.add(row.name);
    else if (row.kind === "group") groups.add(row.name);
    else earlier.set(row.kind === "event" ? `event ${row.name}` : row.name, toEarlier(row));
  }
  return { earlier, users, groups };
}

function toEarlier({ event_id, fingerprint, deliveries, unknown }: KnownRow): Earlier {
  return {
    receipt: { id: event_id, deliveries, unknown: JSON.parse(unknown) as readonly string[] },
    fingerprint,
  };
}

// A group's first member is asked for, since for any of them a large group's table would be read from its beginning.
const KNOWN = `
  SELECT 'receipt' AS kind, receipts.key AS name, events.id AS event_id, fingerprint, deliveries, unknown
  FROM receipts JOIN events ON events.id = receipts.event_id WHERE receipts.key = ANY($1)
  UNION ALL
  SELECT 'event', id, id, fingerprint, deliveries, unknown FROM events WHERE id = ANY($2)
  UNION ALL
  SELECT 'user', id, NULL, NULL, NULL, NULL FROM users WHERE id = ANY($3)
  UNION ALL
  SELECT 'group', named.id, NULL, NULL, NULL, NULL FROM unnest($4::text[]) AS named (id)
  WHERE (SELECT user_id FROM group_members WHERE group_id = named.id ORDER BY user_id LIMIT 1) IS NOT NULL`;

interface MatchRow {
  readonly event: number;
  readonly user_id: UserId;
  readonly hook_id: HookId;
  readonly grant_id: GrantId | null;
}

/**
 * The deliveries to be made, event by event. Their hooks and grants are locked: whoever would end or change one waits
 * until these are stored, and whoever did so a moment ago is heeded.
 */
export async function findDrafts(queries: Queries, entries: readonly Entry[]): Promise<readonly Draft[]> {
  const events = entries.map((entry) => entry.event);
  const matches = await findMatches(queries, events);
  if (matches.length === 0) return [];
  const scopes = await holdGrants(queries, matches);
  const nowMs = Math.min(...entries.map((entry) => entry.claim.nowMs));
  const hooks = await lockHooks(queries, [...new Set(matches.map((match) => match.hook_id))], nowMs);
  const matched = events.map(matchedOf);
  return matches.flatMap(({ event: index, user_id, hook_id, grant_id }): Draft[] => {
    const entry = entries[index];
    const event = matched[index];
    const known = hooks.get(hook_id);
    const grantScopes = grant_id === null ? null : scopes.get(grant_id);
    if (entry === undefined || event === undefined || known === undefined || grantScopes === undefined)
      return [];
    const seen = viewOf(event, known.hook, grantScopes);
    return seen === null ? [] : [{ entry, known, userId: user_id, grantId: grant_id, view: seen.view }];
  });
}

/** The data are read once, and only if somebody asks. */
export function matchedOf({ type, data, sensitive, scopes, fieldScopes }: NewEvent): Matched {
  let parsed: { readonly data: unknown } | null = null;
  return {
    ...{ type, sensitive, scopes, fieldScopes },
    data: () => {
      parsed ??= { data: JSON.parse(data) };
      return parsed.data;
    },
  };
}

function findMatches(queries: Queries, events: readonly NewEvent[]): Promise<readonly MatchRow[]> {
  const users = events.flatMap((event, index) => event.userIds.map((id) => [index, id] as const));
  const groups = events.flatMap((event, index) => event.groupIds.map((id) => [index, id] as const));
  return queries.all<MatchRow>(
    MATCHES,
    users.map(([index]) => index),
    users.map(([, id]) => id),
    groups.map(([index]) => index),
    groups.map(([, id]) => id),
    events.map((_, index) => index),
    events.map((event) => event.type),
  );
}

// The pattern's rule is that of `matchesPattern` in the protocol. A user who does not exist has neither hook nor grant.
const MATCHES = `
  WITH recipients AS (
    SELECT event, user_id FROM unnest($1::integer[], $2::text[]) AS named (event, user_id)
    UNION
    SELECT named.event, group_members.user_id FROM unnest($3::integer[], $4::text[]) AS named (event, group_id)
    JOIN group_members ON group_members.group_id = named.group_id AND group_members.is_reachable
  ),
  reached AS (
    SELECT event, user_id, hooks.id AS hook_id, NULL AS grant_id, hooks.state, hooks.events
    FROM recipients JOIN hooks ON hooks.owner_user_id = recipients.user_id
    UNION ALL
    SELECT event, recipients.user_id, hooks.id, grants.id, hooks.state, hooks.events
    FROM recipients JOIN grants ON grants.user_id = recipients.user_id
    JOIN hooks ON hooks.owner_app_id = grants.app_id
  )
  SELECT event, user_id, hook_id, grant_id FROM reached
  JOIN unnest($5::integer[], $6::text[]) AS typed (event, type) USING (event)
  WHERE state <> 'disabled' AND EXISTS (
    SELECT FROM unnest(events) AS pattern
    WHERE pattern IN ('*', type) OR (right(pattern, 2) = '.*' AND starts_with(type, left(pattern, -1)))
  )
  ORDER BY event, user_id, hook_id`;

/** The scopes of those that are live. */
async function holdGrants(
  queries: Queries,
  matches: readonly MatchRow[],
): Promise<ReadonlyMap<GrantId, readonly string[]>> {
  const ids = new Set(matches.map((match) => match.grant_id).filter((id) => id !== null));
  if (ids.size === 0) return new Map();
  const live = await queries.all<{ readonly id: GrantId; readonly scopes: string }>(
    "SELECT id, scopes FROM grants WHERE id = ANY($1) ORDER BY id FOR KEY SHARE",
    [...ids],
  );
  return new Map(live.map(({ id, scopes }) => [id, JSON.parse(scopes) as readonly string[]]));
}

/** Those that are not disabled, locked in the order in which everybody locks them. */
export async function lockHooks(
  queries: Queries,
  ids: readonly HookId[],
  nowMs: number,
): Promise<ReadonlyMap<HookId, KnownHook>> {
  const rows = await queries.all<HookRow & SecretColumns>(
    `SELECT hooks.*, own.* FROM hooks CROSS JOIN LATERAL (${OWN_SECRETS}) own
     WHERE id = ANY($2) AND state <> 'disabled' ORDER BY id FOR NO KEY UPDATE OF hooks`,
    nowMs,
    ids,
  );
  return new Map(
    rows.map((row) => [
      row.id,
      { hook: toHook(row), secrets: toSecrets(row), lastSequence: row.last_sequence, round: row.round },
    ]),
  );
}
