/** What the suites of accounts' store share: an opened engine for each promise, and things to put into it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type {
  AppId,
  DeliveryId,
  EventId,
  GrantId,
  GroupId,
  HookId,
  TokenId,
  UserId,
} from "@trulinks/protocol";
import type { Storage } from "../storage/storage.ts";
import type { Claim } from "../webhooks/claim.ts";
import type { DeliveryState } from "../webhooks/delivery.ts";
import { type Hook, type HookOwner, SOUND } from "../webhooks/hook.ts";
import type { Ingested } from "../webhooks/new-event.ts";
import type { App, Grant, Token, TokenRequest, User } from "./store.ts";

export interface OpenedStorage {
  readonly storage: Storage;
  close(): Promise<void>;
}

/** Each promise is tried on a storage of its own that is empty. */
export type Promised = (title: string, run: (storage: Storage) => Promise<void>) => void;

export function promisedOf(open: () => Promise<OpenedStorage>): Promised {
  return (title, run) => {
    test(title, async () => {
      const opened = await open();
      try {
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
export const NO_APP = "app_none" as AppId;

export const userId = (text: string): UserId => text as UserId;
export const appId = (text: string): AppId => text as AppId;
export const grantId = (text: string): GrantId => text as GrantId;
export const tokenId = (text: string): TokenId => text as TokenId;
export const groupId = (text: string): GroupId => text as GroupId;
export const hookId = (text: string): HookId => text as HookId;
export const hashOf = (byte: number): Uint8Array => new Uint8Array(32).fill(byte);

export function userNamed(id: UserId, name: string | null = null): User {
  return { id, name, email: null, createdAtMs: START_MS };
}

export function appNamed(id: AppId, owner: UserId | null = null): App {
  return { id, name: `App ${id}`, owner, contact: null, clientId: `client-${id}`, createdAtMs: START_MS };
}

/** Users `ann` and `bob`, apps `app_greeter` and `app_other`. */
export async function makePeople({ accounts }: Storage): Promise<void> {
  for (const id of [ANN, BOB]) assert.ok(await accounts.createUser(userNamed(id)));
  for (const id of [GREETER, OTHER_APP]) {
    assert.notEqual(await accounts.createApp(appNamed(id), hashOf(9)), "unknown-user");
  }
}

export async function makeGrant(
  { accounts }: Storage,
  { id, user, app, scopes = [] }: { id: string; user: UserId; app: AppId; scopes?: readonly string[] },
): Promise<Grant> {
  const granted = await accounts.grant({
    id: grantId(id),
    userId: user,
    appId: app,
    scopes,
    nowMs: START_MS,
  });
  assert.ok(granted.kind === "made", `the grant was ${granted.kind}`);
  return granted.grant;
}

export function tokenRequest(id: string, hashByte: number, over: Partial<TokenRequest> = {}): TokenRequest {
  return {
    id: tokenId(id),
    hash: hashOf(hashByte),
    userId: ANN,
    appId: null,
    newGrantId: grantId(`grn_for_${id}`),
    scopes: null,
    nowMs: START_MS,
    expiresAtMs: null,
    ...over,
  };
}

export async function makeToken({ accounts }: Storage, request: TokenRequest): Promise<Token> {
  const made = await accounts.createToken(request);
  assert.ok(made.kind === "made", `the token was ${made.kind}`);
  return made.token;
}

export async function makeHook({ webhooks }: Storage, id: string, owner: HookOwner): Promise<Hook> {
  const hook: Hook = {
    id: hookId(id),
    owner,
    url: "https://receiver.example/hooks",
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
  };
  const made = await webhooks.createHook(hook, hashOf(1), { ownedMax: 100, knock: null });
  assert.ok(made.kind === "made", `the hook was ${made.kind}`);
  return made.hook;
}

/** Reports one event; the first `claimed` of its deliveries come back leased. */
export async function ingestFor(
  { webhooks }: Storage,
  id: string,
  {
    users,
    groups = [],
    claimed = 0,
  }: { users: readonly UserId[]; groups?: readonly GroupId[]; claimed?: number },
): Promise<Ingested> {
  const event = {
    id: id as EventId,
    receiptKeys: [],
    fingerprint: id,
    type: "issue.opened",
    action: "opened",
    data: '{"number":1}',
    userIds: users,
    groupIds: groups,
    key: null,
    expiresAtMs: null,
    sensitive: [],
    scopes: null,
    fieldScopes: [],
    trace: null,
    atMs: START_MS,
  };
  const claim = { nowMs: START_MS, countMax: claimed, retriesMax: 10_000, hookMax: 10_000, exceptHooks: [] };
  const [ingested] = await webhooks.ingest([event], claim);
  assert.ok(ingested);
  return ingested;
}

/** How many deliveries the event made. */
export async function deliveriesOf(storage: Storage, id: string, users: readonly UserId[]): Promise<number> {
  const ingested = await ingestFor(storage, id, { users });
  assert.ok(ingested.kind === "accepted", `the event was ${ingested.kind}`);
  return ingested.receipt.deliveries;
}

/** Reports an event and has its only delivery accepted by the receiver. */
export async function deliverTo(storage: Storage, id: string, user: UserId): Promise<DeliveryId> {
  const ingested = await ingestFor(storage, id, { users: [user], claimed: 1 });
  assert.ok(ingested.kind === "accepted" && ingested.claims[0]);
  assert.equal(await settleAccepted(storage, ingested.claims[0]), true);
  return ingested.claims[0].deliveryId;
}

export function settleAccepted({ webhooks }: Storage, claim: Claim): Promise<boolean> {
  return webhooks.settle({
    deliveryId: claim.deliveryId,
    lease: claim.lease,
    attempt: {
      number: claim.attempt,
      atMs: START_MS,
      outcome: "accepted",
      status: 204,
      guideline: null,
      timings: { dnsMs: null, connectMs: null, tlsMs: null, firstByteMs: 1, totalMs: 1 },
      exchange: null,
    },
    next: { kind: "delivered" },
    nowMs: START_MS + 1,
  });
}

/** Every delivery there is, as `<user> <state>`, sorted. */
export async function statesOf({ webhooks }: Storage): Promise<readonly string[]> {
  const page = await webhooks.listDeliveries({ reach: { kind: "all" } }, { after: null, countMax: 200 });
  const line = (of: { userId: UserId | null; state: DeliveryState }): string => `${of.userId} ${of.state}`;
  return page.items.map(line).sort();
}
