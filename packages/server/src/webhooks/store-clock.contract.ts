/** What becomes of what waits when a clock was a day ahead, and is set back. */
import assert from "node:assert/strict";
import {
  change,
  claimAll,
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
  REFUSED,
  retryAt,
  START_MS,
  settleAs,
} from "./store-fixtures.contract.ts";

const DAY_MS = 24 * 3_600_000;
const AHEAD_MS = START_MS + DAY_MS;
const THEN = { ...REFUSED, atMs: START_MS, nowMs: START_MS };
const AHEAD = { ...REFUSED, atMs: AHEAD_MS, nowMs: AHEAD_MS };

export function clock(promised: Promised): void {
  promised("what was stored or tried while it was ahead does not wait for that", async (storage) => {
    await makeHook(storage, hookOf("hok", OF_ANN));
    const early = await ingestClaimed(storage, eventOf("evt_1"));
    await settleAs(storage, early, retryAt(START_MS + 300_000), THEN);
    await ingestOne(storage, eventOf("evt_2", { atMs: AHEAD_MS }), { nowMs: AHEAD_MS });
    const tried = await ingestClaimed(storage, eventOf("evt_3", { atMs: AHEAD_MS }), AHEAD_MS);
    await settleAs(storage, tried, retryAt(AHEAD_MS + 5_000), AHEAD);

    assert.equal(await storage.webhooks.bringBack(START_MS + 1), 2);
    const dueMs = inOrder(await listAll(storage, { hookId: hookId("hok") })).map(({ dueAtMs }) => dueAtMs);
    assert.deepEqual(dueMs, [START_MS + 300_000, START_MS + 1, START_MS + 5_001]);
    for (const [atMs, number] of [
      [START_MS + 1, 2],
      [START_MS + 5_001, 3],
      [START_MS + 300_000, 1],
    ] as const) {
      assert.deepEqual(await claimAll(storage, atMs - 1), []);
      const [claim, ...more] = await claimAll(storage, atMs);
      assert.deepEqual([claim?.sequence, more], [number, []]);
      // Or its lease would run out, too.
      if (claim) await settleAs(storage, claim, DELIVERED);
    }
  });

  promised("a release goes on, and a hook fails since now at the latest", async (storage) => {
    const { webhooks, health } = storage;
    await makeHook(storage, hookOf("hok", OF_ANN, { state: "paused" }));
    for (const n of [1, 2, 3]) await ingestOne(storage, eventOf(`evt_${n}`));
    await change(storage, "hok", { state: "active", releasePerS: 1 }, AHEAD_MS);
    assert.equal(await webhooks.releaseHeld(AHEAD_MS, 10), AHEAD_MS + 1_000);
    const { url } = hookOf("hok_2", OF_ANN);
    await makeHook(storage, hookOf("hok_2", OF_ANN));
    await health.noteFailing({ hookId: hookId("hok_2"), url, nowMs: AHEAD_MS, ...REFUSED });

    await webhooks.bringBack(START_MS);
    assert.equal((await webhooks.findHook(hookId("hok_2")))?.health.failing?.sinceMs, START_MS);
    assert.equal((await claimAll(storage, START_MS)).length, 1);
    assert.equal(await webhooks.releaseHeld(START_MS, 10), START_MS + 1_000);
    assert.equal((await claimAll(storage, START_MS)).length, 1);
  });

  promised("where nothing was ahead nothing moves", async (storage) => {
    await makeHook(storage, hookOf("hok", OF_ANN));
    const claim = await ingestClaimed(storage, eventOf("evt_1"));
    await settleAs(storage, claim, retryAt(START_MS + 5_000), THEN);
    await ingestClaimed(storage, eventOf("evt_2"));
    assert.equal(await storage.webhooks.bringBack(START_MS + 1), 0);
    assert.deepEqual(await claimAll(storage, START_MS + 4_999), []);
  });
}
