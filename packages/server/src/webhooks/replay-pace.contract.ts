import assert from "node:assert/strict";
import { HOOK_WAITING_MAX } from "./replay.ts";
import {
  ALL,
  advance,
  advanceAt,
  begin,
  deliver,
  LATER_MS,
  pass,
  replayAt,
  settleAll,
  waitingFor,
} from "./replay-fixtures.contract.ts";
import {
  ANN,
  BOB,
  claimAll,
  claiming,
  DELIVERED,
  hookId,
  hookOf,
  listAll,
  makeHook,
  makeHooks,
  OF_ANN,
  OF_BOB,
  type Promised,
  retryAt,
} from "./store-fixtures.contract.ts";

export function replayPaces(promised: Promised): void {
  promised(
    "no more waits for a hook than it works off; one that stands still stops no other",
    async (storage) => {
      await makeHook(storage, hookOf("hok_ann", OF_ANN));
      await makeHook(storage, hookOf("hok_bob", OF_BOB));
      await pass(storage, 500, { userIds: [ANN, BOB] });
      await begin(storage, replayAt(LATER_MS));
      let nowMs = LATER_MS;
      for (let turns = 0; turns < 8; turns++, nowMs += 1_000) {
        await advance(storage, nowMs);
        const waiting = await waitingFor(storage);
        assert.equal(waiting.get(hookId("hok_ann")), HOOK_WAITING_MAX);
        const bobs = await storage.webhooks.claimDue(
          claiming({ nowMs: nowMs + 500, countMax: 1_000, exceptHooks: [hookId("hok_ann")] }),
        );
        await settleAll(storage, bobs, DELIVERED, nowMs);
      }
      const states = Map.groupBy(await listAll(storage, { hookId: hookId("hok_bob") }), ({ state }) => state);
      assert.equal(states.get("delivered")?.length, 500);
    },
  );

  promised("what was tried again and waits for its retry holds up nothing", async (storage) => {
    await makeHook(storage, hookOf("hok_ann", OF_ANN));
    await pass(storage, HOOK_WAITING_MAX + 100);
    await begin(storage, replayAt(LATER_MS));
    await advance(storage, LATER_MS);
    await settleAll(storage, await claimAll(storage, LATER_MS + 500), retryAt(LATER_MS * 2), LATER_MS);
    const { released } = await advance(storage, LATER_MS + 1_000);
    assert.equal(released, 100);
  });

  promised("it goes no faster than its pace", async (storage) => {
    await makeHooks(storage);
    await pass(storage, 20);
    await begin(storage, replayAt(LATER_MS, { perS: 2 }));
    const released: number[] = [];
    for (let nowMs = LATER_MS; nowMs < LATER_MS + 5_000; nowMs += 100) {
      const advanced = await advanceAt(storage, nowMs);
      if (advanced > 0) released.push(...Array.from({ length: advanced }, () => nowMs - LATER_MS));
    }
    assert.ok(released.length >= 9 && released.length <= 11, `${released}`);
    for (const [index, atMs] of released.entries()) {
      assert.ok(atMs >= index * 500 - 500, `number ${index} after ${atMs} ms`);
    }
  });

  promised(
    "paused it makes nothing due; it goes on where it stopped, also at once twice",
    async (storage) => {
      await makeHook(storage, hookOf("hok_ann", OF_ANN));
      await pass(storage, HOOK_WAITING_MAX * 2);
      const { id } = await begin(storage, replayAt(LATER_MS));
      await advance(storage, LATER_MS);
      await storage.replays.changeReplay(id, ALL, { state: "paused" }, LATER_MS);
      const first = await deliver(storage, LATER_MS + 500);
      assert.equal((await advance(storage, LATER_MS + 1_000)).released, 0);
      await storage.replays.changeReplay(id, ALL, { state: "running" }, LATER_MS + 2_000);
      await Promise.all([advance(storage, LATER_MS + 2_000), advance(storage, LATER_MS + 2_000)]);
      const second = await deliver(storage, LATER_MS + 3_000);
      const numbers = [...first, ...second].map(({ sequence }) => sequence);
      assert.deepEqual(
        numbers,
        Array.from({ length: HOOK_WAITING_MAX * 2 }, (_, n) => n + 1),
      );
    },
  );

  promised("cancelled it takes back nothing and makes nothing more due", async (storage) => {
    await makeHook(storage, hookOf("hok_ann", OF_ANN));
    await pass(storage, HOOK_WAITING_MAX * 2);
    const { id } = await begin(storage, replayAt(LATER_MS));
    await advance(storage, LATER_MS);
    await storage.replays.changeReplay(id, ALL, { state: "cancelled" }, LATER_MS);
    assert.equal((await deliver(storage, LATER_MS + 500)).length, HOOK_WAITING_MAX);
    assert.equal((await advance(storage, LATER_MS + 1_000)).released, 0);
    const { done, total, state } = (await storage.replays.findReplay(id, ALL)) ?? {};
    assert.deepEqual([state, done, total], ["cancelled", HOOK_WAITING_MAX, HOOK_WAITING_MAX * 2]);
  });

  promised("replays take turns", async (storage) => {
    await makeHook(storage, hookOf("hok_ann", OF_ANN));
    await makeHook(storage, hookOf("hok_bob", OF_BOB));
    await pass(storage, HOOK_WAITING_MAX * 2, { userIds: [ANN, BOB] });
    for (const id of ["hok_ann", "hok_bob"]) {
      await begin(storage, replayAt(LATER_MS, { filter: { hookId: hookId(id), states: ["failed"] } }));
    }
    await advance(storage, LATER_MS);
    const waiting = await waitingFor(storage);
    assert.deepEqual([...waiting.values()], [HOOK_WAITING_MAX, HOOK_WAITING_MAX]);
  });
}
