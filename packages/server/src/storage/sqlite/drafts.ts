/** Stores the deliveries that a batch of events makes: numbered, with ids that sort as their numbers do. */
import { type DeliveryId, type EventId, type HookId, ID_CHANCE_BYTES, makeId } from "@trulinks/protocol";
import type { Dice } from "../../base/dice.ts";
import type { Claim, ClaimRequest } from "../../webhooks/claim.ts";
import type { WaitingBecause } from "../../webhooks/delivery.ts";
import type { NewEvent } from "../../webhooks/new-event.ts";
import { keptBecause } from "../kept-because.ts";
import { insertDelivery } from "./delivery-row.ts";
import { toClaimed } from "./event-row.ts";
import { type KnownHook, leaseUntilMs } from "./known-hooks.ts";
import { isLineFree } from "./line.ts";
import type { Match } from "./match.ts";
import type { Ground } from "./memory.ts";
import { createNumbering } from "./numbering.ts";
import { replaceWaiting } from "./replace.ts";

export interface Draft extends Match {
  readonly event: NewEvent;
}

/** By event: the claims on what came back leased, and the hooks of the rest. */
export interface Stored {
  readonly claims: ReadonlyMap<EventId, readonly Claim[]>;
  readonly left: ReadonlyMap<EventId, readonly HookId[]>;
}

export function storeDrafts(ground: Ground, drafts: readonly Draft[], request: ClaimRequest): Stored {
  const claims = new Map<EventId, Claim[]>();
  const left = new Map<EventId, HookId[]>();
  const numbering = createNumbering(ground.database);
  const takes = createAllowance(request);
  const ids = idsInOrder(drafts, ground.dice);
  const newest = newestByKey(drafts);

  for (const [index, draft] of drafts.entries()) {
    // What another of this batch replaces is not worth leasing.
    const isLasting = draft.event.key === null || newest.get(placeOf(draft)) === draft;
    const id = ids[index] as DeliveryId;
    const claim = storeDraft(ground, draft, {
      id,
      sequence: numbering.next(draft.known),
      nowMs: request.nowMs,
      takes: isLasting ? takes : never,
    });
    if (claim === null) addTo(left, draft.event.id, draft.known.hook.id);
    else addTo(claims, draft.event.id, claim);
  }

  numbering.write();
  return { claims, left };
}

function addTo<Item>(lists: Map<EventId, Item[]>, eventId: EventId, item: Item): void {
  const list = lists.get(eventId);
  if (list === undefined) lists.set(eventId, [item]);
  else list.push(item);
}

const never = (): boolean => false;

function newestByKey(drafts: readonly Draft[]): ReadonlyMap<string, Draft> {
  const newest = new Map<string, Draft>();
  for (const draft of drafts) if (draft.event.key !== null) newest.set(placeOf(draft), draft);
  return newest;
}

/** Where one draft takes the place of another. */
function placeOf({ known, userId, event }: Draft): string {
  return `${known.hook.id}\n${userId}\n${event.key}`;
}

interface Storing {
  readonly id: DeliveryId;
  readonly sequence: number;
  readonly nowMs: number;
  /** Takes one more for this hook, if as many may be claimed. */
  readonly takes: (hookId: HookId) => boolean;
}

/** The claim, if it is leased as it is stored. */
function storeDraft(ground: Ground, draft: Draft, { id, sequence, nowMs, takes }: Storing): Claim | null {
  const { memory } = ground;
  const { event, known, userId, grantId, view } = draft;
  const { hook } = known;
  if (event.key !== null && userId !== null)
    replaceWaiting(ground, { hookId: hook.id, userId, key: event.key, nowMs });
  const because = becauseOf(ground, known);
  const isDue = because === "due";
  const isWorthwhile = event.expiresAtMs === null || event.expiresAtMs > nowMs;
  const isClaimed = isDue && isWorthwhile && takes(hook.id);
  const key = memory.listing.nextKey();
  insertDelivery(ground.database, {
    key,
    id,
    eventId: event.id,
    type: event.type,
    hook,
    userId,
    grantId,
    sequence,
    because,
    nextAtMs: isDue ? nowMs : null,
    createdAtMs: event.atMs,
    expiresAtMs: event.expiresAtMs,
    replaceKey: event.key,
    bytes: Buffer.byteLength(event.data),
    view,
  });
  if (!isClaimed) {
    if (isDue) memory.turns.first.note(hook.id, nowMs);
    return null;
  }
  const lease = memory.leases.take(id, { key, hookId: hook.id, untilMs: leaseUntilMs(hook, nowMs) });
  return {
    deliveryId: id,
    lease: lease.number,
    leaseUntilMs: lease.untilMs,
    attempt: 1,
    triedBefore: 0,
    event: toClaimed(event),
    ...memory.hooks.claimParts(hook.id, { userId, nowMs }),
    sequence,
    view,
    expiresAtMs: event.expiresAtMs,
  };
}

function becauseOf(ground: Ground, { hook }: KnownHook): WaitingBecause {
  const kept = keptBecause(hook.state, { isPing: false });
  if (kept !== null) return kept;
  return !hook.serial || isLineFree(ground, hook.id) ? "due" : "limit";
}

function createAllowance({ countMax, hookMax, exceptHooks }: ClaimRequest): (hookId: HookId) => boolean {
  const except = new Set(exceptHooks);
  const takenOf = new Map<HookId, number>();
  let left = countMax;
  return (hookId) => {
    const taken = takenOf.get(hookId) ?? 0;
    if (left === 0 || taken >= hookMax || except.has(hookId)) return false;
    takenOf.set(hookId, taken + 1);
    left -= 1;
    return true;
  };
}

/** Within one millisecond ids sort by chance; sorted, they list the deliveries in the order of their numbers. */
function idsInOrder(drafts: readonly Draft[], dice: Dice): readonly DeliveryId[] {
  const ids = drafts.map(({ event }) => makeId("delivery", event.atMs, dice.bytes(ID_CHANCE_BYTES)));
  const isOneMoment = drafts.every(({ event }) => event.atMs === drafts[0]?.event.atMs);
  return isOneMoment ? ids.sort() : ids;
}
