import assert from "node:assert/strict";
import { test } from "node:test";
import { makeHook } from "./capacity-fixtures.contract.ts";
import { createRamp, type Ended, HANGING_MS, REMEMBERED_HOOKS_MAX } from "./ramp.ts";

const accepted: Ended = { succeeded: true, tookMs: 20 };
const failed: Ended = { succeeded: false, tookMs: 20 };
const crawled: Ended = { succeeded: true, tookMs: HANGING_MS + 1 };
const hung: Ended = { succeeded: false, tookMs: 10_000 };

test("a hook's footing follows from how its last attempts ended", () => {
  const cases: readonly (readonly [string, readonly Ended[], string, number])[] = [
    ["a hook of which nothing is known has all it may have", [], "sound", 8],
    ["success changes nothing", [accepted, accepted], "sound", 8],
    ["after a failure it is one at a time", [accepted, failed], "doubtful", 1],
    ["each success doubles that", [failed, accepted], "sound", 2],
    ["and doubles it again", [failed, accepted, accepted], "sound", 4],
    ["up to what the hook may have", [failed, accepted, accepted, accepted, accepted], "sound", 8],
    ["another failure begins anew", [failed, accepted, accepted, failed], "doubtful", 1],
    ["a receiver that hung is slow", [hung], "slow", 1],
    ["and no longer once it answers in time", [hung, accepted], "sound", 2],
    ["one that crawls is slow, and has all it may have", [crawled], "slow", 8],
    ["and is trusted again when it stops to crawl", [crawled, accepted], "sound", 8],
    ["crawling helps nobody back faster than answering", [failed, crawled], "slow", 2],
    ["exactly the limit is not slow yet", [{ succeeded: true, tookMs: HANGING_MS }], "sound", 8],
  ];
  for (const [why, ended, trust, window] of cases) {
    const ramp = createRamp();
    const hook = makeHook("a");
    for (const one of ended) ramp.note(hook, one);
    assert.deepEqual(ramp.footingOf(hook), { trust, window }, why);
  }
});

test("a hook never has more than it may, whatever it had before", () => {
  const ramp = createRamp();
  ramp.note(makeHook("a"), crawled);
  assert.equal(ramp.footingOf(makeHook("a", { inFlightMax: 3 })).window, 3);
  assert.equal(ramp.footingOf(makeHook("a", { serial: true })).window, 1);
  assert.equal(ramp.footingOf(makeHook("b", { serial: true })).window, 1);
});

test("only so many hooks are remembered; who failed longest ago is forgotten first", () => {
  const ramp = createRamp();
  const hooks = Array.from({ length: REMEMBERED_HOOKS_MAX + 1 }, (_, index) => makeHook(`h${index}`));
  const [first, second, third] = hooks as [ReturnType<typeof makeHook>, ...typeof hooks];
  for (const hook of hooks.slice(0, -1)) ramp.note(hook, failed);
  ramp.note(first, failed);
  for (const hook of hooks.slice(-1)) ramp.note(hook, failed);
  const trustOf = (hook: typeof first | undefined) => hook && ramp.footingOf(hook).trust;
  assert.deepEqual([first, second, third].map(trustOf), ["doubtful", "sound", "doubtful"]);
});
