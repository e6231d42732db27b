import type { Dice } from "../../base/dice.ts";
import type { EventId } from "@trulinks/protocol";
import type { Claim, ClaimRequest, Ingested, NewEvent, Receipt } from "../../webhooks/store.ts";
import { createClaimContext } from "./claim-context.ts";
import type { Database } from "./database.ts";
import { createMatching, findRecipients, type Match } from "./match.ts";
import { type Draft, storeDrafts } from "./store-drafts.ts";

export function ingest(
  { database, dice }: { readonly database: Database; readonly dice: Dice },
  events: readonly NewEvent[],
  request: ClaimRequest,
): readonly Ingested[] {
  const context = createClaimContext(database, request.nowMs);
  const match = createMatching(database, context);
  const drafts: Draft[] = [];
  const answers = events.map((event) => accept(database, event, { match, drafts }));
  const claims = storeDrafts({ database, dice, context }, drafts, request);
  return answers.map((answer) =>
    answer.kind === "accepted" ? { ...answer, claims: claims.get(answer.receipt.id) ?? [] } : answer,
  );
}

type Accepted = Ingested | { readonly kind: "accepted"; readonly receipt: Receipt };

/** Stores the event, and drafts its deliveries. */
function accept(
  database: Database,
  event: NewEvent,
  { match, drafts }: { readonly match: (event: NewEvent) => readonly Match[]; readonly drafts: Draft[] },
): Accepted {
}
