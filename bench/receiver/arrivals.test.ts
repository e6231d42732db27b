import assert from "node:assert/strict";
import { test } from "node:test";
import { createArrivalLog } from "./arrivals.ts";

test("all is there in the order it came, however much, and taken once", () => {
  const log = createArrivalLog();
  const count = 200_000;
  for (let index = 0; index < count; index++)
    log.add(index % 7, index, index + 1, index / 2, index % 2 === 0);
  const taken = log.take();
  assert.equal(taken.count, count);
  for (const index of [0, 65_535, 65_536, 131_072, count - 1]) {
    assert.deepEqual(
      [
        taken.hooks[index],
        taken.numbers[index],
        taken.sequences[index],
        taken.atMs[index],
        taken.answered[index],
      ],
      [index % 7, index, index + 1, index / 2, index % 2 === 0 ? 1 : 0],
    );
  }
  assert.equal(log.take().count, 0);
});
