/** Stores the deliveries that a batch of events makes: numbered, with ids that sort as their numbers do. */
import { type DeliveryId, type EventId, type HookId, ID_CHANCE_BYTES, makeId } from "@trulinks/protocol";
import type { Dice } from "../../base/dice.ts";
import type { Claim, ClaimRequest } from "../../webhooks/claim.ts";
import type { NewEvent } from "../../webhooks/new-event.ts";
import { keptBecause } from "../kept-because.ts";
import type { ClaimContext } from "./claim-context.ts";
import type { Database } from "./database.ts";
import { insertDelivery, type NewDelivery } from "./delivery-row.ts";
import type { Match } from "./match.ts";

export interface Draft extends Match {
  readonly event: NewEvent;
}

interface StoreDeps {
  readonly database: Database;
  readonly dice: Dice;
  readonly context: ClaimContext;
}

/** The claims on what came back leased, by event. */
export function storeDrafts(
  { database, dice, context }: StoreDeps,
  drafts: readonly Draft[],
  { nowMs, countMax, exceptHooks }: ClaimRequest,
): ReadonlyMap<EventId, readonly Claim[]> {
  const claims = new Map<EventId, Claim[]>();
  const sequences = new Map<HookId, number>();
  const ids = idsInOrder(drafts, dice);
  let countLeft = countMax;

  for (const [index, draft] of drafts.entries()) {
    const { hook, lastSequence } = draft.known;
    const sequence = (sequences.get(hook.id) ?? lastSequence) + 1;
    sequences.set(hook.id, sequence);
    const because = keptBecause(hook.state, { isPing: false });
    const isClaimed = because === null && countLeft > 0 && !exceptHooks.includes(hook.id);
    const stored = {
      id: ids[index] as DeliveryId,
      eventId: draft.event.id,
      type: draft.event.type,
      hook,
      userId: draft.userId,
      grantId: draft.grantId,
      sequence,
      because: because ?? "due",
      nextAtMs: because !== null ? null : isClaimed ? context.leaseUntilMs(hook) : nowMs,
      lease: isClaimed ? FIRST_LEASE : null,
      createdAtMs: draft.event.atMs,
    } satisfies NewDelivery;
    insertDelivery(database, stored);
    if (!isClaimed) continue;
    countLeft -= 1;
    const ofEvent = claims.get(draft.event.id) ?? [];
    claims.set(draft.event.id, [...ofEvent, claimOf(context, draft, stored)]);
  }

  for (const [hookId, sequence] of sequences) {
    database.run("UPDATE hooks SET last_sequence = ? WHERE id = ?", sequence, hookId);
  }
  return claims;
}

const FIRST_LEASE = 1;

function claimOf(
  context: ClaimContext,
  { event, known, userId }: Draft,
  { id, sequence }: Pick<NewDelivery, "id" | "sequence">,
): Claim {
  return {
    deliveryId: id,
    lease: FIRST_LEASE,
    leaseUntilMs: context.leaseUntilMs(known.hook),
    attempt: 1,
    event: {
      id: event.id,
      type: event.type,
      action: event.action,
      data: event.data,
      atMs: event.atMs,
      trace: event.trace,
      sensitive: event.sensitive,
    },
    hook: known.hook,
    secrets: known.secrets,
    user: context.userOf(known.hook.id, userId),
    sequence,
    view: null,
    expiresAtMs: event.expiresAtMs,
  };
}

/** Within one millisecond ids sort by chance; sorted, they list the deliveries in the order of their numbers. */
function idsInOrder(drafts: readonly Draft[], dice: Dice): readonly DeliveryId[] {
  const ids = drafts.map(({ event }) => makeId("delivery", event.atMs, dice.bytes(ID_CHANCE_BYTES)));
  const isOneMoment = drafts.every(({ event }) => event.atMs === drafts[0]?.event.atMs);
  return isOneMoment ? ids.sort() : ids;
}
