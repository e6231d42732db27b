/** Hooks that fail for long, with a real store and false time. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { HookId } from "@trulinks/protocol";
import { createVirtualTime, type VirtualTime } from "../../../../test/simulation/virtual-time.ts";
import { createWorld, type World } from "../../../../test/simulation/world.ts";
import type { Part } from "../base/lifecycle.ts";
import { seededDice } from "../base/seeded-dice.ts";
import type { HealthFact } from "./fact.ts";
import { createHealthKeeper, GRACE_MS, STEPS_MAX } from "./health-keeper.ts";

// A day of the policy in four minutes: each look is a real one at a real store.
const STEP_MS = 10_000;
const START_MS = 1_000 * STEP_MS;
const POLICY = { failing_after_s: 240, paused_after_s: 1_200 };

interface Stage extends World {
  readonly time: VirtualTime;
  readonly facts: readonly HealthFact["step"][];
  readonly calls: { told: number; paused: number };
  fail(id: HookId): Promise<void>;
  make(): Promise<HookId>;
  keep(): Part;
  /** `<type> <steps since the start>` of what was told, in order. */
  told(): Promise<readonly string[]>;
}

async function createStage(policy = POLICY): Promise<Stage> {
  const time = createVirtualTime(START_MS);
  const world = createWorld({ clock: time.clock, dice: seededDice(1) });
  const facts: HealthFact["step"][] = [];
  const calls = { told: 0, paused: 0 };
  const owner = { kind: "user", userId: await world.makeUser("ann") } as const;
  const url = "https://a.example/";
  return {
    ...world,
    ...{ time, facts, calls },
    async fail(hookId) {
      const note = { hookId, url, outcome: "reset", status: null, nowMs: time.clock.now() } as const;
      await world.storage.health.noteFailing(note);
    },
    async make() {
      const made = await world.hooks.create({ owner, url, events: ["*"] }, "operator");
      assert.ok(made.kind === "made");
      return made.hook.id;
    },
    keep: () =>
      createHealthKeeper({
        health: world.storage.health,
        policy: () => policy,
        clock: time.clock,
        log: world.log,
        onFact: ({ step }) => facts.push(step),
        onTold: () => void calls.told++,
        onPaused: () => void calls.paused++,
      }),
    async told() {
      const page = { after: null, countMax: 200 };
      const { items } = await world.storage.webhooks.listDeliveries({ reach: { kind: "all" } }, page);
      return items
        .map(({ type, createdAtMs }) => `${type} ${((createdAtMs - START_MS) / STEP_MS).toFixed(1)}`)
        .sort();
    },
  };
}

test("its owner hears of it when it is time, and later it is paused", async () => {
  const stage = await createStage();
  const id = await stage.make();
  await stage.fail(id);
  const keepers = [stage.keep(), stage.keep(), stage.keep()];
  for (const keeper of keepers) await keeper.start();
  await stage.time.pass(23 * STEP_MS);
  assert.deepEqual(await stage.told(), []);
  await stage.time.pass(2 * STEP_MS);
  assert.deepEqual(await stage.told(), ["hook.failing 24.0"]);
  await stage.time.pass(94 * STEP_MS);
  assert.equal((await stage.storage.webhooks.findHook(id))?.state, "active");
  await stage.time.pass(2 * STEP_MS);
  const hook = await stage.storage.webhooks.findHook(id);
  assert.deepEqual([hook?.state, hook?.health.pausedBecause], ["paused", "failing"]);
  assert.deepEqual(await stage.told(), ["hook.failing 24.0", "hook.paused 120.0"]);
  assert.deepEqual(stage.facts, ["told", "paused"], "of three that look, one acts");
  assert.deepEqual(stage.calls, { told: 2, paused: 1 });
  for (const keeper of keepers) await keeper.stop();
});

test("who stood still for long first tells, and gives the owner as long to mend it", async () => {
  const stage = await createStage();
  await stage.fail(await stage.make());
  await stage.time.pass(300 * STEP_MS);
  const keeper = stage.keep();
  await keeper.start();
  await stage.time.pass(95 * STEP_MS);
  assert.deepEqual(await stage.told(), ["hook.failing 300.0"]);
  await stage.time.pass(2 * STEP_MS);
  assert.deepEqual(await stage.told(), ["hook.failing 300.0", "hook.paused 396.0"]);
  await keeper.stop();
});

test("nothing is paused before what waited meanwhile was tried: not after a start, nor when the clock was set", async () => {
  const stage = await createStage();
  const [early, late] = [await stage.make(), await stage.make()];
  await stage.fail(early);
  const first = stage.keep();
  await first.start();
  await stage.time.pass(25 * STEP_MS);
  await first.stop();
  await stage.time.pass(97 * STEP_MS);
  const keeper = stage.keep();
  await keeper.start();
  await stage.time.pass(GRACE_MS - 10_000);
  assert.equal((await stage.storage.webhooks.findHook(early))?.state, "active");
  await stage.time.pass(20_000);
  assert.equal((await stage.storage.webhooks.findHook(early))?.state, "paused");

  await stage.fail(late);
  await stage.time.pass(25 * STEP_MS);
  stage.time.set(1_000 * STEP_MS);
  await stage.time.pass(GRACE_MS - 10_000);
  assert.equal((await stage.storage.webhooks.findHook(late))?.state, "active");
  await keeper.stop();
});

test("many are told of in steps, and a store that is away is asked again", async () => {
  const stage = await createStage({ failing_after_s: 60, paused_after_s: 7_200 });
  const count = STEPS_MAX - 1;
  for (let n = 0; n < count; n++) await stage.fail(await stage.make());
  let isAway = true;
  const { health } = stage.storage;
  const keeper = createHealthKeeper({
    health: {
      takeStep: health.takeStep,
      listSteps: async (bounds, most) => {
        if (isAway) throw new Error("away");
        return health.listSteps(bounds, Math.min(most, 40));
      },
    },
    policy: () => ({ failing_after_s: 60, paused_after_s: 7_200 }),
    clock: stage.time.clock,
    log: stage.log,
    onTold: () => {},
    onPaused: () => {},
  });
  await keeper.start();
  await stage.time.pass(70_000);
  assert.ok(stage.lines.some(([name]) => name === "health.failed"));
  isAway = false;
  await stage.time.pass(60_000);
  assert.equal(stage.lines.filter(([name]) => name === "hook.failing").length, count);
  await keeper.stop();
});
