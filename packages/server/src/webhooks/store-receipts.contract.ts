import assert from "node:assert/strict";
import type { EventId, UserId } from "@trulinks/protocol";
import {
  ANN,
  claiming,
  eventOf,
  hookOf,
  ingestOne,
  listAll,
  makeHook,
  NOBODY,
  OF_ANN,
  type Promised,
  pingAt,
} from "./store-fixtures.contract.ts";

export function receipts(promised: Promised): void {
  promised("it gets the first answer word for word, and no second delivery", async (storage) => {
    await makeHook(storage, hookOf("hok_ann", OF_ANN));
    const event = eventOf("evt_1", { receiptKeys: ["key:1"], userIds: [NOBODY, ANN] });
    const first = await ingestOne(storage, event, { countMax: 1 });
    assert.ok(first.kind === "accepted");
    await makeHook(storage, hookOf("hok_ann_2", OF_ANN));
    await storage.accounts.createUser({ id: NOBODY, name: null, email: null, createdAtMs: 0 });
    const again = await ingestOne(storage, { ...event, id: "evt_2" as EventId }, { countMax: 1 });
    assert.deepEqual(again, {
      kind: "repeated",
      receipt: { id: "evt_1", deliveries: 1, unknown: ["nobody"] },
    });
    assert.deepEqual(again.receipt, first.receipt);
    assert.equal((await listAll(storage)).length, 1);
  });

  promised("it is recognised before anybody looks whom it names", async (storage) => {
    const event = eventOf("evt_1", { receiptKeys: ["key:1"], userIds: [ANN] });
    const first = await ingestOne(storage, event);
    const again = { ...event, id: "evt_2" as EventId, userIds: [] };
    assert.ok(first.kind === "accepted");
    assert.deepEqual(await ingestOne(storage, again), { kind: "repeated", receipt: first.receipt });
    assert.deepEqual(await ingestOne(storage, { ...again, receiptKeys: ["key:2"] }), {
      kind: "no-recipient",
    });
  });

  promised("it is recognised by any of its keys", async (storage) => {
    const event = eventOf("evt_1", { receiptKeys: ["id:evt_1", "key:1"] });
    assert.equal((await ingestOne(storage, event)).kind, "accepted");
    for (const receiptKeys of [["id:evt_1"], ["key:1"], ["key:new", "key:1"]]) {
      const again = { ...event, id: "evt_2" as EventId, receiptKeys };
      assert.equal((await ingestOne(storage, again)).kind, "repeated", receiptKeys.join());
    }
    const other = { ...event, id: "evt_2" as EventId, receiptKeys: ["id:evt_2", "key:2"] };
    assert.equal((await ingestOne(storage, other)).kind, "accepted");
  });

  promised("another event under a used key is refused, and nothing of it is stored", async (storage) => {
    await makeHook(storage, hookOf("hok_ann", OF_ANN));
    await ingestOne(storage, eventOf("evt_1", { receiptKeys: ["key:1"] }));
    const other = eventOf("evt_2", { receiptKeys: ["key:2", "key:1"] });
    assert.deepEqual(await ingestOne(storage, other), { kind: "reused" });
    assert.equal((await listAll(storage)).length, 1);
    const third = eventOf("evt_3", { receiptKeys: ["key:2"] });
    assert.equal((await ingestOne(storage, third)).kind, "accepted");
  });

  promised("within one batch it is recognised, too", async (storage) => {
    await makeHook(storage, hookOf("hok_ann", OF_ANN));
    const event = eventOf("evt_1", { receiptKeys: ["key:1"] });
    const again = { ...event, id: "evt_2" as EventId };
    const other = eventOf("evt_3", { receiptKeys: ["key:1"] });
    const answers = await storage.webhooks.ingest([event, again, other], claiming());
    assert.deepEqual(
      answers.map(({ kind }) => kind),
      ["accepted", "repeated", "reused"],
    );
    assert.equal((await listAll(storage)).length, 1);
  });

  promised("of those that come at once exactly one is accepted", async (storage) => {
    await makeHook(storage, hookOf("hok_ann", OF_ANN));
    const reports = Array.from({ length: 12 }, (_, n) =>
      ingestOne(storage, eventOf(`evt_${n}`, { receiptKeys: ["key:1"], fingerprint: "the same" })),
    );
    const answers = await Promise.all(reports);
    assert.equal(answers.filter(({ kind }) => kind === "accepted").length, 1);
    assert.equal(answers.filter(({ kind }) => kind === "repeated").length, 11);
    assert.equal(new Set(answers.map((answer) => "receipt" in answer && answer.receipt.id)).size, 1);
    assert.equal((await listAll(storage)).length, 1);
  });

  promised("an event's id is a key of its own", async (storage) => {
    const event = eventOf("evt_1");
    await ingestOne(storage, event);
    assert.equal((await ingestOne(storage, event)).kind, "repeated");
    assert.deepEqual(await ingestOne(storage, { ...event, fingerprint: "another" }), { kind: "reused" });
    const ping = pingAt(event.atMs);
    await makeHook(storage, hookOf("hok_ann", OF_ANN), ping);
    assert.deepEqual(await ingestOne(storage, { ...event, id: ping.eventId }), { kind: "reused" });
  });

  promised("a user who is not known any more does not change the answer", async (storage) => {
    const event = eventOf("evt_1", { receiptKeys: ["key:1"] });
    const first = await ingestOne(storage, event);
    await storage.accounts.deleteUser("ann" as UserId, event.atMs);
    const again = await ingestOne(storage, event);
    assert.equal(again.kind, "repeated");
    assert.deepEqual("receipt" in again && again.receipt, "receipt" in first && first.receipt);
  });
}
