import assert from "node:assert/strict";
import { test } from "node:test";
import { createWorld } from "../../../../test/simulation/world.ts";
import { systemClock } from "../base/clock.ts";
import { systemDice } from "../base/dice.ts";
import { createPublish } from "./publish.ts";
import { createSweeper, SWEEP_COUNT_MAX, type Sweep, sweepOfEvents, sweepOfPayloads } from "./sweeper.ts";

test("what is old goes in steps until nothing is left, and a failing sweep hurts no other", async () => {
  const { log, lines } = createWorld({ clock: systemClock, dice: systemDice });
  const done = Promise.withResolvers<void>();
  let left = 2 * SWEEP_COUNT_MAX + 7;
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
  assert.deepEqual(told, [SWEEP_COUNT_MAX, SWEEP_COUNT_MAX, 7]);
  assert.deepEqual(
    lines.map(([name, fields]) => [name, fields["name"], fields["count"]]),
    [
      ["storage.sweep-failed", "failing", undefined],
      ["storage.swept", "steady", 2 * SWEEP_COUNT_MAX + 7],
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
