import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type Pacing, pacingRefund, pacingSpend, TRAIL_MAX, type Trail } from "./pacing.ts";

const PACING: Pacing = { gapMs: 500, burst: 2, aheadMsMax: 500 };
const T0 = 1_700_000_000_000;

describe("a write that is given back", () => {
  test("is told from one that came in the same millisecond beside it", () => {
    const cells = new Float64Array(1);
    const alone = pacingSpend(cells, 0, PACING, null, T0);
    const trail: Trail = { dueBeforeMs: cells[0] ?? 0, spentAtMs: [] };
    const beside = pacingSpend(cells, 0, PACING, trail, T0);
    pacingRefund(cells, 0, PACING, trail, { dueMs: alone, spentAtMs: T0 });
    assert.equal(cells[0], T0 + 500);
    pacingRefund(cells, 0, PACING, trail, { dueMs: beside, spentAtMs: T0 });
    assert.equal(cells[0], 0);
  });

  test("leaves to those that came later what they would have had without it", () => {
    const cells = new Float64Array(1);
    const trail: Trail = { dueBeforeMs: 0, spentAtMs: [] };
    const first = pacingSpend(cells, 0, PACING, trail, T0);
    pacingSpend(cells, 0, PACING, trail, T0 + 300);
    assert.equal(cells[0], T0 + 1_000);
    pacingRefund(cells, 0, PACING, trail, { dueMs: first, spentAtMs: T0 });
    assert.equal(cells[0], T0 + 800);
  });

  test("costs bounded memory: of more than a trail holds the oldest are kept for good", () => {
    const cells = new Float64Array(1);
    const trail: Trail = { dueBeforeMs: 0, spentAtMs: [] };
    const dues = Array.from({ length: TRAIL_MAX + 2 }, (_, index) =>
      pacingSpend(cells, 0, PACING, trail, T0 + index * 1_000),
    );
    assert.equal(trail.spentAtMs.length, TRAIL_MAX);
    const before = cells[0];
    pacingRefund(cells, 0, PACING, trail, { dueMs: dues[0] ?? 0, spentAtMs: T0 });
    assert.equal(cells[0], before);
  });
});
