import assert from "node:assert/strict";
import type { Storage } from "../storage/storage.ts";
import type { NewEvent } from "./new-event.ts";
import {
  ANN,
  BOB,
  change,
  claimAll,
  claiming,
  DELIVERED,
  eventOf,
  GREETER,
  grant,
  hookOf,
  ingestClaimed,
  ingestOne,
  inOrder,
  listAll,
  makeHook,
  OF_ANN,
  OF_GREETER,
  type Promised,
  REFUSED,
  retryAt,
  START_MS,
  settleAs,
} from "./store-fixtures.contract.ts";

const keyed = (id: string, over: Partial<NewEvent> = {}): NewEvent => eventOf(id, { key: "k", ...over });

/** `<event> <hook> <user> <state>` of everything, sorted. */
async function states(storage: Storage): Promise<readonly string[]> {
  return (await listAll(storage))
    .map(({ eventId, hookId, userId, state }) => `${eventId} ${hookId} ${userId} ${state}`)
    .sort();
}

export function keys(promised: Promised): void {
  promised("a newer one takes the place of what waits under its key", async (storage) => {
    await makeHook(storage, hookOf("hok", OF_ANN));
    await ingestOne(storage, keyed("evt_1"));
    const ingested = await ingestOne(storage, keyed("evt_2", { atMs: START_MS + 7 }), {
      nowMs: START_MS + 7,
    });
    assert.ok(ingested.kind === "accepted");
    assert.equal(ingested.receipt.deliveries, 1);
    const [older, newer] = inOrder(await listAll(storage));
    assert.deepEqual(
      [older?.state, older?.because, older?.dueAtMs, older?.key, older?.sequence],
      ["replaced", null, null, "k", 1],
    );
    assert.deepEqual([newer?.state, newer?.key, newer?.sequence], ["waiting", "k", 2]);
    const claims = await claimAll(storage, START_MS + 7);
    assert.deepEqual(
      claims.map(({ event }) => event.id),
      ["evt_2"],
    );
    assert.equal((await listAll(storage, { state: "replaced" })).length, 1);
  });

  promised("only under the same key, for the same hook and user", async (storage) => {
    await makeHook(storage, hookOf("gr", OF_GREETER));
    await makeHook(storage, hookOf("gr_2", OF_GREETER, { events: ["issue.opened"] }));
    await grant(storage, ANN, GREETER);
    await grant(storage, BOB, GREETER);
    await ingestOne(storage, keyed("evt_1", { userIds: [ANN, BOB] }));
    await ingestOne(storage, eventOf("evt_2"));
    await ingestOne(storage, keyed("evt_3", { key: "K" }));
    await ingestOne(storage, keyed("evt_4", { type: "issue.closed" }));
    assert.deepEqual(await states(storage), [
      "evt_1 gr ann replaced",
      "evt_1 gr bob waiting",
      "evt_1 gr_2 ann waiting",
      "evt_1 gr_2 bob waiting",
      "evt_2 gr ann waiting",
      "evt_2 gr_2 ann waiting",
      "evt_3 gr ann waiting",
      "evt_3 gr_2 ann waiting",
      "evt_4 gr ann waiting",
    ]);
  });

  promised("within one batch only the newest waits", async (storage) => {
    await makeHook(storage, hookOf("hok", OF_ANN));
    const batch = [keyed("evt_1"), keyed("evt_2"), keyed("evt_3", { key: "other" }), keyed("evt_4")];
    const answers = await storage.webhooks.ingest(batch, claiming({ countMax: 10 }));
    const taken = answers.flatMap((answer) => (answer.kind === "accepted" ? answer.claims : []));
    assert.deepEqual(
      taken.map(({ event, sequence }) => [event.id, sequence]),
      [
        ["evt_3", 3],
        ["evt_4", 4],
      ],
    );
    assert.deepEqual(await states(storage), [
      "evt_1 hok ann replaced",
      "evt_2 hok ann replaced",
      "evt_3 hok ann waiting",
      "evt_4 hok ann waiting",
    ]);
  });

  leased(promised);
  kept(promised);
}

function leased(promised: Promised): void {
  promised("what a worker has is left alone, and may come back beside the newer one", async (storage) => {
    await makeHook(storage, hookOf("hok", OF_ANN));
    const claim = await ingestClaimed(storage, keyed("evt_1"));
    await ingestOne(storage, keyed("evt_2"));
    assert.deepEqual(await states(storage), ["evt_1 hok ann waiting", "evt_2 hok ann waiting"]);
    assert.equal(await settleAs(storage, claim, retryAt(START_MS + 60_000), REFUSED), true);
    await ingestOne(storage, keyed("evt_3"));
    assert.deepEqual(await states(storage), [
      "evt_1 hok ann replaced",
      "evt_2 hok ann replaced",
      "evt_3 hok ann waiting",
    ]);
    assert.equal(await settleAs(storage, claim, DELIVERED), false);
  });

  promised("what has ended is left as it is", async (storage) => {
    await makeHook(storage, hookOf("hok", OF_ANN));
    await settleAs(storage, await ingestClaimed(storage, keyed("evt_1")), DELIVERED);
    await ingestOne(storage, keyed("evt_2"));
    assert.deepEqual(await states(storage), ["evt_1 hok ann delivered", "evt_2 hok ann waiting"]);
  });

  promised("reported at once, one of them waits", async (storage) => {
    await makeHook(storage, hookOf("hok", OF_ANN));
    const events = Array.from({ length: 12 }, (_, n) => keyed(`evt_${n}`));
    await Promise.all(events.map((event) => storage.webhooks.ingest([event], claiming())));
    const made = await listAll(storage);
    const numbers = made.flatMap(({ state, sequence }) => (state === "waiting" ? sequence : []));
    assert.deepEqual(numbers, [12]);
    assert.equal(made.filter(({ state }) => state === "replaced").length, 11);
  });
}

function kept(promised: Promised): void {
  promised("what is kept for a hook that does not deliver is replaced, too", async (storage) => {
    await makeHook(storage, hookOf("hok", OF_ANN, { state: "paused" }));
    for (const id of ["evt_1", "evt_2", "evt_3"]) await ingestOne(storage, keyed(id));
    assert.deepEqual(await states(storage), [
      "evt_1 hok ann replaced",
      "evt_2 hok ann replaced",
      "evt_3 hok ann waiting",
    ]);
    await change(storage, "hok", { state: "active" });
    assert.equal(await storage.webhooks.releaseHeld(START_MS, 10), null);
    const claims = await claimAll(storage, START_MS);
    assert.deepEqual(
      claims.map(({ event }) => event.id),
      ["evt_3"],
    );
  });
}
