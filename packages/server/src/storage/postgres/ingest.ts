import { strict as assert } from "node:assert";
import type { HookId, UserId } from "@trulinks/protocol";
import type { Dice } from "../../base/dice.ts";
import type { Claim, ClaimRequest, SecretVersion } from "../../webhooks/claim.ts";
import type { Ingested, NewEvent } from "../../webhooks/new-event.ts";
import type { Database, Queries } from "./database.ts";
import { type Entry, leaseUntilMs, type Numbered, number } from "./drafts.ts";
import { type Judged, judge } from "./earlier.ts";
import { FIRST_VERSION, toVersions, type VersionColumns } from "./live-secrets.ts";
import { findDrafts, findKnown } from "./match.ts";
import { type Accepted, findLines, storeEvents } from "./store-events.ts";

export interface IngestCall {
  readonly events: readonly NewEvent[];
  readonly claim: ClaimRequest;
}

interface IngestDeps {
  readonly database: Database;
  readonly dice: Pick<Dice, "bytes">;
}

/** Stores the events of several calls in one transaction, and answers each call in its place. */
export async function ingestCalls(
  { database, dice }: IngestDeps,
  calls: readonly IngestCall[],
): Promise<readonly (readonly Ingested[])[]> {
  const entries = calls.flatMap(({ events, claim }) => events.map((event): Entry => ({ event, claim })));
  if (entries.length === 0) return calls.map(() => []);
  const answers = await database.transact((transaction) => ingestEntries(transaction, entries, dice));
  let place = 0;
  return calls.map(({ events }) => {
    place += events.length;
    return answers.slice(place - events.length, place);
  });
}

async function ingestEntries(
  queries: Queries,
  entries: readonly Entry[],
  dice: Pick<Dice, "bytes">,
): Promise<readonly Ingested[]> {
  const events = entries.map((entry) => entry.event);
  const judged = judge(events, await findKnown(queries, events));
  const fresh = entries.filter((_, index) => judged[index]?.kind === "new");
  if (fresh.length === 0) return toAnswers(entries, judged, []);

  const drafts = await findDrafts(queries, fresh);
  const numbered = number(drafts, { dice, inLine: await findLines(queries, drafts) });
  const answers = toAnswers(entries, judged, await toClaimed(queries, numbered));
  await storeEvents(queries, numbered, receiptsOf(entries, judged, answers));
  return answers;
}

/** A delivery to be stored, and the claim on it if it is leased. */
interface Claimed extends Numbered {
  readonly claim: Claim | null;
}

async function toClaimed(queries: Queries, numbered: readonly Numbered[]): Promise<readonly Claimed[]> {
  const leased = numbered.filter(({ delivery }) => delivery.waits?.lease != null);
  const versions = await findVersions(queries, leased);
  return numbered.map((one) => ({ ...one, claim: toClaim(one, versions) }));
}

function toClaim({ draft, delivery }: Numbered, versions: Versions): Claim | null {
  if (delivery.waits?.lease == null) return null;
  const { entry, known, userId } = draft;
  const { id, type, action, data, atMs, trace, sensitive } = entry.event;
  return {
    deliveryId: delivery.id,
    lease: delivery.waits.lease,
    leaseUntilMs: leaseUntilMs(known.hook, entry.claim.nowMs),
    attempt: 1,
    triedBefore: 0,
    event: { id, type, action, data, atMs, trace, sensitive },
    hook: known.hook,
    secrets: known.secrets,
    user: userId && { id: userId, versions: versions.get(pairOf(known.hook.id, userId)) ?? FIRST_VERSION },
    sequence: delivery.sequence,
    view: draft.view,
    expiresAtMs: entry.event.expiresAtMs,
  };
}

type Versions = ReadonlyMap<string, readonly SecretVersion[]>;

const pairOf = (hookId: HookId, userId: UserId): string => `${hookId} ${userId}`;

interface VersionsRow extends VersionColumns {
  readonly hook_id: HookId;
  readonly user_id: UserId;
}

async function findVersions(queries: Queries, leased: readonly Numbered[]): Promise<Versions> {
  // A user's own hook has one secret; only an app's has one for each user.
  const ofApps = leased.filter(({ draft }) => draft.grantId !== null);
  const [first] = ofApps;
  if (first === undefined) return new Map();
  const rows = await queries.all<VersionsRow>(
    `SELECT hook_id, user_id, array_agg(version ORDER BY version DESC) AS versions,
       array_agg(until_ms::float8 ORDER BY version DESC) AS versions_until
     FROM user_secrets WHERE (until_ms IS NULL OR until_ms > $1)
       AND (hook_id, user_id) IN (SELECT * FROM unnest($2::text[], $3::text[]))
     GROUP BY hook_id, user_id`,
    first.draft.entry.claim.nowMs,
    ofApps.map(({ draft }) => draft.known.hook.id),
    ofApps.map(({ draft }) => draft.userId),
  );
  return new Map(rows.map((row) => [pairOf(row.hook_id, row.user_id), toVersions(row)]));
}

function toAnswers(
  entries: readonly Entry[],
  judged: readonly Judged[],
  claimed: readonly Claimed[],
): readonly Ingested[] {
  const ofEntry = Map.groupBy(claimed, ({ draft }) => draft.entry);
  const answers: Ingested[] = [];
  for (const [index, entry] of entries.entries()) {
    const verdict = judged[index];
    assert(verdict !== undefined);
    if (verdict.kind === "answered") answers.push(verdict.answer);
    else if (verdict.kind === "same") answers.push(repeatOf(answers[verdict.index]));
    else answers.push(accept(entry.event, verdict.unknown, ofEntry.get(entry) ?? []));
  }
  return answers;
}

function repeatOf(first: Ingested | undefined): Ingested {
  assert(first?.kind === "accepted");
  return { kind: "repeated", receipt: first.receipt };
}

function accept({ id }: NewEvent, unknown: readonly string[], claimed: readonly Claimed[]): Ingested {
  const claims = claimed.map(({ claim }) => claim).filter((claim) => claim !== null);
  const left = claimed.filter(({ claim }) => claim === null).map(({ draft }) => draft.known.hook.id);
  return { kind: "accepted", receipt: { id, deliveries: claimed.length, unknown }, claims, left };
}

function receiptsOf(
  entries: readonly Entry[],
  judged: readonly Judged[],
  answers: readonly Ingested[],
): readonly Accepted[] {
  return entries.flatMap(({ event }, index): Accepted[] => {
    const answer = answers[index];
    if (judged[index]?.kind !== "new" || answer?.kind !== "accepted") return [];
    return [{ event, receipt: answer.receipt }];
  });
}
