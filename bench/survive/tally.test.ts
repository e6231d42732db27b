import assert from "node:assert/strict";
import { test } from "node:test";
import { createArrivalLog } from "../receiver/arrivals.ts";
import { tally, tooSoon } from "./tally.ts";

type Row = readonly [number: number, atMs: number, isTaken: boolean];

function arrivalsOf(rows: readonly Row[]) {
  const log = createArrivalLog();
  for (const [number, atMs, isTaken] of rows) log.add(1, number, number, atMs, isTaken);
  return [log.take()];
}

test("what was acknowledged and never taken is lost; what was taken again came twice", () => {
  const sample = tally({
    acknowledged: [1, 2, 3].map((number) => ({ number, atMs: number * 100 })),
    arrivals: arrivalsOf([
      [1, 110, true],
      [1, 120, true],
      [2, 205, false],
      [2, 1_300, true],
      [3, 310, false],
    ]),
    troubleMs: [150, 1_000],
    backMs: [200],
    isTroubled: () => false,
  });
  const { accepted, received, lost, twice, untaken, late, resume_ms, p99_before_ms, p99_ms } = sample;
  assert.deepEqual(
    { accepted, received, lost, twice, untaken, late, resume_ms, p99_before_ms, p99_ms },
    {
      accepted: 3,
      received: 2,
      lost: 1,
      twice: 1,
      untaken: 2,
      late: 1,
      resume_ms: 1_100,
      p99_before_ms: 10,
      p99_ms: 1_100,
    },
  );
});

test("the troubled tenant's own events count as accepted, and not among the healthy", () => {
  const { received, p99_ms } = tally({
    acknowledged: [
      { number: 1, atMs: 0 },
      { number: 2, atMs: 0 },
    ],
    arrivals: arrivalsOf([
      [1, 5, true],
      [2, 9_000, true],
    ]),
    troubleMs: [0, 1_000],
    backMs: [],
    isTroubled: (number) => number === 2,
  });
  assert.deepEqual({ received, p99_ms }, { received: 2, p99_ms: 5 });
});

for (const [reason, atMs, expected] of [
  ["a moment before", 2_999, 1],
  ["at it", 3_000, 0],
] as const) {
  test(`a request ${reason} the time that a busy receiver asked for counts as ${expected} too soon`, () => {
    const arrivals = arrivalsOf([
      [1, 1_000, false],
      [2, 1_500, true],
      [1, atMs, true],
    ]);
    assert.equal(tooSoon(arrivals, 2), expected);
  });
}
