import assert from "node:assert/strict";
import type { ReplayId } from "@trulinks/protocol";
import { pagesOf } from "../base/pages-of.contract.ts";
import type { Storage } from "../storage/storage.ts";
import type { Replay, ReplayReach } from "./replay.ts";
import { ALL, begin, replayAt } from "./replay-fixtures.contract.ts";
import {
  ANN,
  BOB,
  GREETER,
  hookId,
  hookOf,
  makeHook,
  OF_ANN,
  type Promised,
  START_MS,
} from "./store-fixtures.contract.ts";

const BY_ANN: ReplayReach = { kind: "user", userId: ANN };
const BY_GREETER: ReplayReach = { kind: "app", appId: GREETER };

export function replayRecords(promised: Promised): void {
  promised("a replay is kept as it was asked for", async (storage) => {
    await makeHook(storage, hookOf("hok", OF_ANN));
    const filter = {
      hookId: hookId("hok"),
      userId: ANN,
      appId: GREETER,
      type: "a.b",
      sinceMs: 5,
      after: 7,
    } as const;
    const asked = replayAt(START_MS, { filter: { ...filter, states: ["failed", "delivered"] }, perS: 0.5 });
    const replay = await begin(storage, asked);
    const { id, reach, filter: chosen, perS } = asked;
    assert.deepEqual(replay, {
      ...{ id, reach, filter: chosen, perS, state: "running", total: null, done: 0, skipped: 0 },
      ...{ createdAtMs: START_MS, endedAtMs: null },
    });
    assert.deepEqual(await storage.replays.findReplay(id, ALL), replay);
  });

  promised("each owner knows its own, newest first; the provider all of them", async (storage) => {
    const made: ReplayId[] = [];
    for (const [index, reach] of [ALL, BY_ANN, BY_GREETER, BY_ANN].entries()) {
      made.push((await begin(storage, replayAt(START_MS + index, { reach }))).id);
    }
    const [one, two, three, four] = made;
    const cases: readonly (readonly [ReplayReach, readonly (ReplayId | undefined)[]])[] = [
      [ALL, [four, three, two, one]],
      [BY_ANN, [four, two]],
      [BY_GREETER, [three]],
      [{ kind: "user", userId: BOB }, []],
    ];
    for (const [reach, expected] of cases) {
      const pages = await pagesOf(1, (page) => storage.replays.listReplays(reach, page));
      assert.deepEqual(
        pages.flat().map(({ id }) => id),
        expected,
      );
      for (const id of made) {
        const found = await storage.replays.findReplay(id, reach);
        assert.equal(found !== null, expected.includes(id));
        const changed = await storage.replays.changeReplay(id, reach, {}, START_MS);
        assert.equal(changed.kind, expected.includes(id) ? "changed" : "unknown");
      }
    }
  });

  promised("of one owner, and in all, only so many may not have ended", async (storage) => {
    const bounds = { ownedMax: 2, countMax: 3 };
    const first = await begin(storage, replayAt(START_MS, { ...bounds, reach: BY_ANN }));
    await begin(storage, replayAt(START_MS, { ...bounds, reach: BY_ANN }));
    const third = await storage.replays.createReplay(replayAt(START_MS, { ...bounds, reach: BY_ANN }));
    assert.deepEqual(third, { kind: "too-many-owned" });
    await begin(storage, replayAt(START_MS, { ...bounds, reach: BY_GREETER }));
    const fourth = await storage.replays.createReplay(replayAt(START_MS, { ...bounds, reach: BY_GREETER }));
    assert.deepEqual(fourth, { kind: "too-many" });
    await storage.replays.changeReplay(first.id, ALL, { state: "cancelled" }, START_MS);
    await begin(storage, replayAt(START_MS, { ...bounds, reach: BY_ANN }));
  });

  promised("a hook that its owner may not know of cannot be named", async (storage) => {
    await makeHook(storage, hookOf("hok", OF_ANN));
    const naming = (id: string, reach: ReplayReach) =>
      storage.replays.createReplay(
        replayAt(START_MS, { reach, filter: { hookId: hookId(id), states: ["failed"] } }),
      );
    assert.equal((await naming("hok", BY_ANN)).kind, "made");
    assert.equal((await naming("hok", ALL)).kind, "made");
    for (const reach of [BY_GREETER, { kind: "user", userId: BOB } as const]) {
      assert.deepEqual(await naming("hok", reach), { kind: "unknown-hook" });
    }
    assert.deepEqual(await naming("none", ALL), { kind: "unknown-hook" });
  });

  promised("it is paused, goes on at another pace, and is cancelled for good", async (storage) => {
    const { id } = await begin(storage, replayAt(START_MS));
    const changeTo = (change: Parameters<Storage["replays"]["changeReplay"]>[2], nowMs: number) =>
      storage.replays.changeReplay(id, ALL, change, nowMs);
    assert.equal((await storage.replays.advanceReplays(START_MS - 1)).nextMs, START_MS);
    const paused = await changeTo({ state: "paused" }, START_MS + 1);
    assert.ok(paused.kind === "changed" && paused.replay.state === "paused");
    assert.deepEqual(await storage.replays.advanceReplays(START_MS + 2), {
      released: 0,
      nextMs: null,
      ended: null,
    });
    const slower = await changeTo({ perS: 3 }, START_MS + 3);
    assert.ok(slower.kind === "changed" && slower.replay.state === "paused" && slower.replay.perS === 3);
    const running = await changeTo({ state: "running", perS: null }, START_MS + 4);
    assert.ok(running.kind === "changed" && running.replay.state === "running");
    assert.equal(running.replay.perS, null);
    assert.equal((await storage.replays.advanceReplays(START_MS)).nextMs, START_MS + 4);
    const cancelled = await changeTo({ state: "cancelled" }, START_MS + 5);
    assert.ok(cancelled.kind === "changed" && cancelled.replay.endedAtMs === START_MS + 5);
    const again = await changeTo({ state: "running" }, START_MS + 6);
    assert.deepEqual(again, { kind: "ended", replay: cancelled.replay });
    assert.deepEqual(await storage.replays.advanceReplays(START_MS + 7), {
      released: 0,
      nextMs: null,
      ended: null,
    });
  });

  promised("what ended is forgotten in steps, what has not is kept", async (storage) => {
    const made: Replay[] = [];
    for (let n = 0; n < 4; n++) made.push(await begin(storage, replayAt(START_MS + n)));
    for (const [index, { id }] of made.slice(0, 3).entries()) {
      await storage.replays.changeReplay(id, ALL, { state: "cancelled" }, START_MS + 10 + index);
    }
    assert.equal(await storage.replays.sweepReplays(START_MS + 12, 1), 1);
    assert.equal(await storage.replays.sweepReplays(START_MS + 12, 10), 1);
    assert.equal(await storage.replays.sweepReplays(START_MS + 12, 10), 0);
    const left = await storage.replays.listReplays(ALL, { after: null, countMax: 10 });
    assert.deepEqual(
      left.items.map(({ id }) => id),
      [made[3]?.id, made[2]?.id],
    );
  });
}
