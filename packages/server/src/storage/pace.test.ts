import assert from "node:assert/strict";
import { test } from "node:test";
import { nextRelease, type Pace, releasable } from "./pace.ts";

const AT_MS = 10_000;

const CASES: readonly (readonly [string, Pace["perS"], number, number])[] = [
  ["not before its time", 2, AT_MS - 1, 0],
  ["the first at its time", 2, AT_MS, 1],
  ["the next not a moment too early", 2, AT_MS + 499, 1],
  ["the next at its time", 2, AT_MS + 500, 2],
  ["what was not asked for in time is made up for", 10, AT_MS + 1_000, 11],
  ["but for a second at most", 10, AT_MS + 60_000, 11],
  ["a slow pace saves nothing", 0.1, AT_MS + 60_000, 1],
  ["without a pace there is no bound", null, AT_MS, Number.POSITIVE_INFINITY],
  ["without a pace not before its time either", null, AT_MS - 1, 0],
];

for (const [title, perS, nowMs, count] of CASES) {
  test(`released: ${title}`, () => {
    assert.equal(releasable({ perS, nextAtMs: AT_MS }, nowMs), count);
  });
}

test("released one by one, as soon as allowed, they come at the pace", () => {
  for (const perS of [1, 3, 7, 1_000]) {
    let nextAtMs = AT_MS;
    for (let released = 0; released < 50; released++) {
      const nowMs = Math.ceil(nextAtMs);
      assert.ok(releasable({ perS, nextAtMs }, nowMs) >= 1);
      assert.equal(releasable({ perS, nextAtMs }, nowMs - 1), 0);
      nextAtMs = nextRelease({ perS, nextAtMs }, 1, nowMs);
    }
    assert.ok(Math.abs(nextAtMs - AT_MS - 50_000 / perS) < 1e-6);
  }
});

test("what may be released and is not for want of room may be at once", () => {
  const pace = { perS: 10, nextAtMs: AT_MS };
  assert.equal(nextRelease(pace, 3, AT_MS + 500), AT_MS + 300);
  assert.equal(nextRelease({ perS: null, nextAtMs: AT_MS }, 3, AT_MS + 500), AT_MS + 500);
});
