import assert from "node:assert/strict";
import type { Storage } from "../storage/storage.ts";
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
  OF_ANN,
  OF_BOB,
  type Promised,
  START_MS,
  settleAs,
} from "./store-fixtures.contract.ts";

const LATER_MS = START_MS + 1_000_000;

async function sweepAll({ webhooks }: Storage, beforeMs: number): Promise<void> {
  let steps = 0;
  while ((await webhooks.sweep({ beforeMs, countMax: 100 })) > 0) assert.ok(++steps < 100, "it does not end");
}

const eventsOf = async (storage: Storage): Promise<readonly string[]> =>
  (await listAll(storage)).map(({ eventId }) => eventId).sort();

export function sweep(promised: Promised): void {
  promised("what ended before the time is forgotten, what ended later is not", async (storage) => {
    await makeHook(storage, hookOf("hok", OF_ANN));
    const old = await ingestClaimed(storage, eventOf("evt_old"));
    const recent = await ingestClaimed(storage, eventOf("evt_recent"));
    await settleAs(storage, old, DELIVERED, { nowMs: LATER_MS - 1 });
    await settleAs(storage, recent, DELIVERED, { nowMs: LATER_MS });
    await sweepAll(storage, LATER_MS);
    assert.deepEqual(await eventsOf(storage), ["evt_recent"]);
    assert.equal(await storage.webhooks.findDelivery(old.deliveryId, { kind: "all" }), null);
    assert.equal((await listAll(storage))[0]?.attempts.length, 1);
  });

  promised("what still waits is never forgotten, nor its event", async (storage) => {
    await makeHook(storage, hookOf("hok", OF_ANN));
    await makeHook(storage, hookOf("paused", OF_ANN, { state: "paused" }));
    const event = eventOf("evt_1", { receiptKeys: ["key:1"] });
    const ingested = await ingestOne(storage, event, { countMax: 1 });
    assert.ok(ingested.kind === "accepted" && ingested.claims[0]);
    await settleAs(storage, ingested.claims[0], DELIVERED);
    await sweepAll(storage, LATER_MS * 2);
    const [left, ...more] = await listAll(storage);
    assert.deepEqual(more, []);
    assert.equal(left?.hookId, "paused");
    const found = await storage.webhooks.findDelivery(left.id, { kind: "all" });
    assert.equal(found?.event?.data, event.data);
    assert.equal((await ingestOne(storage, event)).kind, "repeated");
  });

  promised("a receipt is forgotten with its event, and then the same is a new event", async (storage) => {
    await makeHook(storage, hookOf("hok", OF_ANN));
    const event = eventOf("evt_1", { receiptKeys: ["id:evt_1", "key:1"] });
    const unwanted = eventOf("evt_2", { receiptKeys: ["key:2"], userIds: [BOB] });
    const claim = await ingestClaimed(storage, event);
    await settleAs(storage, claim, DELIVERED);
    await ingestOne(storage, unwanted);
    await sweepAll(storage, START_MS);
    assert.equal((await ingestOne(storage, event)).kind, "repeated");
    assert.equal((await ingestOne(storage, unwanted)).kind, "repeated");
    await sweepAll(storage, LATER_MS);
    assert.equal((await ingestOne(storage, event)).kind, "accepted");
    assert.equal((await ingestOne(storage, unwanted)).kind, "accepted");
  });

  promised("a hook goes on counting where it was", async (storage) => {
    await makeHook(storage, hookOf("hok", OF_ANN));
    await settleAs(storage, await ingestClaimed(storage, eventOf("evt_1")), DELIVERED);
    await sweepAll(storage, LATER_MS);
    assert.equal((await ingestClaimed(storage, eventOf("evt_2"))).sequence, 2);
  });

  promised("one step takes no more than it may", async (storage) => {
    await makeHook(storage, hookOf("hok", OF_ANN));
    await makeHook(storage, hookOf("bobs", OF_BOB));
    const events = Array.from({ length: 25 }, (_, n) => eventOf(`evt_${n}`, { userIds: [ANN, BOB] }));
    const answers = await storage.webhooks.ingest(events, claiming({ countMax: 100 }));
    for (const answer of answers) {
      assert.ok(answer.kind === "accepted");
      for (const claim of answer.claims) await settleAs(storage, claim, DELIVERED);
    }
    const step = { beforeMs: LATER_MS, countMax: 20 };
    const left: number[] = [];
    for (let steps = 0; steps < 4; steps++) {
      await storage.webhooks.sweep(step);
      left.push((await listAll(storage)).length);
    }
    assert.deepEqual(left, [30, 10, 0, 0]);
    await sweepAll(storage, LATER_MS);
    assert.equal(await storage.webhooks.sweep(step), 0);
  });
}
