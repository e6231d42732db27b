/** The promises of `record-store.ts`, tried on an engine. */
import assert from "node:assert/strict";
import { describe } from "node:test";
import type { DeliveryId, ErasureId, UserId } from "@trulinks/protocol";
import type { Storage } from "../storage/storage.ts";
import type { Claim } from "./claim.ts";
import type { Exchange } from "./delivery.ts";
import type { Erasure } from "./record-store.ts";
import {
  ANN,
  BOB,
  claiming,
  DELIVERED,
  eventOf,
  hookOf,
  ingestClaimed,
  ingestOne,
  listAll,
  makeHook,
  makeHooks,
  OF_ANN,
  OF_GREETER,
  type OpenedStorage,
  type Promised,
  pingAt,
  promisedOf,
  REFUSED,
  retryAt,
  START_MS,
  settleAs,
} from "./store-fixtures.contract.ts";

export function recordStoreContract(name: string, open: () => Promise<OpenedStorage>): void {
  const promised = promisedOf(open);
  describe(`the record's store on ${name}`, () => {
    describe("payloads that end with time", () => endings(promised));
    describe("payloads about a user", () => erasures(promised));
    describe("erasures", () => receipts(promised));
  });
}

const LATER_MS = START_MS + 1_000_000;

const EXCHANGE: Exchange = {
  requestHeaders: [["webhook-id", "1"]],
  answerHeaders: [["x-said", "much"]],
  answerBody: "thanks",
};

/** Everything that was claimed is delivered, and something of each attempt is kept. */
async function deliver(storage: Storage, claims: readonly Claim[], nowMs = START_MS + 1): Promise<void> {
  for (const claim of claims) {
    assert.ok(await settleAs(storage, claim, DELIVERED, { nowMs, exchange: EXCHANGE }));
  }
}

async function publish(storage: Storage, id: string, userIds: readonly UserId[]): Promise<readonly Claim[]> {
  const ingested = await ingestOne(storage, eventOf(id, { userIds }), { countMax: 50 });
  assert.ok(ingested.kind === "accepted");
  return ingested.claims;
}

/** What is left of a payload. */
async function leftOf(storage: Storage, id: DeliveryId): Promise<Readonly<Record<string, unknown>>> {
  const found = await storage.webhooks.findDelivery(id, { kind: "all" });
  assert.ok(found);
  const { isPayloadGone, attempts, masked, key } = found.delivery;
  return {
    isPayloadGone,
    data: found.event?.data ?? null,
    exchanges: attempts.map(({ exchange }) => exchange?.answerBody ?? null),
    masked,
    key,
  };
}

const GONE = { isPayloadGone: true, data: null, exchanges: [null], masked: [], key: null };
const KEPT = { isPayloadGone: false, data: '{"number":1}', exchanges: ["thanks"], masked: [], key: null };

async function endAll({ record }: Storage, beforeMs: number, countMax = 100): Promise<readonly number[]> {
  const counts: number[] = [];
  for (;;) {
    const count = await record.endPayloads({ beforeMs, countMax });
    if (count === 0) return counts;
    counts.push(count);
    assert.ok(counts.length < 100, "it does not end");
  }
}

