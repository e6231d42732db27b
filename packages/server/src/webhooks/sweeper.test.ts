import assert from "node:assert/strict";
import { test } from "node:test";
import { createWorld } from "../../../../test/simulation/world.ts";
import { systemClock } from "../base/clock.ts";
import { systemDice } from "../base/dice.ts";
import { createPublish } from "./publish.ts";
import {
  createSweeper,
  nextCount,
  SWEEP_COUNT_MAX,
  SWEEP_COUNT_MIN,
  type Sweep,
  sweepOfEvents,
  sweepOfPayloads,
} from "./sweeper.ts";

const TOTAL = 237;

test("a step takes as many as are done in some milliseconds", () => {
  for (const [why, count, spentMs, expected] of [
    ["quick ones grow", 10, 1, 20],
    ["up to the bound", SWEEP_COUNT_MAX, 1, SWEEP_COUNT_MAX],
    ["what is right stays", 100, 2, 100],
    ["and at the other edge", 100, 5, 100],
    ["slow ones shrink", 100, 5.1, 50],
    ["down to the bound", SWEEP_COUNT_MIN + 1, 50, SWEEP_COUNT_MIN],
  ] as const) {
    assert.equal(nextCount(count, spentMs), expected, why);
  }
});

test("what is old goes in steps until nothing is left, and a failing sweep hurts no other", async () => {
  const { log, lines } = createWorld({ clock: systemClock, dice: systemDice });
  const done = Promise.withResolvers<void>();
  let left = TOTAL;
  const failing: Sweep = { name: "failing", sweep: async () => Promise.reject(new Error("no disk")) };
  const steady: Sweep = {
    name: "steady",
    async sweep(_, countMax) {
      const count = Math.min(left, countMax);
      left -= count;
      if (left === 0) done.resolve();
      return count;
    },
  };
  const told: number[] = [];
  const onFact = ({ count }: { readonly count: number }) => void told.push(count);
  const sweeper = createSweeper({ sweeps: [failing, steady], clock: systemClock, log, onFact });
  await sweeper.start();
  await done.promise;
  await sweeper.stop();
  assert.ok(told.length > 2 && told.every((count) => count <= SWEEP_COUNT_MAX));
  assert.equal(
    told.reduce((sum, count) => sum + count),
    TOTAL,
  );
  assert.deepEqual(
    lines.map(([name, fields]) => [name, fields["name"], fields["count"]]),
    [
      ["storage.sweep-failed", "failing", undefined],
      ["storage.swept", "steady", TOTAL],
    ],
  );
});

test("events are kept as long as the policy says", async () => {
  const dayMs = 24 * 3_600_000;
  let nowMs = 1_000 * dayMs;
  const clock = { ...systemClock, now: () => nowMs };
  const { storage, dice, log, makeUser } = createWorld({ clock, dice: systemDice });
  const intake = {
    room: () => ({ countMax: 0, retriesMax: 10_000, hookMax: 10_000, exceptHooks: [] }),
    take: () => {},
  };
  const publish = createPublish({ store: storage.webhooks, intake, clock, dice, log });
  const users = [await makeUser("alice")];
  await publish([{ id: "e-1", idempotencyKey: null, type: "issue.opened", users, groups: [], data: {} }]);

  const { sweep } = sweepOfEvents(storage.webhooks, () => ({ retention_days: 7 }));
  nowMs += 7 * dayMs - 1;
  assert.equal(await sweep(nowMs, 100), 0);
  nowMs += 2;
  assert.ok((await sweep(nowMs, 100)) > 0);
});

test("payloads are kept as long as the policy says, and no sweep is asked for where records end as soon", async () => {
  const dayMs = 24 * 3_600_000;
  const asked: number[] = [];
  const store = {
    endPayloads: async ({ beforeMs }: { readonly beforeMs: number }) => asked.push(beforeMs),
  };
  const policies = [
    { retention_days: 7, payload_retention_days: 2 },
    { retention_days: 7, payload_retention_days: 0 },
    { retention_days: 7, payload_retention_days: 7 },
    { retention_days: 7, payload_retention_days: null },
  ];
  for (const policy of policies) await sweepOfPayloads(store, () => policy).sweep(10 * dayMs, 5);
  assert.deepEqual(asked, [8 * dayMs, 10 * dayMs]);
});
