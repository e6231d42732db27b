import assert from "node:assert/strict";
import { test } from "node:test";
import { afterAttempt, type Next, RETRY_AFTER_MS_MAX, type RetryFacts } from "./retry.ts";

const SCHEDULE_S = [5, 300];
const NOW_MS = 1_000_000;
const accepted: RetryFacts["outcome"] = { kind: "accepted", status: 200 };
const broken: RetryFacts["outcome"] = { kind: "reset" };
const refused = (status: number, retryAfterMs: number | null = null): RetryFacts["outcome"] => ({
  kind: "refused",
  status,
  retryAfterMs,
});

test("what becomes of a delivery after an attempt", () => {
  const cases: readonly (readonly [string, Partial<RetryFacts> & Pick<RetryFacts, "outcome">, Next])[] = [
    ["2xx ends it", { outcome: accepted }, { kind: "delivered" }],
    ["422 ends it", { outcome: { kind: "rejected", status: 422 } }, { kind: "rejected" }],
    ["410 ends it and its hook", { outcome: refused(410) }, { kind: "failed", because: "gone" }],
    ["the first delay", { outcome: broken }, { kind: "retry", atMs: NOW_MS + 5_000 }],
    ["the second delay", { outcome: broken, attempt: 2 }, { kind: "retry", atMs: NOW_MS + 300_000 }],
    ["jitter adds at most a tenth", { outcome: broken, chance: 1 }, { kind: "retry", atMs: NOW_MS + 5_500 }],
    [
      "after the last delay it has failed",
      { outcome: broken, attempt: 3 },
      { kind: "failed", because: "attempts-exhausted" },
    ],
    [
      "a hook may want no retries",
      { outcome: broken, retries: "none" },
      { kind: "failed", because: "no-retries" },
    ],
    [
      "a hook without retries is gone, too",
      { outcome: refused(410), retries: "none" },
      { kind: "failed", because: "gone" },
    ],
    [
      "the receiver may ask for longer",
      { outcome: refused(429, 60_000) },
      { kind: "retry", atMs: NOW_MS + 60_000 },
    ],
    [
      "the receiver may not ask for shorter",
      { outcome: refused(503, 10) },
      { kind: "retry", atMs: NOW_MS + 5_000 },
    ],
    [
      "nor for more than a day",
      { outcome: refused(429, 10 * RETRY_AFTER_MS_MAX) },
      { kind: "retry", atMs: NOW_MS + RETRY_AFTER_MS_MAX },
    ],
    [
      "a 2xx without proof is tried again",
      { outcome: { kind: "unproven", status: 200 } },
      { kind: "retry", atMs: NOW_MS + 5_000 },
    ],
    [
      "a retry may be the last thing that its time allows",
      { outcome: broken, retryUntilMs: NOW_MS + 5_000 },
      { kind: "retry", atMs: NOW_MS + 5_000 },
    ],
    [
      "what would be tried after its time is tried no more",
      { outcome: broken, retryUntilMs: NOW_MS + 4_999 },
      { kind: "failed", because: "attempts-exhausted" },
    ],
    [
      "nor does the receiver move that time",
      { outcome: refused(429, 60_000), retryUntilMs: NOW_MS + 59_999 },
      { kind: "failed", because: "attempts-exhausted" },
    ],
  ];
  for (const [why, facts, expected] of cases) {
    const next = afterAttempt(SCHEDULE_S, {
      attempt: 1,
      retries: "default",
      retryUntilMs: null,
      nowMs: NOW_MS,
      chance: 0,
      ...facts,
    });
    assert.deepEqual(next, expected, why);
  }
});
