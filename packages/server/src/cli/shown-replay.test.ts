import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { barText, choiceText, endText, type Progress, plainText, type ShownReplay } from "./shown-replay.ts";

const REPLAY: ShownReplay = {
  ...{
    id: "rpl_1",
    state: "running",
    hook: null,
    user: null,
    app: null,
    type: null,
    since: null,
    after: null,
  },
  ...{ states: ["failed"], per_s: null, total: 1_000, done: 0, skipped: 0 },
  ...{ created_at: "2026-11-23T08:00:00.000Z", ended_at: null },
};

const BARS: readonly (readonly [string, Partial<ShownReplay>, Partial<Progress>, string])[] = [
  ["at its beginning", {}, {}, `[${"-".repeat(40)}]   0%  0 of 1000 done`],
  [
    "half way, with what it takes yet",
    { done: 480, skipped: 20 },
    { watchedMs: 4_000, doneBefore: 80 },
    `[${"#".repeat(20)}${"-".repeat(20)}]  50%  480 of 1000 done, 20 skipped  100/s  5s left`,
  ],
  ["done", { done: 1_000, state: "done" }, { watchedMs: 500 }, `[${"#".repeat(40)}] 100%  1000 of 1000 done`],
  ["before all is counted", { total: null, done: 7 }, {}, "7 done, still counting"],
  ["of nothing", { total: 0 }, {}, `[${"#".repeat(40)}] 100%  0 of 0 done`],
  [
    "paused, it takes as long as somebody likes",
    { state: "paused", done: 250 },
    { watchedMs: 10_000 },
    `[${"#".repeat(10)}${"-".repeat(30)}]  25%  250 of 1000 done  paused`,
  ],
  [
    "that stands still says no time",
    { done: 5 },
    { doneBefore: 5, watchedMs: 9_000 },
    `[${"-".repeat(40)}]   0%  5 of 1000 done  0/s`,
  ],
  [
    "on a narrow terminal is shorter",
    { done: 500 },
    { width: 40 },
    `[${"#".repeat(7)}${"-".repeat(7)}]  50%  500 of 1000 done`,
  ],
  ["on a very narrow one is its text", { done: 500 }, { width: 24 }, " 50%  500 of 1000 done"],
  ["and never longer than a line", { done: 500 }, { width: 12 }, " 50%  500 o"],
];

describe("the bar of a replay", () => {
  for (const [why, replay, progress, text] of BARS) {
    test(why, () => {
      const width = progress.width ?? 120;
      const bar = barText({
        doneBefore: 0,
        watchedMs: 0,
        width,
        ...progress,
        replay: { ...REPLAY, ...replay },
      });
      assert.equal(bar, text);
      assert.ok(bar.length < width);
    });
  }
});

test("a replay in words", () => {
  assert.equal(plainText({ ...REPLAY, done: 3, skipped: 1 }), "3 of 1000 done, 1 skipped");
  assert.equal(
    endText({ ...REPLAY, state: "done", done: 1 }),
    "Replay rpl_1 is done: 1 delivery is on the way again.",
  );
  assert.equal(
    endText({ ...REPLAY, state: "cancelled", done: 2, skipped: 4 }),
    "Replay rpl_1 is cancelled: 2 deliveries are on the way again, 4 skipped.",
  );
  const chosen = { hook: "h", user: "u", app: "a", type: "t", since: "s", after: 0 };
  assert.equal(
    choiceText({ ...REPLAY, ...chosen, states: ["failed", "expired"] }),
    "failed expired, hook h, user u, app a, type t, since s, after number 0",
  );
});
