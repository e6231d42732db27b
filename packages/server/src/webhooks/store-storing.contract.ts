import assert from "node:assert/strict";
import {
  ANN,
  BOB,
  claimAll,
  claiming,
  eventOf,
  GREETER,
  grant,
  hookOf,
  ingestClaimed,
  ingestOne,
  listAll,
  makeHook,
  makeHooks,
  NOBODY,
  OF_ANN,
  OF_GREETER,
  type Promised,
  START_MS,
  sealedOf,
} from "./store-fixtures.contract.ts";

export function storing(promised: Promised): void {
  sequences(promised);
  claimed(promised);

  promised("all events of a batch are stored, or if it throws none", async (storage) => {
    await makeHook(storage, hookOf("hok_ann", OF_ANN));
    const broken = eventOf("evt_2", { type: null as unknown as string });
    const batch = [eventOf("evt_1", { receiptKeys: ["id:evt_1"] }), broken];
    await assert.rejects(storage.webhooks.ingest(batch, claiming({ countMax: 5 })));
    assert.deepEqual(await listAll(storage), []);
    assert.equal((await ingestClaimed(storage, eventOf("evt_1", { receiptKeys: ["id:evt_1"] }))).sequence, 1);
  });

  promised("what is answered is in the order of what was asked", async (storage) => {
    await makeHook(storage, hookOf("hok_ann", OF_ANN));
    const events = [
      eventOf("evt_1"),
      eventOf("evt_2", { userIds: [NOBODY] }),
      eventOf("evt_3", { userIds: [BOB] }),
      eventOf("evt_1"),
    ];
    const answers = await storage.webhooks.ingest(events, claiming());
    assert.deepEqual(
      answers.map((answer) => ("receipt" in answer ? `${answer.kind} ${answer.receipt.id}` : answer.kind)),
      ["accepted evt_1", "no-recipient", "accepted evt_3", "repeated evt_1"],
    );
    assert.deepEqual(await storage.webhooks.ingest([], claiming()), []);
  });

  promised("the text of an event comes back as it was", async (storage) => {
    await makeHook(storage, hookOf("hok_ann", OF_ANN));
    const data = `{ "b":1.0, "a" : "Ω \\u0000 \u{1f600}", "long":"${"x".repeat(300_000)}" }`;
    const claim = await ingestClaimed(storage, eventOf("evt_1", { data }));
    const asStored = {
      ...{ id: "evt_1", type: "issue.opened", action: "opened", data, atMs: START_MS },
      ...{ trace: null, sensitive: [] },
    };
    assert.deepEqual(claim.event, asStored);
    const found = await storage.webhooks.findDelivery(claim.deliveryId, { kind: "all" });
    assert.deepEqual(found?.event, asStored);
    const [again] = await claimAll(storage, claim.leaseUntilMs);
    assert.deepEqual(again?.event, asStored);
  });

  promised("a delivery is shown as it was made", async (storage) => {
    const hook = await makeHook(storage, hookOf("hok_greeter", OF_GREETER));
    const grantId = await grant(storage, ANN, GREETER);
    await ingestOne(storage, eventOf("evt_1", { atMs: START_MS + 5 }), { nowMs: START_MS + 7 });
    const [made] = await listAll(storage);
    assert.match(made?.id ?? "", /^dlv_/);
    assert.deepEqual(made, {
      id: made?.id,
      eventId: "evt_1",
      type: "issue.opened",
      hookId: hook.id,
      hookOwner: OF_GREETER,
      userId: ANN,
      grantId,
      sequence: 1,
      state: "waiting",
      deliveredBy: null,
      because: "due",
      dueAtMs: START_MS + 7,
      createdAtMs: START_MS + 5,
      isPayloadGone: false,
      masked: [],
      key: null,
      expiresAtMs: null,
      attempts: [],
    });
  });
}

