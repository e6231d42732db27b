/**
 * What webhooks need from storage. Each verb is one atomic step, on disk when its promise resolves; the comment is
 * its promise, and `store.contract.ts` holds every engine to it.
 */
import type { AppId, DeliveryId, EventId, GrantId, GroupId, HookId, UserId } from "@trulinks/protocol";
import type { Page, PageRequest } from "../base/page.ts";
import type { AttemptRecord, DeliveryState, WaitingBecause } from "./delivery.ts";
import type { Hook, HookOwner, HookState } from "./hook.ts";
import type { Next } from "./retry.ts";

/** A secret as it lies on disk: encrypted, and bound to its row by the name `hook:<id>`. */
export type Sealed = Uint8Array;

export interface SealedSecret {
  readonly sealed: Sealed;
  /** When it stops to sign; null for the newest. */
  readonly untilMs: number | null;
}

/** A version of the secret that is derived for one user of one hook; the first is 1. */
export interface SecretVersion {
  readonly version: number;
  readonly untilMs: number | null;
}

/** A delivery leased to one worker, with all that it takes to post it. */
export interface Claim {
  readonly deliveryId: DeliveryId;
  /** The fence: each claiming raises it, so a worker whose lease ended can no longer settle. */
  readonly lease: number;
  /** The hook's deadline plus 5 s after the claiming. */
  readonly leaseUntilMs: number;
  /** The number this attempt has, from 1. A lease that ran out used up none. */
  readonly attempt: number;
  readonly event: ClaimedEvent;
  readonly hook: Hook;
  /** The hook's own live secrets, newest first. */
  readonly secrets: readonly SealedSecret[];
  /** Whom the event concerns, with the live versions of its secret, newest first. Null for a ping. */
  readonly user: { readonly id: UserId; readonly versions: readonly SecretVersion[] } | null;
  /** Null for a ping. */
  readonly sequence: number | null;
}

export interface ClaimedEvent {
  readonly id: EventId;
  readonly type: string;
  readonly action: string;
  /** JSON text. */
  readonly data: string;
  readonly atMs: number;
}

export interface NewEvent {
  readonly id: EventId;
  /** Under which, beside its id, the same event is recognised: `id:<given id>`, `key:<idempotency key>`, both or none. */
  readonly receiptKeys: readonly string[];
  /** SHA-256 of the request's canonical JSON: tells the same event again from another under the same key. */
  readonly fingerprint: string;
  readonly type: string;
  readonly action: string;
  /** JSON text. */
  readonly data: string;
  readonly userIds: readonly UserId[];
  readonly groupIds: readonly GroupId[];
  readonly atMs: number;
}

/** What the first answer to an event said; repeated word for word when the event comes again. */
export interface Receipt {
  readonly id: EventId;
  readonly deliveries: number;
  /** Users and groups that were named and are not known. */
  readonly unknown: readonly string[];
}

export type Ingested =
  | { readonly kind: "accepted"; readonly receipt: Receipt; readonly claims: readonly Claim[] }
  | { readonly kind: "repeated"; readonly receipt: Receipt }
  /** One of the keys was used for another event. Nothing was stored. */
  | { readonly kind: "reused" }
  /** None of the users and groups is known. Nothing was stored. */
  | { readonly kind: "no-recipient" };

export interface ClaimRequest {
  readonly nowMs: number;
  /** How many deliveries the worker can take at once. */
  readonly countMax: number;
  /** Hooks that have all they may have in flight; theirs stay in the store. */
  readonly exceptHooks: readonly HookId[];
}

export interface NewPing {
  readonly eventId: EventId;
  /** Made at `atMs`, as lists find a delivery's time by its id. */
  readonly deliveryId: DeliveryId;
  readonly atMs: number;
}

export type HookMade =
  | { readonly kind: "made"; readonly hook: Hook }
  | { readonly kind: "unknown-owner" }
  /** The owner has `ownedMax` hooks already. */
  | { readonly kind: "too-many" };

