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
import type { View } from "../../webhooks/view.ts";
import type { NewDelivery } from "./delivery-row.ts";

export interface KnownHook {
  readonly hook: Hook;
  readonly secrets: readonly SealedSecret[];
  /** Before anything that is stored now. */
  readonly lastSequence: number;
  readonly round: number;
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
  /** Null: it concerns nobody, but the app whose hook it is. */
  readonly userId: UserId | null;
  /** Null for a hook of the user's own, and for the platform's own events. */
  readonly grantId: GrantId | null;
  readonly view: View | null;
}

export interface Numbered {
  readonly draft: Draft;
  readonly delivery: NewDelivery;
}

const FIRST_LEASE = 1;

/** `inLine`: serial hooks for which something waits already. */
export function number(
  drafts: readonly Draft[],
  { dice, inLine }: { readonly dice: Pick<Dice, "bytes">; readonly inLine: ReadonlySet<HookId> },
): readonly Numbered[] {
  const ids = idsInOrder(drafts, dice);
  const replaced = replacedIn(drafts);
  const sequences = new Map<HookId, number>();
  const leases = leasing(inLine);

  return drafts.map((draft, index) => {
    const { entry, known, userId, grantId, view } = draft;
    const { event, claim } = entry;
    const { hook, lastSequence, round } = known;
    const sequence = (sequences.get(hook.id) ?? lastSequence) + 1;
    sequences.set(hook.id, sequence);
    const isLeased = !replaced.has(index) && leases(draft);
    const nextAtMs = isLeased ? leaseUntilMs(hook, claim.nowMs) : claim.nowMs;
    const delivery: NewDelivery = {
      ...{ id: ids[index] as DeliveryId, eventId: event.id, type: event.type, createdAtMs: event.atMs },
      ...{ hook, round, userId, grantId, sequence, view },
      waits: replaced.has(index) ? null : { nextAtMs, lease: isLeased ? FIRST_LEASE : null },
      key: event.key,
      expiresAtMs: event.expiresAtMs,
      dataBytes: Buffer.byteLength(event.data),
    };
    return { draft, delivery };
  });
}

/** Whom a newer one of the same batch replaces. */
function replacedIn(drafts: readonly Draft[]): ReadonlySet<number> {
  const newest = new Set<string>();
  const replaced = new Set<number>();
  for (let index = drafts.length - 1; index >= 0; index--) {
    const draft = drafts[index];
    const key = draft === undefined ? null : keyOf(draft);
    if (key === null) continue;
    if (newest.has(key)) replaced.add(index);
    newest.add(key);
  }
  return replaced;
}

function keyOf({ entry, known, userId }: Draft): string | null {
  return entry.event.key === null ? null : `${known.hook.id} ${userId} ${entry.event.key}`;
}

/** Says of each that waits, in their order, whether whoever brought it gets it leased. */
function leasing(inLine: ReadonlySet<HookId>): (draft: Draft) => boolean {
  const counts = new Map<ClaimRequest, Map<HookId | null, number>>();
  const lines = new Set(inLine);

  return ({ entry: { event, claim }, known: { hook } }) => {
    const isBehind = hook.serial && lines.has(hook.id);
    if (hook.serial) lines.add(hook.id);
    if (hook.state !== "active" || isBehind || claim.exceptHooks.includes(hook.id)) return false;
    if (event.expiresAtMs !== null && event.expiresAtMs <= claim.nowMs) return false;
    const ofClaim = counts.get(claim) ?? new Map<HookId | null, number>();
    const all = ofClaim.get(null) ?? 0;
    const ofHook = ofClaim.get(hook.id) ?? 0;
    if (all >= claim.countMax || ofHook >= claim.hookMax) return false;
    counts.set(claim, ofClaim.set(null, all + 1).set(hook.id, ofHook + 1));
    return true;
  };
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
