import assert from "node:assert/strict";
import type { Storage } from "../storage/storage.ts";
import type { Claim } from "./claim.ts";
import {
  ANN,
  attemptOf,
  claimAll,
  claiming,
  DELIVERED,
  eventOf,
  findDelivery,
  hookId,
  hookOf,
  ingestClaimed,
  ingestOne,
  makeHook,
  OF_ANN,
  type Promised,
  retryAt,
  START_MS,
  settleAs,
} from "./store-fixtures.contract.ts";

const namesOf = (claims: readonly Claim[]): readonly string[] => claims.map(({ event }) => event.id);

/** A hook, and an event for each of the times, which is due then. */
async function makeDue(storage: Storage, id: string, dueMs: readonly number[]): Promise<void> {
  const events = [`${id}.*`];
  await makeHook(storage, hookOf(id, OF_ANN, { events }));
  for (const [index, nowMs] of dueMs.entries()) {
    await ingestOne(storage, eventOf(`${id}_${index}`, { type: `${id}.x` }), { nowMs });
  }
}

export function claims(promised: Promised): void {
  promised("nobody gets a leased delivery until its lease ends", async (storage) => {
    await makeHook(storage, hookOf("hok", OF_ANN, { ackDeadlineMs: 12_000 }));
    await ingestOne(storage, eventOf("evt_1"));
    const [claim] = await claimAll(storage, START_MS);
    assert.equal(claim?.leaseUntilMs, START_MS + 17_000);
    assert.deepEqual(await claimAll(storage, START_MS + 16_999), []);
    const [again] = await claimAll(storage, START_MS + 17_000);
    assert.equal(again?.deliveryId, claim.deliveryId);
  });

  promised("a lease that ran out raises the fence and uses up no attempt", async (storage) => {
    await makeHook(storage, hookOf("hok", OF_ANN));
    const claim = await ingestClaimed(storage, eventOf("evt_1"));
    const [second] = await claimAll(storage, claim.leaseUntilMs);
    assert.ok(second);
    assert.ok(second.lease > claim.lease);
    assert.equal(second.attempt, 1);
    assert.equal(second.leaseUntilMs, claim.leaseUntilMs + 15_000);
    assert.deepEqual({ ...second, lease: 0, leaseUntilMs: 0 }, { ...claim, lease: 0, leaseUntilMs: 0 });
  });

  promised("those that are due longest come first, and not more than asked for", async (storage) => {
    await makeDue(storage, "one", [START_MS + 4, START_MS + 1]);
    await makeDue(storage, "two", [START_MS + 3, START_MS + 2, START_MS + 5]);
    const { webhooks } = storage;
    const first = await webhooks.claimDue(claiming({ nowMs: START_MS + 4, countMax: 3 }));
    assert.deepEqual(namesOf(first), ["one_1", "two_1", "two_0"]);
    assert.deepEqual(namesOf(await claimAll(storage, START_MS + 4)), ["one_0"]);
    assert.deepEqual(await webhooks.claimDue(claiming({ nowMs: START_MS + 9, countMax: 0 })), []);
    assert.deepEqual(namesOf(await claimAll(storage, START_MS + 9)), ["two_2"]);
  });

  promised("those who claim at once never get the same", async (storage) => {
    await makeHook(storage, hookOf("hok", OF_ANN));
    const events = Array.from({ length: 60 }, (_, n) => eventOf(`evt_${n}`));
    await storage.webhooks.ingest(events, claiming());
    const taken = await Promise.all(
      Array.from({ length: 8 }, () =>
        storage.webhooks.claimDue(claiming({ nowMs: START_MS + 1, countMax: 10 })),
      ),
    );
    const left = await claimAll(storage, START_MS + 1);
    const ids = [...taken.flat(), ...left].map(({ deliveryId }) => deliveryId);
    assert.equal(ids.length, 60);
    assert.equal(new Set(ids).size, 60);
  });

  leftOut(promised);
  released(promised);
  nextDue(promised);
}

