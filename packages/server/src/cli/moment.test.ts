import assert from "node:assert/strict";
import { test } from "node:test";
import { CommandFailed } from "./command-io.ts";
import { agoText, durationText, parseMoment, untilText } from "./moment.ts";

const NOW_MS = Date.parse("2026-11-23T12:00:00.000Z");

for (const [text, time] of [
  ["90s", "2026-11-23T11:58:30.000Z"],
  ["15m", "2026-11-23T11:45:00.000Z"],
  ["2h", "2026-11-23T10:00:00.000Z"],
  ["3d", "2026-11-20T12:00:00.000Z"],
  ["2026-11-23T08:00:00Z", "2026-11-23T08:00:00.000Z"],
  ["2026-11-23T08:00:00+02:00", "2026-11-23T06:00:00.000Z"],
  ["2026-11-23", "2026-11-23T00:00:00.000Z"],
] as const) {
  test(`${text} is ${time}`, () => assert.equal(parseMoment(text, "--after", NOW_MS), time));
}

for (const text of ["", "now", "2", "2w", "-2h", "1234567d", "2026-13-01", "12:00"]) {
  test(`"${text}" is no time, and the message says what is`, () => {
    assert.throws(
      () => parseMoment(text, "--after", NOW_MS),
      (error) =>
        error instanceof CommandFailed &&
        error.message.startsWith(`--after is "${text}". Expected how long ago (90s, 15m, 2h, 3d), or a time`),
    );
  });
}

for (const [durationMs, text] of [
  [-5_000, "0s"],
  [0, "0s"],
  [59_999, "59s"],
  [60_000, "1m"],
  [3_599_999, "59m"],
  [3_600_000, "1h"],
  [86_399_999, "23h"],
  [86_400_000, "1d"],
  [9_000_000_000, "104d"],
] as const) {
  test(`${durationMs} ms are ${text}`, () => assert.equal(durationText(durationMs), text));
}

test("a time is told by how far it is away", () => {
  assert.equal(agoText("2026-11-23T11:00:00.000Z", NOW_MS), "1h");
  assert.equal(untilText("2026-11-23T12:04:30.000Z", NOW_MS), "in 4m");
  assert.equal(untilText("2026-11-23T12:00:00.999Z", NOW_MS), "now");
  assert.equal(untilText("2026-11-23T11:00:00.000Z", NOW_MS), "now");
});