function endings(promised: Promised): void {
  promised("end for what ended before the time, and the record stays", async (storage) => {
    await makeHook(storage, hookOf("hok", OF_ANN));
    const old = await ingestClaimed(storage, eventOf("evt_old"));
    const recent = await ingestClaimed(storage, eventOf("evt_recent"));
    await deliver(storage, [old], LATER_MS - 1);
    await deliver(storage, [recent], LATER_MS);
    const before = await listAll(storage);
    assert.deepEqual(await endAll(storage, LATER_MS), [1]);
    assert.deepEqual(await leftOf(storage, old.deliveryId), GONE);
    assert.deepEqual(await leftOf(storage, recent.deliveryId), KEPT);
    const plain = (await listAll(storage)).map((of) => ({ ...of, isPayloadGone: false }));
    assert.deepEqual(plain, before);
    assert.deepEqual(await endAll(storage, LATER_MS), []);
    assert.deepEqual(await endAll(storage, LATER_MS + 1), [1]);
  });

  promised("an event's data is there while one of its deliveries waits, or ended later", async (storage) => {
    await makeHook(storage, hookOf("one", OF_ANN));
    await makeHook(storage, hookOf("two", OF_ANN));
    const [first, second] = await publish(storage, "evt_1", [ANN]);
    assert.ok(first && second);
    await deliver(storage, [first]);
    assert.deepEqual(await endAll(storage, LATER_MS), [1]);
    assert.deepEqual(await leftOf(storage, first.deliveryId), GONE);
    await settleAs(storage, second, retryAt(LATER_MS), { ...REFUSED, exchange: EXCHANGE });
    assert.deepEqual(await leftOf(storage, second.deliveryId), KEPT);
    const [again] = await storage.webhooks.claimDue(claiming({ nowMs: LATER_MS, countMax: 5 }));
    assert.equal(again?.event.data, '{"number":1}');
    await deliver(storage, [again], LATER_MS);
    assert.deepEqual(await endAll(storage, LATER_MS + 1), [1]);
    assert.deepEqual((await leftOf(storage, second.deliveryId))["data"], null);
  });

  promised("end step by step, none left out, many of one moment too", async (storage) => {
    await makeHook(storage, hookOf("hok", OF_ANN));
    const events = Array.from({ length: 23 }, (_, n) => eventOf(`evt_${n}`));
    const answers = await storage.webhooks.ingest(events, claiming({ countMax: 50 }));
    const claims = answers.flatMap((answer) => (answer.kind === "accepted" ? answer.claims : []));
    await deliver(storage, claims.slice(0, 20), START_MS + 5);
    await deliver(storage, claims.slice(20), START_MS + 6);
    assert.deepEqual(await endAll(storage, LATER_MS, 7), [7, 7, 7, 2]);
    for (const { deliveryId } of claims) assert.deepEqual(await leftOf(storage, deliveryId), GONE);
  });

  promised("what ended before its payload did is still forgotten in its time", async (storage) => {
    await makeHook(storage, hookOf("hok", OF_ANN));
    await deliver(storage, [await ingestClaimed(storage, eventOf("evt_1", { receiptKeys: ["key:1"] }))]);
    await endAll(storage, LATER_MS);
    assert.equal((await ingestOne(storage, eventOf("evt_1", { receiptKeys: ["key:1"] }))).kind, "repeated");
    assert.ok((await storage.webhooks.sweep({ beforeMs: LATER_MS, countMax: 50 })) > 0);
    assert.deepEqual(await listAll(storage), []);
  });

  promised("the feed tells of it by number and state", async (storage) => {
    await makeHook(storage, hookOf("hok", OF_ANN));
    await deliver(storage, [await ingestClaimed(storage, eventOf("evt_1"))]);
    await endAll(storage, LATER_MS);
    const request = { hookId: "hok" as never, after: 0, countMax: 5, bytesMax: 1e6, nowMs: LATER_MS };
    const page = await storage.feed.readFeed(request);
    assert.ok(page.kind === "page");
    assert.deepEqual(page.entries, [{ sequence: 1, state: "delivered", expiresAtMs: null, sent: null }]);
  });
}

async function eraseAll(storage: Storage, userId: UserId, countMax = 100): Promise<Erasure> {
  const started = await storage.record.startErasure(userId, LATER_MS);
  assert.ok(started);
  for (let steps = 0; steps < 100; steps++) {
    if ((await storage.record.erase(LATER_MS + 1, countMax)) === null) {
      const ended = await storage.record.findErasure(started.id);
      assert.ok(ended);
      return ended;
    }
  }
  throw new Error("it does not end");
}

