import assert from "node:assert/strict";
import { test } from "node:test";
import { createArrivalLog } from "../receiver/arrivals.ts";
import { latenciesOf } from "./latencies.ts";

function arrivalsOf(...came: readonly (readonly [number: number, atMs: number])[]) {
  const log = createArrivalLog();
  for (const [number, atMs] of came) log.add(0, number, 0, atMs, true);
  return log.take();
}

const sent = [
  { first: 10, dueMs: 100, answeredMs: 103 },
  { first: 12, dueMs: 200, answeredMs: Number.NaN },
];

test("each event of a request waits from the request's answer, and from when the request was due", () => {
  const { fromAnswerMs, fromDueMs, missing, refused } = latenciesOf(
    sent,
    2,
    arrivalsOf([10, 105], [11, 108]),
  );
  assert.deepEqual([...fromAnswerMs], [2, 5]);
  assert.deepEqual([...fromDueMs], [5, 8]);
  assert.deepEqual({ missing, refused }, { missing: 0, refused: 2 });
});

test("what came before its answer waited for nothing, and the first of two arrivals counts", () => {
  const { fromAnswerMs, missing } = latenciesOf(sent, 2, arrivalsOf([10, 101], [10, 400]));
  assert.deepEqual([...fromAnswerMs], [0]);
  assert.equal(missing, 1);
});

test("only the events that are wanted are looked at", () => {
  const { fromAnswerMs } = latenciesOf(sent, 2, arrivalsOf([10, 105], [11, 108]), (number) => number === 11);
  assert.deepEqual([...fromAnswerMs], [5]);
});