function sequences(promised: Promised): void {
  promised("each hook numbers its own deliveries, from 1", async (storage) => {
    await makeHooks(storage);
    const events = ["evt_1", "evt_2"].map((id) => eventOf(id, { userIds: [ANN, BOB] }));
    await storage.webhooks.ingest(events, claiming());
    const made = await listAll(storage);
    const numbersOf = (id: string) =>
      made.flatMap(({ hookId, sequence }) => (hookId === id ? sequence : [])).sort();
    assert.deepEqual(numbersOf("hok_ann"), [1, 2]);
    assert.deepEqual(numbersOf("hok_greeter"), [1, 2, 3, 4]);
    assert.deepEqual(numbersOf("hok_other"), [1, 2]);
  });

  promised("within a batch the numbers follow the events, and so does the list", async (storage) => {
    await makeHook(storage, hookOf("hok_ann", OF_ANN));
    const ids = Array.from({ length: 20 }, (_, n) => `evt_${n}`);
    await storage.webhooks.ingest(
      ids.map((id) => eventOf(id)),
      claiming(),
    );
    const made = (await listAll(storage)).toReversed();
    assert.deepEqual(
      made.map(({ eventId, sequence }) => [eventId, sequence]),
      ids.map((id, index) => [id, index + 1]),
    );
  });

  promised("events reported at once leave no hole and no number twice", async (storage) => {
    await makeHooks(storage);
    const reports = Array.from({ length: 40 }, (_, n) => {
      const userIds = n % 3 === 0 ? [NOBODY] : [n % 2 === 0 ? ANN : BOB, BOB];
      return storage.webhooks.ingest([eventOf(`evt_${n}`, { userIds })], claiming({ countMax: n % 4 }));
    });
    await Promise.all(reports);
    const made = await listAll(storage, { hookId: hookOf("hok_greeter", OF_GREETER).id });
    const numbers = made.map(({ sequence }) => sequence ?? 0).sort((one, other) => one - other);
    assert.equal(numbers.length, 39);
    assert.deepEqual(
      numbers,
      numbers.map((_, index) => index + 1),
    );
  });
}

function claimed(promised: Promised): void {
  promised("the first that are due come back leased, the rest is due at once", async (storage) => {
    await makeHook(storage, hookOf("hok_ann", OF_ANN));
    const events = ["evt_1", "evt_2", "evt_3"].map((id) => eventOf(id));
    const answers = await storage.webhooks.ingest(events, claiming({ countMax: 2 }));
    const taken = answers.flatMap((answer) => (answer.kind === "accepted" ? answer.claims : []));
    assert.deepEqual(
      taken.map(({ event, sequence }) => [event.id, sequence]),
      [
        ["evt_1", 1],
        ["evt_2", 2],
      ],
    );
    const left = await claimAll(storage, START_MS);
    assert.deepEqual(
      left.map(({ event }) => event.id),
      ["evt_3"],
    );
  });

  promised("a claim brings all that it takes to post", async (storage) => {
    const hook = await makeHook(storage, hookOf("hok_greeter", OF_GREETER, { ackDeadlineMs: 20_000 }));
    await grant(storage, ANN, GREETER);
    const { deliveryId, lease, secrets, ...claim } = await ingestClaimed(storage, eventOf("evt_1"));
    assert.match(deliveryId, /^dlv_/);
    assert.ok(lease >= 1);
    assert.deepEqual(
      secrets.map(({ sealed, untilMs }) => [Buffer.from(sealed).toString(), untilMs]),
      [[Buffer.from(sealedOf("hok_greeter")).toString(), null]],
    );
    assert.deepEqual(claim, {
      leaseUntilMs: START_MS + 25_000,
      attempt: 1,
      triedBefore: 0,
      event: {
        id: "evt_1",
        type: "issue.opened",
        action: "opened",
        data: '{"number":1}',
        atMs: START_MS,
        trace: null,
        sensitive: [],
      },
      hook,
      user: { id: ANN, versions: [{ version: 1, untilMs: null }] },
      sequence: 1,
      view: null,
      expiresAtMs: null,
    });
  });

  promised("what belongs to a hook that is left out, or does not deliver, is not leased", async (storage) => {
    const left = await makeHook(storage, hookOf("hok_left", OF_ANN));
    await makeHook(storage, hookOf("hok_paused", OF_ANN, { state: "paused" }));
    await makeHook(storage, hookOf("hok_taken", OF_ANN));
    const ingested = await ingestOne(storage, eventOf("evt_1"), {
      countMax: 5,
      retriesMax: 10_000,
      hookMax: 10_000,
      exceptHooks: [left.id],
    });
    assert.ok(ingested.kind === "accepted");
    assert.deepEqual(
      ingested.claims.map(({ hook }) => hook.id),
      ["hok_taken"],
    );
    const due = await claimAll(storage, START_MS);
    assert.deepEqual(
      due.map(({ hook }) => hook.id),
      ["hok_left"],
    );
  });
}
