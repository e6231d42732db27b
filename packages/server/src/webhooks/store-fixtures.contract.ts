/** What the suites of webhooks' store share: an opened engine for each promise, and things to put into it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  type AppId,
  type DeliveryId,
  type EventId,
  type GrantId,
  type GroupId,
  type HookId,
  makeId,
  type UserId,
  utf8,
} from "@trulinks/protocol";
import { systemDice } from "../base/dice.ts";
import { pagesOf } from "../base/pages-of.contract.ts";
import type { Storage } from "../storage/storage.ts";
import type { Claim, ClaimRequest } from "./claim.ts";
import type { AttemptRecord } from "./delivery.ts";
import { type Hook, type HookOwner, SOUND } from "./hook.ts";
import type { Ingested, NewEvent } from "./new-event.ts";
import type { NewPing } from "./ping.ts";
import type { Next } from "./retry.ts";
import type { Delivery, DeliveryFilter, HookChange } from "./store.ts";

export interface OpenedStorage {
  readonly storage: Storage;
  close(): Promise<void>;
}

/** Each promise is tried on a storage of its own, with users `ann` and `bob` and the apps `greeter` and `other`. */
export type Promised = (title: string, run: (storage: Storage) => Promise<void>) => void;

export function promisedOf(open: () => Promise<OpenedStorage>): Promised {
  return (title, run) => {
    test(title, async () => {
      const opened = await open();
      try {
        await makePeople(opened.storage);
        await run(opened.storage);
      } finally {
        await opened.close();
      }
    });
  };
}

export const START_MS = 1_790_000_000_000;
export const ANN = "ann" as UserId;
export const BOB = "bob" as UserId;
export const NOBODY = "nobody" as UserId;
export const GREETER = "app_greeter" as AppId;
export const OTHER_APP = "app_other" as AppId;
export const WATCHERS = "repo:1" as GroupId;

export const hookId = (text: string): HookId => text as HookId;
export const OF_ANN: HookOwner = { kind: "user", userId: ANN };
export const OF_BOB: HookOwner = { kind: "user", userId: BOB };
export const OF_GREETER: HookOwner = { kind: "app", appId: GREETER };
export const OF_OTHER: HookOwner = { kind: "app", appId: OTHER_APP };

/** An attempt that failed. */
export const REFUSED = { outcome: "refused", status: 500 } as const;
export const DELIVERED: Next = { kind: "delivered" };
export const GONE: Next = { kind: "failed", because: "gone" };
export const retryAt = (atMs: number): Next => ({ kind: "retry", atMs });

async function makePeople({ accounts }: Storage): Promise<void> {
  for (const id of [ANN, BOB]) {
    await accounts.createUser({ id, name: null, email: null, createdAtMs: START_MS });
  }
  for (const id of [GREETER, OTHER_APP]) {
    const app = { id, name: id, owner: null, contact: null, clientId: `client-${id}`, createdAtMs: START_MS };
    await accounts.createApp(app, utf8("hash"));
  }
}

export async function grant(
  { accounts }: Storage,
  userId: UserId,
  appId: AppId,
  scopes: readonly string[] = [],
): Promise<GrantId> {
  const id = makeId("grant", START_MS, systemDice.bytes(16));
  const granted = await accounts.grant({ id, userId, appId, scopes, nowMs: START_MS });
  assert.ok("grant" in granted);
  return granted.grant.id;
}

export async function join({ accounts }: Storage, ...userIds: readonly UserId[]): Promise<void> {
  for (const userId of userIds) await accounts.addToGroup(WATCHERS, userId);
}

export function hookOf(id: string, owner: HookOwner, over: Partial<Hook> = {}): Hook {
  return {
    id: hookId(id),
    owner,
    url: `https://receiver.example/${id}`,
    events: ["*"],
    secretPer: owner.kind === "app" ? "user" : "hook",
    signature: "standard",
    verifyTls: true,
    ca: null,
    ackDeadlineMs: 10_000,
    retries: "default",
    inFlightMax: 8,
    serial: false,
    filter: [],
    include: null,
    state: "active",
    health: SOUND,
    createdAtMs: START_MS,
    ...over,
  };
}

/** Own hooks of both users, hooks of both apps; both users granted `greeter`, and bob `other`, too. */
export async function makeHooks(storage: Storage): Promise<void> {
  await makeHook(storage, hookOf("hok_ann", OF_ANN));
  await makeHook(storage, hookOf("hok_bob", OF_BOB));
  await makeHook(storage, hookOf("hok_greeter", OF_GREETER));
  await makeHook(storage, hookOf("hok_other", OF_OTHER));
  await grant(storage, ANN, GREETER);
  await grant(storage, BOB, GREETER);
  await grant(storage, BOB, OTHER_APP);
}

