/**
 * What webhooks need from storage. Each verb is one atomic step, on disk when its promise resolves; the comment is
 * its promise, and `store.contract.ts` holds every engine to it.
 */

import type { AppId, DeliveryId, EventId, GrantId, HookId, UserId } from "@trulinks/protocol";
import type { Page, PageRequest } from "../base/page.ts";
import type {
  Claim,
  ClaimedEvent,
  ClaimRequest,
  GivenBack,
  Sealed,
  SealedSecret,
  SecretVersion,
} from "./claim.ts";
import type { AttemptRecord, DeliveredBy, DeliveryState, WaitingBecause } from "./delivery.ts";
import type { FilterCondition } from "./filter.ts";
import type { Hook, HookOwner, HookState } from "./hook.ts";
import type { Ingested, NewEvent } from "./new-event.ts";
import type { NewPing } from "./ping.ts";
import type { Next } from "./retry.ts";
import type { Trim } from "./trim.ts";

export type HookMade =
  | { readonly kind: "made"; readonly hook: Hook }
  | { readonly kind: "unknown-owner" }
  /** The owner has `ownedMax` hooks already. */
  | { readonly kind: "too-many" }
  /** So many other hooks at the same host, whatever its port, are pending already. */
  | { readonly kind: "too-many-pending" };

export type HookAltered =
  | { readonly kind: "changed"; readonly hook: Hook }
  | { readonly kind: "unknown-hook" }
  | { readonly kind: "too-many-pending" };

/** A ping that makes or keeps a hook pending, unless `hostMax` other hooks at the URL's host are pending already. */
export interface Knock {
  readonly ping: NewPing;
  readonly hostMax: number;
}

/** Members that are left out stay as they are. */
export interface HookChange {
  readonly url?: string;
  readonly events?: readonly string[];
  readonly verifyTls?: boolean;
  readonly ca?: string | null;
  readonly ackDeadlineMs?: number;
  readonly retries?: "default" | "none";
  readonly inFlightMax?: number;
  readonly filter?: readonly FilterCondition[];
  readonly include?: readonly string[] | null;
  readonly serial?: boolean;
  readonly state?: Exclude<HookState, "pending">;
  /** With `state: "active"`: at what pace that is released which was kept for it; null: as fast as it goes. */
  readonly releasePerS?: number | null;
}

/** Whose deliveries a caller may know of at all; everything else does not exist for it. */
export type DeliveryReach =
  | { readonly kind: "all" }
  /** Those of this grant. */
  | { readonly kind: "grant"; readonly grantId: GrantId }
  /** Those of hooks that belong to this user. */
  | { readonly kind: "user"; readonly userId: UserId }
  /** Those of the app's hooks that concern no user, or one with a live grant. */
  | { readonly kind: "app"; readonly appId: AppId };

export interface DeliveryFilter {
  readonly reach: DeliveryReach;
  readonly hookId?: HookId;
  readonly userId?: UserId;
  readonly appId?: AppId;
  readonly type?: string;
  readonly eventId?: EventId;
  readonly state?: DeliveryState;
  /** HTTP status of the last attempt's answer. */
  readonly status?: number;
  /** Made after, and made before; the moment itself is left out. */
  readonly afterMs?: number;
  readonly beforeMs?: number;
}

export interface Delivery {
  readonly id: DeliveryId;
  readonly eventId: EventId;
  readonly type: string;
  readonly hookId: HookId;
  readonly hookOwner: HookOwner;
  readonly userId: UserId | null;
  /** The grant under which it was made; null for pings and for hooks of users. */
  readonly grantId: GrantId | null;
  readonly sequence: number | null;
  readonly state: DeliveryState;
  /** Set once it is delivered. */
  readonly deliveredBy: DeliveredBy | null;
  /** Set while waiting. */
  readonly because: WaitingBecause | null;
  /** When it is tried next; null unless it waits for its time (while a worker has it, it does not). */
  readonly dueAtMs: number | null;
  readonly createdAtMs: number;
  /** What was sent and answered is no longer kept, nor the event's data for it: it cannot be sent again. */
  readonly isPayloadGone: boolean;
  /** JSON pointers of what was masked in it. */
  readonly masked: readonly string[];
  readonly key: string | null;
  readonly expiresAtMs: number | null;
  /** By number, ascending. */
  readonly attempts: readonly AttemptRecord[];
}

