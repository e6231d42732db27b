import assert from "node:assert/strict";
import type { Storage } from "../storage/storage.ts";
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

/** Stores so many events for all of Ann's hooks. */
async function add(storage: Storage, count: number, from = 1, countMax = 0): Promise<void> {
  const events = Array.from({ length: count }, (_, n) => eventOf(`evt_${from + n}`));
  await storage.webhooks.ingest(events, claiming({ countMax }));
}

/** `<number> <because>` and when it is due, of what waits for the hook, in the order of the numbers. */
async function waiting(storage: Storage, id = "hok"): Promise<readonly string[]> {
  const of = await listAll(storage, { hookId: hookId(id), state: "waiting" });
  return inOrder(of).map(({ sequence, because, dueAtMs }) => {
    return `${sequence} ${because}${dueAtMs === null ? "" : ` +${dueAtMs - START_MS}`}`;
  });
}

export function release(promised: Promised): void {
  for (const state of ["paused", "pending", "disabled"] as const) {
    promised(`what was kept for a ${state} hook is due once it is released`, async (storage) => {
      await makeHook(storage, hookOf("hok", OF_ANN, { state: state === "disabled" ? "active" : state }));
      await add(storage, 2);
      if (state === "disabled") await change(storage, "hok", { state });
      assert.equal(await storage.webhooks.releaseHeld(START_MS + 1e6, 100), null);
      await change(storage, "hok", { state: "active" }, START_MS + 4);
      assert.deepEqual(await waiting(storage), ["1 limit", "2 limit"]);
      assert.deepEqual(await claimAll(storage, START_MS + 1e6), []);
      assert.equal(await storage.webhooks.releaseHeld(START_MS + 5, 100), null);
      assert.deepEqual(await waiting(storage), ["1 due +5", "2 due +5"]);
      const claims = await claimAll(storage, START_MS + 5);
      assert.deepEqual(
        claims.map(({ sequence }) => sequence),
        [1, 2],
      );
    });
  }

  promised("without a pace it goes in steps of as many as asked for", async (storage) => {
    await makeHook(storage, hookOf("hok", OF_ANN, { state: "paused" }));
    await add(storage, 5);
    await change(storage, "hok", { state: "active", releasePerS: null });
    const { webhooks } = storage;
    assert.equal(await webhooks.releaseHeld(START_MS + 1, 2), START_MS + 1);
    assert.equal(await webhooks.releaseHeld(START_MS + 1, 2), START_MS + 1);
    const kept = ["5 limit"];
    assert.deepEqual((await waiting(storage)).slice(4), kept);
    assert.equal(await webhooks.releaseHeld(START_MS + 2, 2), null);
    assert.deepEqual((await waiting(storage)).slice(3), ["4 due +1", "5 due +2"]);
  });

  promised("a retry that was kept is released in its place, and is the next attempt", async (storage) => {
    await makeHook(storage, hookOf("hok", OF_ANN));
    const claim = await ingestClaimed(storage, eventOf("evt_1"));
    await settleAs(storage, claim, retryAt(START_MS + 60_000), REFUSED);
    await add(storage, 1, 2);
    await change(storage, "hok", { state: "paused" });
    await change(storage, "hok", { state: "active", releasePerS: 1 });
    assert.equal(await storage.webhooks.releaseHeld(START_MS, 100), START_MS + 1_000);
    assert.deepEqual(await waiting(storage), ["1 due +0", "2 limit"]);
    assert.equal((await claimAll(storage, START_MS))[0]?.attempt, 2);
  });

  promised(
    "a claim says that it was released, a retry of it as well, and of others nothing",
    async (storage) => {
      await makeHook(storage, hookOf("hok", OF_ANN, { state: "paused" }));
      await add(storage, 1);
      await change(storage, "hok", { state: "active" });
      await storage.webhooks.releaseHeld(START_MS, 100);
      await add(storage, 1, 2);
      const claims = await claimAll(storage, START_MS);
      // Both are due at once: which of them comes first is chance.
      assert.deepEqual(
        new Map(claims.map(({ sequence, isReleased }) => [sequence, isReleased])),
        new Map([
          [1, true],
          [2, undefined],
        ]),
      );
      for (const claim of claims) await settleAs(storage, claim, retryAt(START_MS + 5), REFUSED);
      const again = await claimAll(storage, START_MS + 5);
      assert.deepEqual(new Set(again.map(({ isReleased }) => isReleased)), new Set([true, undefined]));
    },
  );

  promised("what is given back may be due later, each in its time", async (storage) => {
    await makeHook(storage, hookOf("hok", OF_ANN));
    await add(storage, 3);
    const [one, two, three] = await claimAll(storage, START_MS);
    assert.ok(one && two && three);
    const nowMs = START_MS + 10;
    const back = [{ ...one, dueAtMs: nowMs + 500 }, two, { ...three, dueAtMs: nowMs + 900 }];
    await storage.webhooks.release(back, nowMs);
    assert.deepEqual(await waiting(storage), ["1 due +510", "2 due +10", "3 due +910"]);
    assert.equal((await claimAll(storage, nowMs)).length, 1);
    assert.equal((await claimAll(storage, nowMs + 500))[0]?.attempt, 1);
    assert.equal(await storage.webhooks.findNextDueMs([hookId("hok")]), null);
    assert.equal((await claimAll(storage, nowMs + 900)).length, 1);
  });

  paced(promised);
  inTurn(promised);
  stopped(promised);
  underWay(promised);

  promised(
    "a hook made active by its first answered ping is released as fast as it goes",
    async (storage) => {
      await makeHook(storage, hookOf("hok", OF_ANN, { state: "pending" }), pingAt(START_MS));
      await add(storage, 3);
      const [claim] = await claimAll(storage, START_MS);
      assert.ok(claim);
      assert.equal(await settleAs(storage, claim, DELIVERED), true);
      assert.deepEqual(await waiting(storage), ["1 limit", "2 limit", "3 limit"]);
      assert.equal(await storage.webhooks.releaseHeld(START_MS + 5, 2), START_MS + 5);
      assert.equal(await storage.webhooks.releaseHeld(START_MS + 5, 2), null);
      assert.deepEqual(await waiting(storage), ["1 due +5", "2 due +5", "3 due +5"]);
    },
  );
}

