/** Numbers the deliveries that a batch of events makes, and says which of them are leased as they are stored. Pure. */
import {
  type DeliveryId,
  type GrantId,
  type HookId,
  ID_CHANCE_BYTES,
  makeId,
  type UserId,
} from "@trulinks/protocol";
import type { Dice } from "../../base/dice.ts";
import type { ClaimRequest, SealedSecret } from "../../webhooks/claim.ts";
import { LEASE_MARGIN_MS } from "../../webhooks/delivery.ts";
import type { Hook } from "../../webhooks/hook.ts";
import type { NewEvent } from "../../webhooks/new-event.ts";
import { keptBecause } from "../kept-because.ts";
import type { NewDelivery } from "./delivery-row.ts";

export interface KnownHook {
  readonly hook: Hook;
  readonly secrets: readonly SealedSecret[];
  /** Before anything that is stored now. */
  readonly lastSequence: number;
}

/** An event, and what the call that brought it would claim. */
export interface Entry {
  readonly event: NewEvent;
  readonly claim: ClaimRequest;
}

/** One delivery to be made. */
export interface Draft {
  readonly entry: Entry;
  readonly known: KnownHook;
  readonly userId: UserId;
  /** Null for a hook of the user's own. */
  readonly grantId: GrantId | null;
}

export interface Numbered {
  readonly draft: Draft;
  readonly delivery: NewDelivery;
}

const FIRST_LEASE = 1;

export function number(drafts: readonly Draft[], dice: Pick<Dice, "bytes">): readonly Numbered[] {
  const ids = idsInOrder(drafts, dice);
  const sequences = new Map<HookId, number>();
  const claimed = new Map<ClaimRequest, number>();

  return drafts.map((draft, index) => {
    const { entry, known, userId, grantId } = draft;
    const { event, claim } = entry;
    const { hook, lastSequence } = known;
    const sequence = (sequences.get(hook.id) ?? lastSequence) + 1;
    sequences.set(hook.id, sequence);
    const count = claimed.get(claim) ?? 0;
    const because = keptBecause(hook.state, { isPing: false });
    const isClaimed = because === null && count < claim.countMax && !claim.exceptHooks.includes(hook.id);
    if (isClaimed) claimed.set(claim, count + 1);
    const freeAtMs = isClaimed ? leaseUntilMs(hook, claim.nowMs) : claim.nowMs;
    const delivery: NewDelivery = {
      id: ids[index] as DeliveryId,
      eventId: event.id,
      type: event.type,
      hook,
      userId,
      grantId,
      sequence,
      because: because ?? "due",
      nextAtMs: because === null ? freeAtMs : null,
      lease: isClaimed ? FIRST_LEASE : null,
      createdAtMs: event.atMs,
    };
    return { draft, delivery };
  });
}

/** The newest number of each hook. */
export function lastSequences(numbered: readonly Numbered[]): ReadonlyMap<HookId, number> {
  return new Map(numbered.map(({ delivery }) => [delivery.hook.id, delivery.sequence ?? 0]));
}

export function leaseUntilMs(hook: Hook, nowMs: number): number {
  return nowMs + hook.ackDeadlineMs + LEASE_MARGIN_MS;
}

/** Within one millisecond ids sort by chance; sorted, they list the deliveries in the order of their numbers. */
function idsInOrder(drafts: readonly Draft[], dice: Pick<Dice, "bytes">): readonly DeliveryId[] {
  const ids = drafts.map(({ entry: { event } }) =>
    makeId("delivery", event.atMs, dice.bytes(ID_CHANCE_BYTES)),
  );
  const isOneMoment = drafts.every(({ entry }) => entry.event.atMs === drafts[0]?.entry.event.atMs);
  return isOneMoment ? ids.sort() : ids;
}
