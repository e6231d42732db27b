import assert from "node:assert/strict";
import { test } from "node:test";
import type { ReplayId } from "@trulinks/protocol";
import { createVirtualTime, type VirtualTime } from "../../../../test/simulation/virtual-time.ts";
import type { Log } from "../base/log.ts";
import type { Replay } from "./replay.ts";
import type { ReplayStep } from "./replay-store.ts";
import { createReplayer, FAILURE_PAUSE_MS, LOOK_PAUSE_MS, type Replayer, STEP_PAUSE_MS } from "./replayer.ts";

const START_MS = 1_000_000;
const IDLE: ReplayStep = { released: 0, nextMs: null, ended: null };
const DONE = { id: "rpl_1" as ReplayId, done: 3, skipped: 1 } as Replay;

interface Stage {
  readonly time: VirtualTime;
  readonly replayer: Replayer;
  /** When a step was taken, in milliseconds since the start. */
  readonly steps: readonly number[];
  readonly lines: readonly (readonly [string, unknown])[];
  /** How often something was said to be due. */
  released(): number;
}

/** `answers`: what the steps come to; there is nothing to do afterwards. */
function createStage(answers: (ReplayStep | Error)[]): Stage {
  const time = createVirtualTime(START_MS);
  const steps: number[] = [];
  const lines: (readonly [string, unknown])[] = [];
  const write = (name: string, fields: unknown) => void lines.push([name, fields]);
  let released = 0;
  const replayer = createReplayer({
    store: {
      async advanceReplays(nowMs) {
        steps.push(nowMs - START_MS);
        const answer = answers.shift() ?? IDLE;
        if (answer instanceof Error) throw answer;
        return answer;
      },
    },
    clock: time.clock,
    log: { debug: write, info: write, warn: write, error: write } as Log,
    onReleased: () => {
      released += 1;
    },
  });
  return { time, replayer, steps, lines, released: () => released };
}

test("it takes steps as long as there is something to do, with a breath between two", async () => {
  const more = { released: 5, nextMs: START_MS, ended: null };
  const stage = createStage([more, more, { ...more, released: 0 }]);
  await stage.replayer.start();
  await stage.time.pass(STEP_PAUSE_MS * 3 + LOOK_PAUSE_MS);
  assert.deepEqual(stage.steps, [0, 5, 10, 15, 15 + LOOK_PAUSE_MS]);
  assert.equal(stage.released(), 2, "the sender hears only of what was made due");
  await stage.replayer.stop();
});

test("it waits until the store says, and looks now and then for what others begin", async () => {
  const stage = createStage([
    { ...IDLE, nextMs: START_MS + 700 },
    { ...IDLE, nextMs: START_MS + 900_000 },
  ]);
  await stage.replayer.start();
  await stage.time.pass(700 + 2 * LOOK_PAUSE_MS);
  assert.deepEqual(stage.steps, [0, 700, 700 + LOOK_PAUSE_MS, 700 + 2 * LOOK_PAUSE_MS]);
  await stage.replayer.stop();
});

test("it looks at once when a replay begins", async () => {
  const stage = createStage([]);
  await stage.replayer.start();
  await stage.time.pass(100);
  stage.replayer.wake();
  await stage.time.pass(1);
  assert.deepEqual(stage.steps, [0, 100]);
  await stage.replayer.stop();
});

test("the end of a replay is told", async () => {
  const stage = createStage([{ ...IDLE, ended: DONE }]);
  await stage.replayer.start();
  await stage.time.pass(1);
  assert.deepEqual(stage.lines, [["replay.done", { replay: "rpl_1", done: 3, skipped: 1 }]]);
  await stage.replayer.stop();
});

test("a store that fails is asked again after a while, and it is said", async () => {
  const stage = createStage([new Error("away"), { released: 1, nextMs: null, ended: null }]);
  await stage.replayer.start();
  await stage.time.pass(FAILURE_PAUSE_MS);
  assert.deepEqual(stage.steps, [0, FAILURE_PAUSE_MS]);
  assert.deepEqual(
    stage.lines.map(([name]) => name),
    ["replay.failed"],
  );
  assert.equal(stage.released(), 1);
  await stage.replayer.stop();
});