function paced(promised: Promised): void {
  promised(
    "with a pace so many come a second, the first at once, in the order of numbers",
    async (storage) => {
      await makeHook(storage, hookOf("hok", OF_ANN, { state: "paused" }));
      await add(storage, 5);
      await change(storage, "hok", { state: "active", releasePerS: 2 });
      const { webhooks } = storage;
      const kept = [1, 2, 3, 4, 5].map((number) => `${number} limit`);
      assert.equal(await webhooks.releaseHeld(START_MS, 100), START_MS + 500);
      assert.deepEqual(await waiting(storage), ["1 due +0", ...kept.slice(1)]);
      assert.equal(await webhooks.releaseHeld(START_MS + 499, 100), START_MS + 500);
      assert.deepEqual(await waiting(storage), ["1 due +0", ...kept.slice(1)]);
      assert.equal(await webhooks.releaseHeld(START_MS + 500, 100), START_MS + 1_000);
      assert.equal(await webhooks.releaseHeld(START_MS + 1_500, 100), START_MS + 2_000);
      const released = ["1 due +0", "2 due +500", "3 due +1500", "4 due +1500"];
      assert.deepEqual(await waiting(storage), [...released, ...kept.slice(4)]);
      assert.equal(await webhooks.releaseHeld(START_MS + 2_000, 100), null);
    },
  );

  promised("each hook has its own pace, and who delivers none has none", async (storage) => {
    for (const id of ["fast", "slow", "still"]) {
      await makeHook(storage, hookOf(id, OF_ANN, { state: "paused" }));
    }
    await add(storage, 4);
    await change(storage, "slow", { state: "active", releasePerS: 1 });
    await change(storage, "fast", { state: "active", releasePerS: 100 });
    assert.equal(await storage.webhooks.releaseHeld(START_MS, 100), START_MS + 10);
    assert.equal(await storage.webhooks.releaseHeld(START_MS + 30, 100), START_MS + 1_000);
    const due = async (id: string) => (await waiting(storage, id)).filter((of) => of.includes("due")).length;
    assert.deepEqual([await due("fast"), await due("slow"), await due("still")], [4, 1, 0]);
  });

  promised("however long nobody asked, no more come than the pace had room for", async (storage) => {
    await makeHook(storage, hookOf("hok", OF_ANN, { state: "paused" }));
    await add(storage, 50);
    await change(storage, "hok", { state: "active", releasePerS: 10 });
    await storage.webhooks.releaseHeld(START_MS, 100);
    await storage.webhooks.releaseHeld(START_MS + 2_000, 100);
    const due = (await waiting(storage)).filter((of) => of.includes("due")).length;
    assert.ok(due > 1 && due <= 21, `${due} were released`);
  });

  promised("the pace can be changed while it is released", async (storage) => {
    await makeHook(storage, hookOf("hok", OF_ANN, { state: "paused" }));
    await add(storage, 4);
    await change(storage, "hok", { state: "active", releasePerS: 1 });
    assert.equal(await storage.webhooks.releaseHeld(START_MS, 100), START_MS + 1_000);
    await change(storage, "hok", { state: "active", releasePerS: null }, START_MS + 1);
    assert.deepEqual((await waiting(storage)).slice(1, 2), ["2 limit"]);
    assert.equal(await storage.webhooks.releaseHeld(START_MS + 1, 100), null);
    assert.deepEqual((await waiting(storage)).slice(1, 2), ["2 due +1"]);
  });
}

