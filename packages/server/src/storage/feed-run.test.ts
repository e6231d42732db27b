import assert from "node:assert/strict";
import { test } from "node:test";
import { feedRun, withinBytes } from "./feed-run.ts";

const rowsOf = (...sequences: readonly number[]) => sequences.map((sequence) => ({ sequence }));

const RUNS: readonly (readonly [
  why: string,
  kept: readonly number[],
  asked: { readonly after: number | null; readonly newest: number },
  expected: readonly number[] | "behind",
  oldest?: number,
])[] = [
  ["all that follows", [3, 4, 5], { after: 2, newest: 5 }, [3, 4, 5]],
  ["it ends before a hole", [3, 4, 6, 7], { after: 2, newest: 7 }, [3, 4]],
  ["what was asked for is gone, something after it is there", [6, 7], { after: 2, newest: 7 }, "behind", 6],
  ["what was asked for is gone, and all after it", [], { after: 2, newest: 7 }, "behind", 8],
  ["the last one is gone", [], { after: 6, newest: 7 }, "behind", 8],
  ["there is nothing newer", [], { after: 7, newest: 7 }, []],
  ["beyond the newest there is nothing to be gone", [], { after: 9, newest: 7 }, []],
  ["from the oldest that is kept", [6, 7], { after: null, newest: 7 }, [6, 7]],
  ["from the oldest, up to a hole", [3, 6, 7], { after: null, newest: 7 }, [3]],
  ["nothing is kept", [], { after: null, newest: 7 }, []],
  ["nothing ever came", [], { after: 0, newest: 0 }, []],
];

for (const [why, kept, asked, expected, oldest] of RUNS) {
  test(`what can be read at once: ${why}`, () => {
    const run =
      expected === "behind" ? { kind: "behind", oldest } : { kind: "run", rows: rowsOf(...expected) };
    assert.deepEqual(feedRun(rowsOf(...kept), asked), run);
  });
}

const SIZES: readonly (readonly [why: string, sizes: readonly number[], bytesMax: number, count: number])[] =
  [
    ["all are within the bound", [1, 2, 3], 6, 3],
    ["the last one is a byte too much", [1, 2, 3], 5, 2],
    ["the first comes whatever its size", [9, 1], 5, 1],
    ["what has no bytes comes along", [5, 0, 0, 1], 5, 3],
    ["none", [], 5, 0],
  ];

for (const [why, sizes, bytesMax, count] of SIZES) {
  test(`how much may be read at once: ${why}`, () => {
    const rows = sizes.map((bytes, index) => ({ bytes, index }));
    assert.deepEqual(withinBytes(rows, bytesMax), rows.slice(0, count));
  });
}