function erasures(promised: Promised): void {
  promised("are gone from every delivery about it; others keep theirs", async (storage) => {
    await makeHooks(storage);
    const [ofAnn, ofBob, both] = [
      await publish(storage, "evt_ann", [ANN]),
      await publish(storage, "evt_bob", [BOB]),
      await publish(storage, "evt_both", [ANN, BOB]),
    ];
    await deliver(storage, [...ofAnn, ...ofBob, ...both]);
    const erasure = await eraseAll(storage, ANN, 3);
    assert.deepEqual([erasure.events, erasure.deliveries, erasure.attempts], [1, 4, 4]);
    for (const { deliveryId, user } of [...ofAnn, ...ofBob, ...both]) {
      assert.deepEqual(await leftOf(storage, deliveryId), user?.id === ANN ? GONE : KEPT);
    }
    const rest = await eraseAll(storage, BOB);
    assert.deepEqual([rest.events, rest.deliveries, rest.attempts], [2, 6, 6]);
    for (const { deliveryId } of both) assert.deepEqual(await leftOf(storage, deliveryId), GONE);
  });

  promised(
    "what waits for it is revoked first, what is leased too, and views and keys go",
    async (storage) => {
      await makeHook(storage, hookOf("hok", OF_ANN, { include: ["/number"] }));
      await makeHook(storage, hookOf("paused", OF_ANN, { state: "paused" }));
      const ingested = await ingestOne(storage, eventOf("evt_1", { key: "ann@example.com" }), {
        countMax: 1,
      });
      assert.ok(ingested.kind === "accepted" && ingested.claims[0]);
      await storage.record.startErasure(ANN, LATER_MS);
      const listed = await listAll(storage);
      assert.deepEqual(
        listed.map(({ state }) => state),
        ["revoked", "revoked"],
      );
      assert.equal(await settleAs(storage, ingested.claims[0], DELIVERED), false);
      await storage.record.erase(LATER_MS, 10);
      for (const { id } of listed) {
        assert.deepEqual(await leftOf(storage, id), { ...GONE, exchanges: [] });
      }
    },
  );

  promised("records stay: state, times, attempts and outcomes", async (storage) => {
    await makeHooks(storage);
    await deliver(storage, await publish(storage, "evt_1", [ANN]));
    const before = await listAll(storage);
    await eraseAll(storage, ANN);
    const after = await listAll(storage);
    assert.deepEqual(
      after.map((of) => ({ ...of, isPayloadGone: false })),
      before,
    );
    assert.ok(after.every(({ isPayloadGone }) => isPayloadGone));
  });

  promised("of the user itself name and e-mail are gone, and the user stays", async (storage) => {
    await storage.accounts.putUser({ id: ANN, name: "Ann", email: "ann@example.com", createdAtMs: 1 });
    await storage.record.startErasure(ANN, LATER_MS);
    const user = await storage.accounts.findUser(ANN);
    assert.deepEqual([user?.name, user?.email, user?.createdAtMs], [null, null, START_MS]);
  });

  promised("a deleted user is erased", async (storage) => {
    await makeHooks(storage);
    const claims = await publish(storage, "evt_1", [ANN]);
    await deliver(storage, claims.slice(0, 1));
    await storage.accounts.deleteUser(ANN, LATER_MS);
    const erasure = await storage.record.erase(LATER_MS, 100);
    assert.deepEqual([erasure?.userId, erasure?.deliveries, erasure?.events], [ANN, 2, 1]);
    for (const { isPayloadGone } of await listAll(storage)) assert.equal(isPayloadGone, true);
    assert.equal((await listAll(storage)).length, 2);
  });

  promised("what is published afterwards is no part of it", async (storage) => {
    await makeHook(storage, hookOf("hok", OF_ANN));
    await storage.record.startErasure(ANN, LATER_MS);
    const later = await ingestClaimed(storage, eventOf("evt_1", { atMs: LATER_MS + 1 }), LATER_MS + 1);
    await storage.record.erase(LATER_MS + 2, 10);
    assert.deepEqual(await leftOf(storage, later.deliveryId), { ...KEPT, exchanges: [] });
    assert.ok(await settleAs(storage, later, DELIVERED));
  });

  promised("what was published before and stored afterwards is revoked and erased", async (storage) => {
    await makeHook(storage, hookOf("hok", OF_ANN));
    await storage.record.startErasure(ANN, LATER_MS);
    const late = await ingestClaimed(storage, eventOf("evt_1"), LATER_MS + 1);
    await storage.record.erase(LATER_MS + 2, 10);
    assert.deepEqual(await leftOf(storage, late.deliveryId), { ...GONE, exchanges: [] });
    assert.equal(await settleAs(storage, late, DELIVERED), false);
  });

  promised("pings of its own hooks lose what was answered; those that wait go on", async (storage) => {
    const ping = pingAt(START_MS);
    await makeHook(storage, hookOf("done", OF_ANN), ping);
    const [claim] = await storage.webhooks.claimDue(claiming({ countMax: 5 }));
    assert.ok(claim);
    await deliver(storage, [claim]);
    const waiting = pingAt(START_MS);
    await makeHook(storage, hookOf("asked", OF_ANN, { state: "pending" }), waiting);
    await eraseAll(storage, ANN);
    assert.deepEqual(await leftOf(storage, ping.deliveryId), GONE);
    assert.equal((await leftOf(storage, waiting.deliveryId))["data"], "{}");
  });

  promised("no data are kept of what no hook wanted, and it is recognised all the same", async (storage) => {
    const event = eventOf("evt_1", { receiptKeys: ["key:1"] });
    assert.equal((await ingestOne(storage, event)).kind, "accepted");
    assert.equal((await ingestOne(storage, event)).kind, "repeated");
    assert.equal((await ingestOne(storage, { ...event, fingerprint: "another" })).kind, "reused");
  });
}