export interface Settlement {
  readonly deliveryId: DeliveryId;
  readonly lease: number;
  readonly attempt: AttemptRecord;
  readonly next: Next;
  readonly nowMs: number;
}

export interface WebhookStore {
  /**
   * Stores events with their deliveries, all or (if it throws) none. Per event: one delivery for each active, paused
   * or pending hook that belongs to a named user, a user in a named group, or an app with a live grant of such a user,
   * and to which `viewOf` shows the event; a user named twice gets one. Each delivery has the next number of its hook,
   * without holes. What waits under the event's `key` for the same hook and user, and is not leased, is `replaced`.
   * The first `countMax` that are due come back leased, of one hook at most `hookMax`; what is left over is due at
   * once for `claimDue`.
   * Deliveries of paused and pending hooks are stored as waiting and are not claimable; pings of theirs are. Those of
   * a serial hook are claimable one at a time: what comes behind waits (`limit`) until the one before it has ended.
   * The cost of an event depends on its matches, not on how many users a matching hook serves, nor on how many a named
   * group has.
   */
  ingest(events: readonly NewEvent[], claim: ClaimRequest): Promise<readonly Ingested[]>;
  /**
   * Leases deliveries that are due: what was never tried first, then at most `retriesMax` others, and of one hook no
   * more than `hookMax`. Hooks take turns: whoever has waited longest comes first, and whoever was given something
   * comes after those who were not, however much waits for it. No other worker gets them until their lease ends. What
   * has expired is ended instead. Hooks that are named (`onlyHooks`) are given something out of their turn.
   */
  claimDue(claim: ClaimRequest): Promise<readonly Claim[]>;
  /**
   * Gives back what was not tried: due at once or, where it says so, later; no attempt used up; it can settle no more.
   * Lost leases are passed over.
   */
  release(claims: readonly GivenBack[], nowMs: number): Promise<void>;
  /**
   * Records the attempt and moves the delivery on. False, and nothing changed: the lease ended meanwhile and was
   * taken by another or given back, or the delivery has ended (`revoked`). A retry for a paused hook is kept for it;
   * one that would come at or after its `expiresAtMs` has `expired`, with the attempt on record.
   * `failed` because `gone` also disables the hook and fails all that waits for it.
   * A ping that was delivered makes its pending hook active, and what was kept for it can be released.
   */
  settle(settlement: Settlement): Promise<boolean>;
  /**
   * Makes due what is kept for hooks that are active, in the order of its numbers and at each hook's pace (the first at
   * once), at most `countMax`; those that have waited longest come first. Of a hook that is failing nothing more is
   * released while something of it is still to be tried, else one now and then. Answers when there is more to release; null if nothing is kept for an active hook.
   */
  releaseHeld(nowMs: number, countMax: number): Promise<number | null>;
  /** Ends as `expired` what waits beyond its `expiresAtMs`, at most `countMax`; says how many. Leased ones are left alone. */
  expire(nowMs: number, countMax: number): Promise<number>;
  /**
   * Ends as `expired` what passes the bounds, oldest first, and says after which hook to go on (it may be the same
   * again: a step takes only so many of one hook); null: that was the last.
   */
  trim(trim: Trim): Promise<{ readonly expired: number; readonly afterHook: HookId | null }>;
  /**
   * The host's clock was set back, to `nowMs`: what was made due, leased, released or found failing in what is the future
   * now does not wait for that. A retry comes as long after now as it was to come after its attempt. Says how many it moved.
   */
  bringBack(nowMs: number): Promise<number>;
  /** When the next delivery can be claimed, the ends of leases included; null if none ever can. */
  findNextDueMs(exceptHooks: readonly HookId[]): Promise<number | null>;

