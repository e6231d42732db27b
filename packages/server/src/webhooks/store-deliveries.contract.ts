import assert from "node:assert/strict";
import type { DeliveryId, EventId, UserId } from "@trulinks/protocol";
import { pagesOf } from "../base/pages-of.contract.ts";
import type { Storage } from "../storage/storage.ts";
import type { Claim } from "./claim.ts";
import type { Delivery, DeliveryFilter, DeliveryReach } from "./store.ts";
import {
  ANN,
  BOB,
  claiming,
  DELIVERED,
  eventOf,
  GREETER,
  grant,
  hookId,
  hookOf,
  listAll,
  makeHook,
  OF_ANN,
  OF_BOB,
  OF_GREETER,
  OF_OTHER,
  OTHER_APP,
  type Promised,
  pingAt,
  retryAt,
  START_MS,
  settleAs,
} from "./store-fixtures.contract.ts";

const ALL: DeliveryReach = { kind: "all" };
const nameOf = ({ eventId, hookId: hook, userId }: Delivery): string => `${eventId} ${hook} ${userId}`;

/** Own hooks of both users, hooks of both apps, three grants, a ping to an app's hook, and four events. */
async function makeScene(
  storage: Storage,
): Promise<{ readonly annGreeter: string; readonly bobGreeter: string }> {
  await makeHook(storage, hookOf("own", OF_ANN));
  await makeHook(storage, hookOf("bobs", OF_BOB));
  await makeHook(storage, hookOf("gr", OF_GREETER), { ...pingAt(START_MS), eventId: "e0" as EventId });
  await makeHook(storage, hookOf("ot", OF_OTHER));
  const annGreeter = await grant(storage, ANN, GREETER);
  const bobGreeter = await grant(storage, BOB, GREETER);
  await grant(storage, BOB, OTHER_APP);
  const claims: Claim[] = [];
  const at = (id: string, seconds: number, userIds: readonly UserId[], type = "issue.opened") =>
    eventOf(id, { userIds, type, atMs: START_MS + seconds * 1_000 });
  const events = [at("e1", 1, [ANN]), at("e2", 2, [BOB]), at("e3", 3, [ANN, BOB], "pull.merged")];
  for (const event of events) {
    const answers = await storage.webhooks.ingest([event], claiming({ nowMs: event.atMs, countMax: 50 }));
    claims.push(...answers.flatMap((answer) => (answer.kind === "accepted" ? answer.claims : [])));
  }
  const claimOf = (event: string, hook: string, user: UserId): Claim => {
    const found = claims.find((c) => c.event.id === event && c.hook.id === hook && c.user?.id === user);
    assert.ok(found, `${event} ${hook} ${user}`);
    return found;
  };
  await settleAs(storage, claimOf("e1", "own", ANN), DELIVERED, { status: 200 });
  await settleAs(
    storage,
    claimOf("e1", "gr", ANN),
    { kind: "rejected" },
    { outcome: "rejected", status: 422 },
  );
  const failed = { kind: "failed", because: "no-retries" } as const;
  await settleAs(storage, claimOf("e2", "gr", BOB), failed, { outcome: "refused", status: 503 });
  await settleAs(storage, claimOf("e2", "ot", BOB), failed, { outcome: "connect", status: null });
  const retry = retryAt(START_MS + 1e6);
  await settleAs(storage, claimOf("e3", "gr", ANN), retry, { outcome: "refused", status: 503 });
  return { annGreeter, bobGreeter };
}

const EVERYTHING = [
  "e0 gr null",
  "e1 gr ann",
  "e1 own ann",
  "e2 bobs bob",
  "e2 gr bob",
  "e2 ot bob",
  "e3 bobs bob",
  "e3 gr ann",
  "e3 gr bob",
  "e3 ot bob",
  "e3 own ann",
];

const only = (...parts: readonly string[]): readonly string[] =>
  EVERYTHING.filter((name) => parts.every((part) => ` ${name} `.includes(` ${part} `)));

const FILTERS: readonly (readonly [string, Omit<DeliveryFilter, "reach">, readonly string[]])[] = [
  ["none", {}, EVERYTHING],
  ["a hook", { hookId: hookId("gr") }, only("gr")],
  ["the user concerned", { userId: BOB }, only("bob")],
  ["an app's hooks", { appId: GREETER }, only("gr")],
  ["a type", { type: "pull.merged" }, only("e3")],
  ["the type of pings", { type: "ping" }, only("e0")],
  ["an event", { eventId: "e2" as EventId }, only("e2")],
  ["delivered", { state: "delivered" }, ["e1 own ann"]],
  ["rejected", { state: "rejected" }, ["e1 gr ann"]],
  ["failed", { state: "failed" }, ["e2 gr bob", "e2 ot bob"]],
  ["revoked, of which there are none", { state: "revoked" }, []],
  ["waiting", { state: "waiting" }, EVERYTHING.filter((name) => !/e1|e2 gr|e2 ot/.test(name))],
  ["a status of the last answer", { status: 503 }, ["e2 gr bob", "e3 gr ann"]],
  ["a good status", { status: 200 }, ["e1 own ann"]],
  ["after a time, which is left out", { afterMs: START_MS + 2_000 }, only("e3")],
  ["before a time, which is left out", { beforeMs: START_MS + 2_000 }, [...only("e0"), ...only("e1")].sort()],
  ["between two times", { afterMs: START_MS + 1_000, beforeMs: START_MS + 3_000 }, only("e2")],
  ["hook and user", { hookId: hookId("gr"), userId: ANN }, only("gr", "ann")],
  ["app, type and state", { appId: GREETER, type: "issue.opened", state: "failed" }, ["e2 gr bob"]],
  ["event, status and user", { eventId: "e2" as EventId, status: 503, userId: BOB }, ["e2 gr bob"]],
  [
    "everything at once",
    {
      hookId: hookId("gr"),
      userId: ANN,
      appId: GREETER,
      type: "pull.merged",
      eventId: "e3" as EventId,
      state: "waiting",
      status: 503,
      afterMs: START_MS,
      beforeMs: START_MS + 9_000,
    },
    ["e3 gr ann"],
  ],
  ["two that nothing meets", { hookId: hookId("own"), userId: BOB }, []],
];