function leftOut(promised: Promised): void {
  promised("a hook that is left out keeps its deliveries, however many", async (storage) => {
    await makeHook(storage, hookOf("full", OF_ANN, { events: ["full.*"] }));
    const backlog = Array.from({ length: 1_100 }, (_, n) => eventOf(`full_${n}`, { type: "full.x" }));
    await storage.webhooks.ingest(backlog, claiming());
    await makeDue(storage, "free", [START_MS + 3, START_MS + 1]);
    await makeDue(storage, "late", [START_MS + 2, START_MS + 8]);
    const exceptHooks = [hookId("full")];
    const { webhooks } = storage;
    assert.equal(await webhooks.findNextDueMs(exceptHooks), START_MS + 1);
    const taken = await webhooks.claimDue({
      nowMs: START_MS + 5,
      countMax: 4,
      retriesMax: 9,
      hookMax: 9,
      exceptHooks,
    });
    assert.deepEqual(namesOf(taken), ["free_1", "late_0", "free_0"]);
    assert.equal(await webhooks.findNextDueMs([...exceptHooks, hookId("free")]), START_MS + 8);
    const few = await webhooks.claimDue(claiming({ nowMs: START_MS + 5, countMax: 3 }));
    assert.ok(few.every(({ hook }) => hook.id === "full"));
  });
}

function released(promised: Promised): void {
  promised("what is given back is due at once, with no attempt used up", async (storage) => {
    await makeHook(storage, hookOf("hok", OF_ANN));
    const claim = await ingestClaimed(storage, eventOf("evt_1"));
    await storage.webhooks.release([claim], START_MS + 2);
    assert.equal((await findDelivery(storage, claim.deliveryId)).dueAtMs, START_MS + 2);
    const [again] = await claimAll(storage, START_MS + 2);
    assert.equal(again?.attempt, 1);
    assert.ok(again.lease > claim.lease);
  });

  promised("a lease that is lost, settled or unknown is passed over", async (storage) => {
    await makeHook(storage, hookOf("hok", OF_ANN));
    const lost = await ingestClaimed(storage, eventOf("evt_1"));
    const settled = await ingestClaimed(storage, eventOf("evt_2"));
    const held = await ingestClaimed(storage, eventOf("evt_3"));
    await settleAs(storage, settled, DELIVERED);
    const taken = await claimAll(storage, lost.leaseUntilMs);
    const mine = taken.find(({ deliveryId }) => deliveryId === lost.deliveryId);
    assert.ok(mine);
    const unknown = { ...held, deliveryId: "dlv_none" as Claim["deliveryId"] };
    await storage.webhooks.release([lost, settled, unknown], lost.leaseUntilMs + 1);
    assert.deepEqual(await claimAll(storage, lost.leaseUntilMs + 1), []);
    assert.equal(await settleAs(storage, mine, DELIVERED), true);
  });

  promised("what was settled to be tried later keeps its time", async (storage) => {
    await makeHook(storage, hookOf("hok", OF_ANN));
    const claim = await ingestClaimed(storage, eventOf("evt_1"));
    await settleAs(storage, claim, retryAt(START_MS + 60_000), { outcome: "refused", status: 500 });
    await storage.webhooks.release([claim], START_MS);
    assert.equal((await findDelivery(storage, claim.deliveryId)).dueAtMs, START_MS + 60_000);
  });

  promised("a released claim can no longer settle", async (storage) => {
    await makeHook(storage, hookOf("hok", OF_ANN));
    const claim = await ingestClaimed(storage, eventOf("evt_1"));
    await storage.webhooks.release([claim], START_MS);
    assert.equal(await settleAs(storage, claim, DELIVERED), false);
    assert.deepEqual((await findDelivery(storage, claim.deliveryId)).attempts, []);
  });
}

function nextDue(promised: Promised): void {
  promised("the next due time is that of what waits, retries and leases included", async (storage) => {
    const { webhooks } = storage;
    assert.equal(await webhooks.findNextDueMs([]), null);
    await makeHook(storage, hookOf("paused", OF_ANN, { state: "paused" }));
    await ingestOne(storage, eventOf("evt_0"));
    assert.equal(await webhooks.findNextDueMs([]), null);

    await makeHook(storage, hookOf("hok", OF_ANN));
    const event = eventOf("evt_1", { userIds: [ANN] });
    const ingested = await ingestOne(storage, event, { countMax: 1 });
    assert.ok(ingested.kind === "accepted" && ingested.claims[0]);
    const [claim] = ingested.claims;
    assert.equal(await webhooks.findNextDueMs([]), claim.leaseUntilMs);
    await settleAs(storage, claim, retryAt(START_MS + 99_000), { outcome: "refused", status: 500 });
    assert.equal(await webhooks.findNextDueMs([]), START_MS + 99_000);
    assert.equal(await webhooks.findNextDueMs([hookId("hok")]), null);

    const [second] = await claimAll(storage, START_MS + 99_000);
    assert.equal(second?.attempt, 2);
    assert.equal(attemptOf(second.attempt).number, 2);
    await settleAs(storage, second, DELIVERED);
    assert.equal(await webhooks.findNextDueMs([]), null);
  });
}
