import assert from "node:assert/strict";
import type { Storage } from "../storage/storage.ts";
import type { Acknowledged } from "./feed-store.ts";
import {
  change,
  claimAll,
  claiming,
  DELIVERED,
  eventOf,
  hookId,
  hookOf,
  ingestClaimed,
  ingestOne,
  inOrder,
  listAll,
  makeHook,
  OF_ANN,
  type Promised,
  pingAt,
  REFUSED,
  retryAt,
  START_MS,
  settleAs,
} from "./store-fixtures.contract.ts";

function acknowledge(
  { feed }: Storage,
  through: number,
  { hook = "hok", countMax = 100 } = {},
): Promise<Acknowledged> {
  return feed.acknowledge({ hookId: hookId(hook), through, nowMs: START_MS + 1, countMax });
}

const settledAs = (settled: number, isMore = false) => ({ kind: "settled", settled, isMore });

const statesOf = async (storage: Storage) =>
  inOrder(await listAll(storage, { hookId: hookId("hok") })).map(({ state, deliveredBy }) => [
    state,
    deliveredBy,
  ]);

const BY_FEED = ["delivered", "feed"];
const WAITS = ["waiting", null];

export function acknowledging(promised: Promised): void {
  promised(
    "what waits up to the number is delivered, without an attempt, and the rest waits on",
    async (storage) => {
      await makeHook(storage, hookOf("hok", OF_ANN));
      for (const n of [1, 2, 3]) await ingestOne(storage, eventOf(`evt_${n}`));
      assert.deepEqual(await acknowledge(storage, 2), settledAs(2));
      assert.deepEqual(await statesOf(storage), [BY_FEED, BY_FEED, WAITS]);
      const [first] = inOrder(await listAll(storage));
      assert.deepEqual([first?.attempts, first?.because, first?.dueAtMs], [[], null, null]);
      assert.deepEqual(
        (await claimAll(storage, START_MS)).map(({ sequence }) => sequence),
        [3],
      );
    },
  );

  promised("the same again settles nothing; what has ended otherwise stays as it is", async (storage) => {
    await makeHook(storage, hookOf("hok", OF_ANN));
    await settleAs(storage, await ingestClaimed(storage, eventOf("evt_1")), DELIVERED);
    await settleAs(storage, await ingestClaimed(storage, eventOf("evt_2")), {
      kind: "failed",
      because: "attempts-exhausted",
    });
    await ingestOne(storage, eventOf("evt_3"));
    for (const settled of [1, 0, 0]) assert.deepEqual(await acknowledge(storage, 3), settledAs(settled));
    assert.deepEqual(await acknowledge(storage, 0), settledAs(0));
    assert.deepEqual(await statesOf(storage), [["delivered", "post"], ["failed", null], BY_FEED]);
  });

  promised("a step settles so many, the lowest first, and says that there may be more", async (storage) => {
    await makeHook(storage, hookOf("hok", OF_ANN));
    for (const n of [1, 2, 3, 4, 5]) await ingestOne(storage, eventOf(`evt_${n}`));
    assert.deepEqual(await acknowledge(storage, 5, { countMax: 2 }), settledAs(2, true));
    assert.deepEqual(await statesOf(storage), [BY_FEED, BY_FEED, WAITS, WAITS, WAITS]);
    assert.deepEqual(await acknowledge(storage, 5, { countMax: 2 }), settledAs(2, true));
    assert.deepEqual(await acknowledge(storage, 5, { countMax: 2 }), settledAs(1));
  });

  promised("a number that was never given is refused, and nothing is settled", async (storage) => {
    await makeHook(storage, hookOf("hok", OF_ANN));
    assert.deepEqual(await acknowledge(storage, 1), { kind: "beyond", newest: 0 });
    await ingestOne(storage, eventOf("evt_1"));
    assert.deepEqual(await acknowledge(storage, 2), { kind: "beyond", newest: 1 });
    assert.deepEqual(await statesOf(storage), [WAITS]);
    assert.deepEqual(await acknowledge(storage, 1, { hook: "hok_none" }), { kind: "unknown-hook" });
  });

  promised("what a worker has leased is settled too, and the worker comes too late", async (storage) => {
    await makeHook(storage, hookOf("hok", OF_ANN));
    const delivered = await ingestClaimed(storage, eventOf("evt_1"));
    const failed = await ingestClaimed(storage, eventOf("evt_2"));
    assert.deepEqual(await acknowledge(storage, 2), settledAs(2));
    assert.equal(await settleAs(storage, delivered, DELIVERED), false);
    assert.equal(await settleAs(storage, failed, retryAt(START_MS + 2), REFUSED), false);
    assert.deepEqual(await statesOf(storage), [BY_FEED, BY_FEED]);
    assert.deepEqual(await claimAll(storage, START_MS + 1e9), []);
  });

  promised("what was given back, kept or is to be tried again is settled as well", async (storage) => {
    await makeHook(storage, hookOf("hok", OF_ANN));
    await settleAs(storage, await ingestClaimed(storage, eventOf("evt_1")), retryAt(START_MS + 5), REFUSED);
    await storage.webhooks.release([await ingestClaimed(storage, eventOf("evt_2"))], START_MS);
    await change(storage, "hok", { state: "paused" });
    await ingestOne(storage, eventOf("evt_3"));
    assert.deepEqual(await acknowledge(storage, 3), settledAs(3));
    await change(storage, "hok", { state: "active" });
    await storage.webhooks.releaseHeld(START_MS + 10, 100);
    assert.deepEqual(await claimAll(storage, START_MS + 1e9), []);
  });

  promised("of a serial hook the next in line is due then", async (storage) => {
    await makeHook(storage, hookOf("hok", OF_ANN, { serial: true }));
    for (const n of [1, 2, 3]) await ingestOne(storage, eventOf(`evt_${n}`));
    assert.deepEqual(await acknowledge(storage, 2), settledAs(2));
    const claims = await claimAll(storage, START_MS + 1);
    assert.deepEqual(
      claims.map(({ sequence }) => sequence),
      [3],
    );
  });

  promised("pings and other hooks' deliveries are left alone", async (storage) => {
    await makeHook(storage, hookOf("hok", OF_ANN, { state: "pending" }), pingAt(START_MS));
    await makeHook(storage, hookOf("hok_other", OF_ANN));
    await ingestOne(storage, eventOf("evt_1"));
    assert.deepEqual(await acknowledge(storage, 1), settledAs(1));
    const due = await storage.webhooks.claimDue(claiming({ countMax: 10 }));
    assert.deepEqual(due.map(({ hook, sequence }) => [hook.id, sequence]).toSorted(), [
      ["hok", null],
      ["hok_other", 1],
    ]);
  });
}
