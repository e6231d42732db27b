import assert from "node:assert/strict";
import { test } from "node:test";
import type { HookId } from "@trulinks/protocol";
import { createVirtualTime, type VirtualTime } from "../../../../test/simulation/virtual-time.ts";
import type { Log } from "../base/log.ts";
import type { ExpiredFact } from "./fact.ts";
import { createKeeper, EXPIRED_MAX, type Keeper, type KeeperDeps, TRIMMED_HOOKS_MAX } from "./keeper.ts";

const DAY_MS = 24 * 3_600_000;
const START_MS = 100 * DAY_MS;

interface Stage {
  readonly time: VirtualTime;
  readonly keeper: Keeper;
  /** What was asked of the store, and after how many milliseconds. */
  readonly asked: readonly (readonly [string, number])[];
  readonly lines: readonly (readonly [string, unknown])[];
  readonly facts: readonly ExpiredFact[];
  stop(): Promise<void>;
}

/** A keeper before a store in which nothing waits, but for what is said. */
function createStage(change: Partial<KeeperDeps["store"]>, onReleased = () => {}): Stage {
  const time = createVirtualTime(START_MS);
  const asked: (readonly [string, number])[] = [];
  const lines: (readonly [string, unknown])[] = [];
  const facts: ExpiredFact[] = [];
  const still: KeeperDeps["store"] = {
    releaseHeld: async () => null,
    expire: async () => 0,
    trim: async () => ({ expired: 0, afterHook: null }),
    bringBack: async () => 0,
    ...change,
  };
  const noting = <Verb extends (...args: never[]) => unknown>(name: string, verb: Verb) =>
    ((...args) => {
      asked.push([name, time.clock.now() - START_MS]);
      return verb(...args);
    }) as Verb;
  const write = (name: string, fields: unknown) => void lines.push([name, fields]);
  const keeper = createKeeper({
    store: {
      releaseHeld: noting("release", still.releaseHeld),
      expire: noting("expire", still.expire),
      trim: noting("trim", still.trim),
      bringBack: noting("back", still.bringBack),
    },
    policy: () => ({ waiting_days_max: 14, waiting_bytes_max: 1_000 }),
    clock: time.clock,
    log: { debug: write, info: write, warn: write, error: write } as Log,
    onFact: (fact) => facts.push(fact),
    onReleased,
  });
  return { time, keeper, asked, lines, facts, stop: () => keeper.stop() };
}

const timesOf = ({ asked }: Stage, name: string) =>
  asked.filter(([verb]) => verb === name).map(([, atMs]) => atMs);

test("what was kept is released at the times that the store says, and the sender is told", async () => {
  const answers = [START_MS + 300, START_MS + 700, START_MS + 500_000, null];
  let told = 0;
  const stage = createStage({ releaseHeld: async () => answers.shift() ?? null }, () => told++);
  await stage.keeper.start();
  await stage.time.pass(30_000);
  assert.deepEqual(timesOf(stage, "release"), [0, 300, 700, 10_700, 20_700], "it looks now and then unasked");
  assert.equal(told, 5);
  await stage.stop();
});

test("it looks at once when a hook has become active, also while it looks", async () => {
  const stage = createStage({
    async releaseHeld() {
      if (timesOf(stage, "release").length === 1) stage.keeper.wake();
      return null;
    },
  });
  await stage.keeper.start();
  await stage.time.pass(2_000);
  stage.keeper.wake();
  await stage.time.pass(3_000);
  assert.deepEqual(timesOf(stage, "release"), [0, 0, 2_000]);
  await stage.stop();
});

test("what has expired goes in steps with pauses, and is logged and told", async () => {
  const counts = [EXPIRED_MAX, EXPIRED_MAX, 3];
  const stage = createStage({ expire: async () => counts.shift() ?? 0 });
  await stage.keeper.start();
  await stage.time.pass(1_500);
  assert.deepEqual(timesOf(stage, "expire"), [0, 50, 100, 1_100]);
  assert.deepEqual(
    stage.lines,
    [EXPIRED_MAX, EXPIRED_MAX, 3].map((count) => ["deliveries.expired", { count, because: "time-to-live" }]),
  );
  assert.deepEqual(
    stage.facts,
    [EXPIRED_MAX, EXPIRED_MAX, 3].map((count) => ({ kind: "expired", because: "time-to-live", count })),
  );
  await stage.stop();
});

test("all hooks are trimmed in steps, as the policy says, and then from the first again", async () => {
  const trims: unknown[] = [];
  const next = [
    { expired: 0, afterHook: "hok_1" as HookId },
    { expired: 7, afterHook: null },
  ];
  const stage = createStage({
    async trim(trim) {
      trims.push(trim);
      return next.shift() ?? { expired: 0, afterHook: null };
    },
  });
  await stage.keeper.start();
  await stage.time.pass(60_100);
  const expected = [0, 50, 60_050].map((atMs, index) => ({
    nowMs: START_MS + atMs,
    olderThanMs: START_MS + atMs - 14 * DAY_MS,
    bytesMax: 1_000,
    afterHook: index === 1 ? "hok_1" : null,
    hooksMax: TRIMMED_HOOKS_MAX,
  }));
  assert.deepEqual(trims, expected);
  assert.deepEqual(stage.lines, [["deliveries.expired", { count: 7, because: "bounds" }]]);
  assert.deepEqual(stage.facts, [{ kind: "expired", because: "bounds", count: 7 }]);
  await stage.stop();
});

test("a duty that fails is tried again later, and hurts no other", async () => {
  const stage = createStage({ expire: async () => Promise.reject(new Error("no disk")) });
  await stage.keeper.start();
  await stage.time.pass(6_000);
  assert.deepEqual(timesOf(stage, "expire"), [0, 5_000]);
  assert.deepEqual(timesOf(stage, "trim"), [0]);
  assert.deepEqual(
    stage.lines.map(([name]) => name),
    ["keeper.failed", "keeper.failed"],
  );
  await stage.stop();
});

test("stopping waits for the step that is under way, and starts no other", async () => {
  const step = Promise.withResolvers<number>();
  const stage = createStage({ expire: () => step.promise });
  await stage.keeper.start();
  await stage.time.pass(10);
  let isStopped = false;
  const stopped = stage.stop().then(() => {
    isStopped = true;
  });
  await stage.time.pass(10);
  assert.equal(isStopped, false);
  step.resolve(0);
  await stopped;
  const count = stage.asked.length;
  await stage.time.pass(100_000);
  assert.equal(stage.asked.length, count);
});

test("when the clock is set back, what waits for a time that was ahead is brought back, once and again after a failure", async () => {
  let failures = 1;
  const stage = createStage({
    async bringBack() {
      if (failures-- > 0) throw new Error("away");
      return 7;
    },
  });
  await stage.keeper.start();
  await stage.time.pass(2_500);
  stage.time.set(DAY_MS);
  await stage.time.pass(2_000);
  stage.time.set(-5_000);
  await stage.time.pass(2_000);
  assert.equal(timesOf(stage, "back").length, 0, "forward, and a little back, is no matter");
  stage.time.set(-DAY_MS);
  await stage.time.pass(20_000);
  assert.equal(timesOf(stage, "back").length, 2);
  const told = stage.lines.filter(([name]) => name === "clock.set-back");
  assert.deepEqual(told, [["clock.set-back", { by_s: DAY_MS / 1_000, moved: 7 }]]);
  await stage.stop();
});
