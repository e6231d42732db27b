import assert from "node:assert/strict";
import { test } from "node:test";
import { createPatience, type Worth } from "./patience.ts";

test("how long it takes until it is worth asking again", () => {
  const cases: readonly (readonly [string, readonly Worth[], number])[] = [
    ["at once at first", [], 0],
    ["at once after a useful answer", ["useful"], 0],
    ["a useless one costs a little", ["useless"], 10],
    ["and each further one twice that", ["useless", "useless", "useless"], 40],
    ["up to a bound", Array.from({ length: 20 }, () => "useless" as const), 1_000],
    ["a useful one mends it", ["useless", "useless", "useful"], 0],
    ["and then it begins anew", ["useless", "useless", "useful", "useless"], 10],
    ["for news it takes a fifth of the time", ["news", "news"], 12],
  ];
  for (const [why, answers, pauseMs] of cases) {
    const patience = createPatience();
    let nowMs = 0;
    for (const worth of answers) {
      nowMs += 10_000;
      patience.note({ worth, tookMs: 3 }, nowMs);
    }
    assert.ok(patience.isOver(nowMs + pauseMs), why);
    if (pauseMs > 0) assert.ok(!patience.isOver(nowMs + pauseMs - 1), why);
  }
});