  /** Makes a hook; a knock's ping is stored with it as a delivery that is due. `ownedMax` bounds the hooks of its owner. */
  createHook(
    hook: Hook,
    secret: Sealed,
    options: { readonly ownedMax: number; readonly knock: Knock | null },
  ): Promise<HookMade>;
  findHook(id: HookId): Promise<Hook | null>;
  /** By id, ascending; only those of `owner` if one is given. */
  listHooks(owner: HookOwner | null, page: PageRequest): Promise<Page<Hook>>;
  /**
   * Changes a hook. One write for the hook whatever it serves. When it is paused or disabled, what waits for it is
   * kept and not claimable, and what is under way is kept if it comes back; when it is active again, `releaseHeld`
   * makes that due; of one that failing had paused its owner is told so (`hook.resumed`). Another URL, or to make it
   * active, begins its health anew. With a knock it becomes pending, as if it had just been made: an older ping, also one that is under
   * way, is `replaced`, since it says nothing of where the hook leads now. A ping is kept by a disabled hook only.
   */
  changeHook(
    id: HookId,
    change: HookChange,
    options: { readonly nowMs: number; readonly knock: Knock | null },
  ): Promise<HookAltered>;
  /** Ends a hook: what waits for it is `revoked`; its records stay. False: no such hook. */
  deleteHook(id: HookId, nowMs: number): Promise<boolean>;
  /**
   * Stores a ping as a delivery that is due, whatever the hook's state unless it is disabled; one with an example not for
   * a hook that is pending either. False: no such hook, or such a state.
   */
  ping(hookId: HookId, ping: NewPing): Promise<boolean>;

  /** The hook's own live secrets at `nowMs`, newest first. Null: no such hook. */
  findSecrets(hookId: HookId, nowMs: number): Promise<readonly SealedSecret[] | null>;
  /** The new secret signs from here on, the old one beside it until `oldUntilMs`. False: no such hook. */
  rotateSecret(
    hookId: HookId,
    secret: Sealed,
    when: { readonly nowMs: number; readonly oldUntilMs: number },
  ): Promise<boolean>;
  /**
   * The live versions of one user's secret for an app's hook, newest first: version 1 if it was never rotated.
   * Null: no such hook, not an app's, or the user has no live grant to that app. Versions outlive the grant and the
   * user: what was given up must not sign again when the user comes back.
   */
  findUserSecret(hookId: HookId, userId: UserId, nowMs: number): Promise<readonly SecretVersion[] | null>;
  /** Raises the version; the old one lives until `oldUntilMs`. Answers as `findUserSecret` does afterwards. */
  rotateUserSecret(
    hookId: HookId,
    userId: UserId,
    when: { readonly nowMs: number; readonly oldUntilMs: number },
  ): Promise<readonly SecretVersion[] | null>;

  /**
   * Newest first. Attempts come without their request and answer (`exchange` null). A page looks at a bounded number of
   * deliveries, so where several filters are common and what meets them all is rare it may hold less than was asked
   * for, even nothing, and yet have a `next`.
   */
  listDeliveries(filter: DeliveryFilter, page: PageRequest): Promise<Page<Delivery>>;
  /** One delivery with everything, and its event (null: its payload is gone); null if there is none within reach. */
  findDelivery(
    id: DeliveryId,
    reach: DeliveryReach,
  ): Promise<{ readonly delivery: Delivery; readonly event: ClaimedEvent | null } | null>;

  /**
   * Forgets deliveries that ended before `beforeMs`, at most `countMax`, each event with the last of its deliveries
   * and each receipt with its event; and as many events older than that which no hook wanted. Says how many rows went:
   * 0 when there is nothing left to forget. What still waits is never forgotten, nor its event.
   */
  sweep(sweep: { readonly beforeMs: number; readonly countMax: number }): Promise<number>;
}
