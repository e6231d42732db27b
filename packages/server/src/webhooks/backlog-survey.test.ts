import assert from "node:assert/strict";
import { test } from "node:test";
import type { Clock } from "../base/clock.ts";
import type { BacklogStep, BacklogStore } from "./backlog-store.ts";
import { type AskSurvey, createAskSurvey, SURVEY_STEP_MAX } from "./backlog-survey.ts";

const HOOKS = { pending: 1, active: 2, paused: 3, disabled: 4 };

function stepOf(due: number, oldestAtMs: number | null, next: string | null): BacklogStep {
  return {
    because: { due, retry: 1, "hook-paused": 0, "hook-pending": 0, limit: 0 },
    bytes: 10,
    oldestAtMs,
    next,
  };
}

const STEPS: Readonly<Record<string, BacklogStep>> = {
  first: stepOf(3, 70, "second"),
  second: stepOf(4, null, "third"),
  third: stepOf(5, 60, null),
};

interface World {
  readonly ask: AskSurvey;
  /** The steps that the store was asked for. */
  readonly asked: readonly string[];
  stepTakesMs: number;
  pass(ms: number): void;
  isAway: boolean;
}

/** A store as slow as it is told to be, under time that only passes when somebody sleeps or says so. */
function createWorld(): World {
  let nowMs = 0;
  const asked: string[] = [];
  const world = { stepTakesMs: 0, isAway: false };
  const alarms: { readonly atMs: number; readonly run: () => void }[] = [];
  const pass = (ms: number): void => {
    nowMs += ms;
    for (const alarm of alarms.filter(({ atMs }) => atMs <= nowMs)) {
      alarms.splice(alarms.indexOf(alarm), 1);
      alarm.run();
    }
  };
  const clock: Pick<Clock, "monotonic" | "sleep" | "after"> = {
    monotonic: () => nowMs,
    sleep: async (ms) => pass(ms),
    after(ms, run) {
      const alarm = { atMs: nowMs + ms, run };
      alarms.push(alarm);
      return () => void alarms.splice(alarms.indexOf(alarm), 1);
    },
  };
  const store: BacklogStore = {
    findBacklogs: () => Promise.reject(new Error("not asked for")),
    findHookCounts: async () => HOOKS,
    async findBacklogStep(after, countMax) {
      assert.equal(countMax, SURVEY_STEP_MAX);
      const step = STEPS[after ?? "first"];
      assert.ok(step);
      asked.push(after ?? "first");
      await Promise.resolve();
      pass(world.stepTakesMs);
      if (world.isAway) throw new Error("away");
      return step;
    },
  };
  return Object.assign(world, { ask: createAskSurvey({ store, clock }), asked, pass });
}

const WHOLE = {
  because: { due: 12, retry: 3, "hook-paused": 0, "hook-pending": 0, limit: 0 },
  ...{ bytes: 30, oldestAtMs: 60, hooks: HOOKS },
};
const WALK = ["first", "second", "third"];

test("a survey adds up all steps of one walk", async () => {
  const { ask, asked } = createWorld();
  assert.deepEqual(await ask(), WHOLE);
  assert.deepEqual(asked, WALK);
});

test("whoever asks at the same time, or soon after, is told of the same walk", async () => {
  const world = createWorld();
  const [one, other] = await Promise.all([world.ask(), world.ask()]);
  world.pass(4_900);
  assert.deepEqual([one, other, await world.ask()], [WHOLE, WHOLE, WHOLE]);
  assert.deepEqual(world.asked, WALK);
  world.pass(101);
  await world.ask();
  assert.deepEqual(world.asked, [...WALK, ...WALK]);
});

test("a walk that takes long is not waited for, and rests ten times as long as it took", async () => {
  const world = createWorld();
  world.stepTakesMs = 1_000;
  assert.equal(await world.ask(), null, "there is no survey yet");
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
  assert.deepEqual(await world.ask(), WHOLE);
  world.pass(30_000);
  await world.ask();
  assert.deepEqual(world.asked, WALK);
  world.pass(300);
  assert.deepEqual(await world.ask(), WHOLE, "the one before, while the next is under way");
  assert.deepEqual(world.asked.slice(0, 4), [...WALK, "first"]);
});

test("where the store does not answer there is no survey, not even the one before; and it is asked again", async () => {
  const world = createWorld();
  await world.ask();
  world.pass(60_000);
  world.isAway = true;
  assert.equal(await world.ask(), null);
  world.isAway = false;
  assert.deepEqual(await world.ask(), WHOLE);
});
