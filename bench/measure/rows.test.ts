import assert from "node:assert/strict";
import { test } from "node:test";
import { ratioOf, rowOf } from "./rows.ts";
import { median, percentile } from "./statistics.ts";

test("a row has the median of each figure, and keeps its rounds", () => {
  const rounds = [{ a: 1, b: 5 }, { a: 9, b: 6 }, { a: 2 }];
  const row = rowOf("x", "us", rounds);
  assert.equal(row.values["a"], 2);
  assert.deepEqual(row.rounds, rounds);
});

test("a ratio is the median of the rounds' ratios, not the ratio of medians", () => {
  const ours = [{ a: 10 }, { a: 20 }, { a: 30 }];
  const limit = [{ a: 20 }, { a: 80 }, { a: 40 }];
  assert.equal(ratioOf("a", ours, limit), 0.5);
});

const percentiles: readonly (readonly [values: readonly number[], share: number, expected: number])[] = [
  [[3, 1, 2], 0.5, 2],
  [[4, 3, 2, 1], 0.5, 2],
  [Array.from({ length: 100 }, (_, index) => index + 1), 0.99, 99],
  [[7], 0.99, 7],
  [[], 0.5, Number.NaN],
];
for (const [values, share, expected] of percentiles) {
  test(`the percentile ${share} of ${values.length} values is one of them, by nearest rank`, () => {
    assert.equal(percentile(values, share), expected);
  });
}

test("the median of an even count lies between the two in the middle", () => {
  assert.equal(median([4, 1, 3, 2]), 2.5);
});