/** Members that are left out stay as they are. */
export interface HookChange {
  readonly url?: string;
  readonly events?: readonly string[];
  readonly verifyTls?: boolean;
  readonly ca?: string | null;
  readonly ackDeadlineMs?: number;
  readonly retries?: "default" | "none";
  readonly inFlightMax?: number;
  readonly state?: Exclude<HookState, "pending">;
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
  /** Set while waiting. */
  readonly because: WaitingBecause | null;
  /** When it is tried next; null unless it waits for its time (while a worker has it, it does not). */
  readonly dueAtMs: number | null;
  readonly createdAtMs: number;
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
   * or pending hook that wants the type and belongs to a named user, a user in a named group, or an app with a live
   * grant of such a user; a user named twice gets one. Each delivery has the next number of its hook, without holes.
   * The first `countMax` that are due come back leased; what is left over is due at once for `claimDue`.
   * Deliveries of paused and pending hooks are stored as waiting and are not claimable; pings of theirs are.
   * The cost of an event depends on its matches, not on how many users a matching hook serves.
   */
  ingest(events: readonly NewEvent[], claim: ClaimRequest): Promise<readonly Ingested[]>;
  /** Leases deliveries that are due, longest due first. No other worker gets them until their lease ends. */
  claimDue(claim: ClaimRequest): Promise<readonly Claim[]>;
  /** Gives back what was not tried: due at once, no attempt used up; it can settle no more. Lost leases are passed over. */
  release(claims: readonly Pick<Claim, "deliveryId" | "lease">[], nowMs: number): Promise<void>;
  /**
   * Records the attempt and moves the delivery on. False, and nothing changed: the lease ended meanwhile and was
   * taken by another or given back, or the delivery has ended (`revoked`). A retry for a paused hook is kept for it.
   * `failed` because `gone` also disables the hook and fails all that waits for it.
   * A ping that was delivered makes its pending hook active, and what was kept for it is due.
   */
  settle(settlement: Settlement): Promise<boolean>;
  /** When the next delivery can be claimed, the ends of leases included; null if none ever can. */
  findNextDueMs(exceptHooks: readonly HookId[]): Promise<number | null>;

  /** Makes a hook; a `ping` is stored with it as a delivery that is due. `ownedMax` bounds the hooks of its owner. */
  createHook(
    hook: Hook,
    secret: Sealed,
    options: { readonly ownedMax: number; readonly ping: NewPing | null },
  ): Promise<HookMade>;
  findHook(id: HookId): Promise<Hook | null>;
  /** By id, ascending; only those of `owner` if one is given. */
  listHooks(owner: HookOwner | null, page: PageRequest): Promise<Page<Hook>>;
  /**
   * Changes a hook; null if there is none. One write for the hook whatever it serves. When it is paused or
   * disabled, what waits for it is kept and not claimable, and what is under way is kept if it comes back; when it is
   * active again, all that is due. A ping is kept by a disabled hook only.
   */
  changeHook(id: HookId, change: HookChange, nowMs: number): Promise<Hook | null>;
  /** Ends a hook: what waits for it is `revoked`; its records stay. False: no such hook. */
  deleteHook(id: HookId, nowMs: number): Promise<boolean>;
  /** Stores a ping as a delivery that is due, whatever the hook's state unless it is disabled. False: no such hook, or disabled. */
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

  /** Newest first. Attempts come without their request and answer (`exchange` null). */
  listDeliveries(filter: DeliveryFilter, page: PageRequest): Promise<Page<Delivery>>;
  /** One delivery with everything, and its event; null if there is none within reach. */
  findDelivery(
    id: DeliveryId,
    reach: DeliveryReach,
  ): Promise<{ readonly delivery: Delivery; readonly event: ClaimedEvent } | null>;

  /**
   * Forgets deliveries that ended before `beforeMs`, at most `countMax`, each event with the last of its deliveries
   * and each receipt with its event; and as many events older than that which no hook wanted. Says how many rows went:
   * 0 when there is nothing left to forget. What still waits is never forgotten, nor its event.
   */
  sweep(sweep: { readonly beforeMs: number; readonly countMax: number }): Promise<number>;
}
