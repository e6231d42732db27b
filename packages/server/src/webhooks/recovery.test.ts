/** How fast an origin is tried that recovers, counted over every second there is. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { createRecovery, isRecovering } from "./recovery.ts";

const A = "https://a.example";
const B = "https://b.example";

/** The most that started within any thousand milliseconds. */
function mostInASecond(startedMs: readonly number[]): number {
  return Math.max(
    0,
    ...startedMs.map((fromMs) => startedMs.filter((atMs) => atMs >= fromMs && atMs < fromMs + 1_000).length),
  );
}

/** Asks every so many milliseconds for ten seconds, and starts all that may. */
function run(perS: number, pausesMs: readonly number[]): readonly number[] {
  const recovery = createRecovery(() => perS);
  const startedMs: number[] = [];
  let nowMs = 0;
  for (let turn = 0; nowMs < 10_000; turn++) {
    while (recovery.waitMs(A, nowMs) === 0) {
      recovery.start(A, nowMs);
      startedMs.push(nowMs);
    }
    nowMs += pausesMs[turn % pausesMs.length] ?? 1;
  }
  return startedMs;
}

test("in no second there are more than the pace says, however late whoever asks", () => {
  const pauses = fc.array(fc.oneof(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 20, max: 900 })), {
    minLength: 1,
  });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 300 }), pauses, (perS, pausesMs) => {
      assert.ok(mostInASecond(run(perS, pausesMs)) <= perS);
    }),
    { seed: 5, numRuns: 200 },
  );
});

for (const perS of [1, 7, 50, 200, 2_000]) {
  test(`of ${perS} a second nearly all come, if somebody looks every five milliseconds`, () => {
    const came = run(perS, [5]).length;
    assert.ok(came >= 9 * perS && came <= 10 * perS + 1, `${came} in ten seconds`);
  });
}

test("each origin has its own", () => {
  const recovery = createRecovery(() => 1);
  recovery.start(A, 0);
  assert.ok(recovery.waitMs(A, 0) > 1_000);
  assert.equal(recovery.waitMs(B, 0), 0);
});

test("those that are sent away come back one after the other, no faster than the pace", () => {
  const recovery = createRecovery(() => 10);
  const times = Array.from({ length: 100 }, () => recovery.laterMs(A, 0));
  for (const [index, timeMs] of times.entries()) {
    assert.ok(timeMs > 100);
    assert.ok(index === 0 || timeMs - (times[index - 1] ?? 0) >= 100);
  }
  assert.ok((times.at(-1) ?? 0) < 15_000);
  assert.ok(recovery.laterMs(A, 60_000) < 1_000, "later on they are forgotten");
});

test("another policy holds from then on", () => {
  let perS = 1;
  const recovery = createRecovery(() => perS);
  recovery.start(A, 0);
  perS = 1_000;
  assert.equal(recovery.waitMs(A, 1_200), 0);
  recovery.start(A, 1_200);
  assert.ok(recovery.waitMs(A, 1_202) === 0);
});

for (const [what, claim, expected] of [
  ["a first attempt", { attempt: 1 }, false],
  ["a retry", { attempt: 2 }, true],
  ["what was released", { attempt: 1, isReleased: true }, true],
] as const) {
  test(`${what} ${expected ? "goes at the pace" : "does not wait for it"}`, () =>
    assert.equal(isRecovering(claim), expected));
}