function receipts(promised: Promised): void {
  promised("of somebody of whom nothing is known there is none", async (storage) => {
    assert.equal(await storage.record.startErasure("nobody" as UserId, LATER_MS), null);
    assert.equal(await storage.record.findErasure("ers_none" as ErasureId), null);
    assert.equal(await storage.record.erase(LATER_MS, 10), null);
  });

  promised("somebody who is gone may be erased while there is a record", async (storage) => {
    await makeHook(storage, hookOf("hok", OF_ANN));
    await deliver(storage, [await ingestClaimed(storage, eventOf("evt_1"))]);
    await storage.accounts.deleteUser(ANN, LATER_MS);
    assert.ok(await storage.record.startErasure(ANN, LATER_MS));
  });

  promised("go on step by step, each where the last one ended, and say how far they are", async (storage) => {
    await makeHook(storage, hookOf("own", OF_ANN));
    await makeHook(storage, hookOf("gr", OF_GREETER));
    await storage.accounts.grant({
      ...{ id: "grn_1" as never, userId: ANN, appId: "app_greeter" as never, scopes: [], nowMs: 1 },
    });
    for (let n = 0; n < 5; n++) await deliver(storage, await publish(storage, `evt_${n}`, [ANN]));
    const started = await storage.record.startErasure(ANN, LATER_MS);
    assert.deepEqual(started, {
      ...{ id: started?.id, userId: ANN, events: 0, deliveries: 0, attempts: 0 },
      ...{ startedAtMs: LATER_MS, endedAtMs: null },
    });
    const told: unknown[] = [];
    for (;;) {
      const step = await storage.record.erase(LATER_MS + told.length, 4);
      if (step === null) break;
      assert.deepEqual(await storage.record.findErasure(step.id), step);
      told.push([step.id === started?.id, step.deliveries, step.attempts, step.endedAtMs]);
    }
    assert.deepEqual(told, [
      [true, 4, 4, null],
      [true, 8, 8, null],
      [true, 10, 10, LATER_MS + 2],
    ]);
    assert.equal((await storage.record.findErasure(started?.id as ErasureId))?.events, 5);
  });

  promised("one after the other", async (storage) => {
    const [first, second] = [
      await storage.record.startErasure(ANN, LATER_MS),
      await storage.record.startErasure(BOB, LATER_MS + 1),
    ];
    const ended = [await storage.record.erase(LATER_MS, 5), await storage.record.erase(LATER_MS, 5)];
    assert.deepEqual(
      ended.map((of) => of?.id),
      [first?.id, second?.id],
    );
    assert.equal(await storage.record.erase(LATER_MS, 5), null);
  });
}