export const sealedOf = (text: string): Uint8Array => utf8(`sealed ${text}`);

/** Its first secret is `sealedOf(id)`. */
export async function makeHook(
  { webhooks }: Storage,
  hook: Hook,
  ping: NewPing | null = null,
): Promise<Hook> {
  const made = await webhooks.createHook(hook, sealedOf(hook.id), {
    ownedMax: 100,
    knock: ping && { ping, hostMax: 100 },
  });
  assert.equal(made.kind, "made");
  return hook;
}

export function pingAt(atMs: number): NewPing {
  return {
    eventId: makeId("event", atMs, systemDice.bytes(16)),
    deliveryId: makeId("delivery", atMs, systemDice.bytes(16)),
    data: "{}",
    atMs,
  };
}

export function eventOf(id: string, over: Partial<NewEvent> = {}): NewEvent {
  return {
    id: id as EventId,
    receiptKeys: [],
    fingerprint: `fingerprint of ${id}`,
    type: "issue.opened",
    action: "opened",
    data: '{"number":1}',
    userIds: [ANN],
    groupIds: [],
    ...{ key: null, expiresAtMs: null, sensitive: [], scopes: null, fieldScopes: [], trace: null },
    atMs: START_MS,
    ...over,
  };
}

export function claiming(over: Partial<ClaimRequest> = {}): ClaimRequest {
  return { nowMs: START_MS, countMax: 0, retriesMax: 10_000, hookMax: 10_000, exceptHooks: [], ...over };
}

export async function ingestOne(
  { webhooks }: Storage,
  event: NewEvent,
  claim: Partial<ClaimRequest> = {},
): Promise<Ingested> {
  const [ingested] = await webhooks.ingest([event], claiming(claim));
  assert.ok(ingested);
  return ingested;
}

/** Reports an event for which exactly one delivery is made, and claims it. */
export async function ingestClaimed(storage: Storage, event: NewEvent, nowMs = START_MS): Promise<Claim> {
  const ingested = await ingestOne(storage, event, { nowMs, countMax: 1 });
  assert.ok(ingested.kind === "accepted", `the event was ${ingested.kind}`);
  assert.equal(ingested.receipt.deliveries, 1);
  assert.ok(ingested.claims[0]);
  return ingested.claims[0];
}

/** Claims everything that is due. */
export function claimAll({ webhooks }: Storage, nowMs: number): Promise<readonly Claim[]> {
  return webhooks.claimDue(claiming({ nowMs, countMax: 10_000 }));
}

export const TIMINGS = { dnsMs: 0.25, connectMs: 0.5, tlsMs: null, firstByteMs: 1.5, totalMs: 2.25 };

export function attemptOf(number: number, over: Partial<AttemptRecord> = {}): AttemptRecord {
  return {
    number,
    atMs: START_MS + number,
    outcome: "accepted",
    status: 200,
    guideline: null,
    timings: TIMINGS,
    exchange: null,
    ...over,
  };
}

export function settleAs(
  { webhooks }: Storage,
  { deliveryId, lease, attempt }: Pick<Claim, "deliveryId" | "lease" | "attempt">,
  next: Next,
  { nowMs = START_MS + 1, ...over }: Partial<AttemptRecord> & { readonly nowMs?: number } = {},
): Promise<boolean> {
  return webhooks.settle({ deliveryId, lease, attempt: attemptOf(attempt, over), next, nowMs });
}

/** Changes the hook and gives it back. */
export async function change(
  { webhooks }: Storage,
  id: string,
  changes: HookChange,
  nowMs = START_MS,
): Promise<Hook> {
  const altered = await webhooks.changeHook(hookId(id), changes, { nowMs, knock: null });
  assert.ok(altered.kind === "changed", `the hook was ${altered.kind}`);
  return altered.hook;
}

/** Everything within the filter, in the order of the list. */
export async function listAll(
  { webhooks }: Storage,
  filter: Partial<DeliveryFilter> = {},
): Promise<readonly Delivery[]> {
  const pages = await pagesOf(200, (page) =>
    webhooks.listDeliveries({ reach: { kind: "all" }, ...filter }, page),
  );
  return pages.flat();
}

/** By number, as within one millisecond a list is in the order of chance. */
export function inOrder(deliveries: readonly Delivery[]): readonly Delivery[] {
  return deliveries.toSorted((one, other) => (one.sequence ?? 0) - (other.sequence ?? 0));
}

export async function findDelivery({ webhooks }: Storage, id: DeliveryId): Promise<Delivery> {
  const found = await webhooks.findDelivery(id, { kind: "all" });
  assert.ok(found);
  return found.delivery;
}