export function deliveries(promised: Promised): void {
  promised("a list holds what its filter says", async (storage) => {
    await makeScene(storage);
    for (const [title, filter, expected] of FILTERS) {
      const listed = await listAll(storage, filter);
      assert.deepEqual(listed.map(nameOf).sort(), expected, title);
    }
  });

  promised("a list is newest first, whatever its filter, and its pages are whole", async (storage) => {
    await makeScene(storage);
    for (const [title, filter] of FILTERS) {
      const whole = await listAll(storage, filter);
      const ids = whole.map(({ id }) => id);
      assert.deepEqual(ids, [...ids].sort().reverse(), title);
      const pages = await pagesOf(2, (page) =>
        storage.webhooks.listDeliveries({ reach: ALL, ...filter }, page),
      );
      assert.deepEqual(pages.flat(), whole, title);
      assert.equal(pages.length, Math.max(1, Math.ceil(whole.length / 2)), title);
    }
  });

  reaches(promised);
}

function reaches(promised: Promised): void {
  const seen = async (storage: Storage, reach: DeliveryReach): Promise<readonly string[]> =>
    (await listAll(storage, { reach })).map(nameOf).sort();

  promised("each caller reaches what is its own", async (storage) => {
    const { annGreeter, bobGreeter } = await makeScene(storage);
    const cases: readonly (readonly [DeliveryReach, readonly string[]])[] = [
      [ALL, EVERYTHING],
      [{ kind: "user", userId: ANN }, only("own")],
      [{ kind: "user", userId: BOB }, only("bobs")],
      [{ kind: "app", appId: GREETER }, only("gr")],
      [{ kind: "app", appId: OTHER_APP }, only("ot")],
      [{ kind: "grant", grantId: annGreeter as never }, only("gr", "ann")],
      [{ kind: "grant", grantId: bobGreeter as never }, only("gr", "bob")],
      [{ kind: "grant", grantId: "grn_none" as never }, []],
      [{ kind: "user", userId: "nobody" as UserId }, []],
    ];
    for (const [reach, expected] of cases) {
      assert.deepEqual(await seen(storage, reach), expected, JSON.stringify(reach));
    }
  });

  promised("no filter, count or cursor reaches further", async (storage) => {
    const { annGreeter } = await makeScene(storage);
    const all = await listAll(storage);
    for (const reach of [
      { kind: "user", userId: ANN },
      { kind: "app", appId: GREETER },
      { kind: "grant", grantId: annGreeter as never },
    ] as const) {
      const within = await seen(storage, reach);
      for (const [title, filter, matching] of FILTERS) {
        const expected = matching.filter((name) => within.includes(name));
        const page = await storage.webhooks.listDeliveries(
          { reach, ...filter },
          { after: null, countMax: Math.max(1, expected.length) },
        );
        assert.deepEqual(page.items.map(nameOf).sort(), expected, `${reach.kind}, ${title}`);
        assert.equal(page.next, null, `${reach.kind}, ${title}`);
      }
      for (const delivery of all) {
        const found = await storage.webhooks.findDelivery(delivery.id, reach);
        assert.equal(found !== null, within.includes(nameOf(delivery)), `${reach.kind} ${nameOf(delivery)}`);
      }
    }
    assert.equal(await storage.webhooks.findDelivery("dlv_none" as DeliveryId, ALL), null);
  });

  promised("an app loses sight of a user with the grant, and gains it with a new one", async (storage) => {
    const { annGreeter } = await makeScene(storage);
    await storage.accounts.revokeGrant(annGreeter as never, START_MS);
    const ofApp: DeliveryReach = { kind: "app", appId: GREETER };
    assert.deepEqual(await seen(storage, ofApp), ["e0 gr null", ...only("gr", "bob")]);
    const newGrant = await grant(storage, ANN, GREETER);
    assert.deepEqual(await seen(storage, ofApp), only("gr"));
    assert.deepEqual(await seen(storage, { kind: "grant", grantId: newGrant }), []);
  });

  promised("a user still reaches the records of a hook that it deleted", async (storage) => {
    await makeScene(storage);
    await storage.webhooks.deleteHook(hookId("own"), START_MS);
    assert.deepEqual(await seen(storage, { kind: "user", userId: ANN }), only("own"));
  });
}
