import { strict as assert } from "node:assert";
import type { UserId } from "@trulinks/protocol";
import type { Dice } from "../../base/dice.ts";
import type { Claim, ClaimRequest, Ingested, NewEvent, SecretVersion } from "../../webhooks/store.ts";
import type { Database, Queries } from "./database.ts";
import { DELIVERY_ARRAYS, deliveryArrays, INSERT_DELIVERIES } from "./delivery-row.ts";
import { lastSequences, leaseUntilMs, type Numbered, number } from "./drafts.ts";
import { type Judged, judge } from "./earlier.ts";
import { Conflict } from "./failure.ts";
import { FIRST_VERSION, toVersions, type VersionColumns } from "./live-secrets.ts";
import { findDrafts, findKnown } from "./match.ts";

export interface IngestCall {
  readonly events: readonly NewEvent[];
  readonly claim: ClaimRequest;
}

/** Stores the events of several calls in one transaction, and answers each call in its place. */
export function ingestCalls(
  { database, dice }: { readonly database: Database; readonly dice: Pick<Dice, "bytes"> },
  calls: readonly IngestCall[],
): Promise<readonly (readonly Ingested[])[]> {
  const requests = new Map(calls.flatMap(({ events, claim }) => events.map((event) => [event, claim] as const)));
  const claimOf = (event: NewEvent): ClaimRequest => {
    const request = requests.get(event);
    assert(request !== undefined);
    return request;
  };
  return database.transact(async (transaction) => {
    const answers = await ingestEvents(transaction, [...requests.keys()], { dice, claimOf });
    return calls.map(({ events }) => events.map((event) => answers.get(event) as Ingested));
  });
}

async function ingestEvents(
  queries: Queries,
  events: readonly NewEvent[],
  { dice, claimOf }: { readonly dice: Pick<Dice, "bytes">; readonly claimOf: (event: NewEvent) => ClaimRequest },
): Promise<ReadonlyMap<NewEvent, Ingested>> {
  const judged = judge(events, await findKnown(queries, events));
  const fresh = events.filter((_, index) => judged[index]?.kind === "new");
  const nowMs = Math.min(...fresh.map((event) => claimOf(event).nowMs));
  const drafts = fresh.length === 0 ? [] : await findDrafts(queries, fresh, { nowMs });
  const numbered = number(drafts, { dice, claimOf });
  const claims = await toClaims(queries, numbered, claimOf);
  const answers = answer(events, judged, { numbered, claims });
  if (fresh.length > 0) await store(queries, fresh, { numbered, answers });
  return answers;
}