function inTurn(promised: Promised): void {
  promised("hooks take turns: a big release holds up nobody behind it", async (storage) => {
    for (const id of ["a_big", "b_big", "c_paced"]) {
      await makeHook(storage, hookOf(id, OF_ANN, { state: "paused" }));
    }
    await add(storage, 30);
    await change(storage, "a_big", { state: "active", releasePerS: null }, START_MS);
    await change(storage, "b_big", { state: "active", releasePerS: null }, START_MS);
    await change(storage, "c_paced", { state: "active", releasePerS: 1 }, START_MS);
    for (const step of [1, 2, 3]) await storage.webhooks.releaseHeld(START_MS + step, 10);
    const due = async (id: string) => (await waiting(storage, id)).filter((of) => of.includes("due")).length;
    assert.deepEqual([await due("a_big"), await due("b_big"), await due("c_paced")], [19, 10, 1]);
  });
}

function stopped(promised: Promised): void {
  promised("to pause it again stops the release, and what was not sent is kept", async (storage) => {
    await makeHook(storage, hookOf("hok", OF_ANN, { state: "paused" }));
    await add(storage, 3);
    await change(storage, "hok", { state: "active", releasePerS: 1 });
    await storage.webhooks.releaseHeld(START_MS, 100);
    await change(storage, "hok", { state: "paused" });
    const kept = [1, 2, 3].map((number) => `${number} hook-paused`);
    assert.deepEqual(await waiting(storage), kept);
    assert.equal(await storage.webhooks.releaseHeld(START_MS + 9_000, 100), null);
    assert.deepEqual(await claimAll(storage, START_MS + 9_000), []);
    await change(storage, "hok", { state: "active" }, START_MS + 9_000);
    assert.equal(await storage.webhooks.releaseHeld(START_MS + 9_000, 100), null);
    assert.equal((await claimAll(storage, START_MS + 9_000)).length, 3);
  });

  promised(
    "what comes new for a hook that delivers again need not wait for what is kept",
    async (storage) => {
      await makeHook(storage, hookOf("hok", OF_ANN, { state: "paused" }));
      await add(storage, 2);
      await change(storage, "hok", { state: "active", releasePerS: 1 });
      await ingestOne(storage, eventOf("evt_new"));
      assert.deepEqual(await waiting(storage), ["1 limit", "2 limit", "3 due +0"]);
      const claims = await claimAll(storage, START_MS);
      assert.deepEqual(
        claims.map(({ sequence }) => sequence),
        [3],
      );
      assert.equal(await storage.webhooks.findNextDueMs([]), claims[0]?.leaseUntilMs);
    },
  );
}

function underWay(promised: Promised): void {
  promised("what came back while its hook was paused is released with the rest", async (storage) => {
    await makeHook(storage, hookOf("hok", OF_ANN));
    const lost = await ingestClaimed(storage, eventOf("evt_1"));
    const released = await ingestClaimed(storage, eventOf("evt_2"));
    const retried = await ingestClaimed(storage, eventOf("evt_3"));
    await change(storage, "hok", { state: "paused" });
    await settleAs(storage, retried, retryAt(START_MS + 60_000), REFUSED);
    await storage.webhooks.release([released], START_MS + 1);
    assert.deepEqual(await claimAll(storage, lost.leaseUntilMs), []);
    const nowMs = START_MS + 90_000;
    await change(storage, "hok", { state: "active" }, nowMs);
    assert.equal(await storage.webhooks.releaseHeld(nowMs, 100), null);
    const claims = await claimAll(storage, nowMs);
    assert.deepEqual(claims.map(({ sequence, attempt }) => `${sequence} ${attempt}`).sort(), [
      "1 1",
      "2 1",
      "3 2",
    ]);
  });

  promised("what comes back once its hook delivers again is not kept", async (storage) => {
    await makeHook(storage, hookOf("hok", OF_ANN));
    const released = await ingestClaimed(storage, eventOf("evt_1"));
    const retried = await ingestClaimed(storage, eventOf("evt_2"));
    await change(storage, "hok", { state: "paused" });
    await change(storage, "hok", { state: "active" });
    await settleAs(storage, retried, retryAt(START_MS + 60_000), REFUSED);
    await storage.webhooks.release([released], START_MS + 1);
    assert.deepEqual(await waiting(storage), ["1 due +1", "2 retry +60000"]);
    assert.equal(await storage.webhooks.releaseHeld(START_MS + 2, 100), null);
    assert.deepEqual(await waiting(storage), ["1 due +1", "2 retry +60000"]);
  });
}
