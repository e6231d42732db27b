/** Who hangs, crawls or fails does so at nobody else's cost: told with false time, at the sizes that are promised. */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  createStage,
  FAILING,
  HANGING,
  makeClaims,
  makeHook,
  PROMPT,
  type Stage,
} from "./capacity-fixtures.contract.ts";
import type { Hook } from "./hook.ts";

const PLACES = 1_024;
const CRAWLING = { succeeds: true, tookMs: 9_000 };

function makeHooks(prefix: string, count: number): readonly Hook[] {
  return Array.from({ length: count }, (_, index) => makeHook(`${prefix}${index}`));
}

/** Hands one delivery to each hook, all within a second; says how many did not start at once. */
function heldUp(stage: Stage, hooks: readonly Hook[]): number {
  let count = 0;
  for (const hook of hooks) {
    count += 1 - stage.handOver(makeClaims(hook, 1));
    stage.passMs(1_000 / hooks.length);
  }
  return count;
}

test("a hundred of two hundred hooks hang, and the others never wait", () => {
  const [hanging, healthy] = [makeHooks("hanging", 100), makeHooks("healthy", 100)];
  const stage = createStage(PLACES, ({ id }) => (id.startsWith("hanging") ? HANGING : PROMPT));
  for (let second = 0; second < 30; second++) {
    for (const hook of hanging) stage.handOver(makeClaims(hook, 25));
    for (let tick = 0; tick < 25; tick++) {
      const waiting = healthy.filter((hook) => stage.handOver(makeClaims(hook, 1)) === 0);
      assert.deepEqual(waiting, [], `in second ${second}`);
      stage.passMs(40);
    }
  }
  assert.ok(
    hanging.every((hook) => stage.underWay(hook) <= 1),
    "each is tried one at a time",
  );
});

test("a thousand hooks begin to hang at once, and within a second there are places for others", () => {
  const stage = createStage(PLACES, ({ id }) => (id.startsWith("hanging") ? HANGING : PROMPT));
  for (const hook of makeHooks("hanging", 1_000)) stage.handOver(makeClaims(hook, 8));
  assert.ok(stage.underWay() < PLACES);
  for (let second = 0; second < 60; second++) {
    stage.passMs(1_001);
    const fresh = makeHooks(`fresh${second}.`, 3);
    assert.equal(heldUp(stage, fresh), 0, `in second ${second}`);
    for (const hook of makeHooks("hanging", 1_000)) stage.handOver(makeClaims(hook, 1));
  }
});

test("retries take half of the places and never hold up a first attempt", () => {
  const stage = createStage(PLACES, ({ id }) => (id.startsWith("retried") ? HANGING : PROMPT));
  const retried = makeHooks("retried", 2_000);
  let most = 0;
  for (let second = 0; second < 30; second++) {
    for (const hook of retried) stage.handOver(makeClaims(hook, 1, 2));
    most = Math.max(most, stage.underWay());
    assert.equal(heldUp(stage, makeHooks(`fresh${second}.`, 100)), 0, `in second ${second}`);
  }
  assert.equal(most, PLACES / 2);
});

test("retries at one origin hold up no first attempt there", () => {
  const origin = { url: "https://one.example/" };
  const stage = createStage(PLACES, ({ id }) => (id.startsWith("retried") ? HANGING : PROMPT));
  for (let index = 0; index < 200; index++)
    stage.handOver(makeClaims(makeHook(`retried${index}`, origin), 1, 2));
  const fresh = Array.from({ length: 100 }, (_, index) => makeHook(`fresh${index}`, origin));
  assert.deepEqual([stage.underWay(), heldUp(stage, fresh)], [32, 0]);
});

test("hooks that crawl hold up neither those that are prompt nor those that recover", () => {
  const crawling = makeHooks("crawling", 2_000);
  let isMended = false;
  const stage = createStage(PLACES, ({ id }) =>
    id.startsWith("crawling") ? CRAWLING : id === "failing" && !isMended ? FAILING : PROMPT,
  );
  const failing = makeHook("failing");
  stage.handOver(makeClaims(failing, 1));
  // Each of them is seen to crawl once before that is known of it.
  for (let second = 0; second < 60; second++) {
    for (const hook of crawling) stage.handOver(makeClaims(hook, 1));
    stage.passMs(1_000);
  }
  assert.ok(stage.underWay() <= (PLACES * 3) / 8);
  isMended = true;
  assert.equal(heldUp(stage, [failing, ...makeHooks("fresh", 100)]), 0);
});

test("a hook that recovers gets its places back step by step", () => {
  let isMended = false;
  const hook = makeHook("a");
  const stage = createStage(PLACES, () => ({ succeeds: isMended, tookMs: 100 }));
  stage.handOver(makeClaims(hook, 1));
  stage.passMs(100);
  isMended = true;
  const steps: number[] = [];
  for (let step = 0; step < 5; step++) {
    stage.handOver(makeClaims(hook, 16));
    steps.push(stage.underWay(hook));
    stage.capacity.takeAll();
    stage.passMs(100);
  }
  assert.deepEqual(steps, [1, 2, 8, 8, 8]);
});
