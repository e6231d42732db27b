import assert from "node:assert/strict";
import { test } from "node:test";
import { parseRetryAfterMs } from "./retry-after.ts";

const NOW_MS = Date.UTC(2026, 10, 23, 8, 0, 0);

test("Retry-After is whole seconds or a date", () => {
  const cases: readonly (readonly [string, string | undefined, number | null])[] = [
    ["absent", undefined, null],
    ["seconds", "120", 120_000],
    ["zero", "0", 0],
    ["space around", " 7 ", 7_000],
    ["a date to come", "Mon, 23 Nov 2026 08:00:30 GMT", 30_000],
    ["a date gone by", "Mon, 23 Nov 2026 07:00:00 GMT", 0],
    ["a fraction", "1.5", null],
    ["a negative number", "-5", null],
    ["another form of date", "2026-11-23T08:00:30Z", null],
    ["a date that is none", "Mon, 99 Nov 2026 08:00:30 GMT", null],
    ["empty", "", null],
    ["words", "soon", null],
  ];
  for (const [why, value, expected] of cases) assert.equal(parseRetryAfterMs(value, NOW_MS), expected, why);
});
