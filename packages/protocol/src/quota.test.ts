import assert from "node:assert/strict";
import { test } from "node:test";
import { type Quota, quotaBody, quotaHeaders, secondsUntil } from "./quota.ts";

const NOW_MS = 1_795_593_600_000;
const quota: Quota = {
  resource: "core",
  limit: 5_000,
  used: 12,
  remaining: 4_988,
  windowS: 3_600,
  resetMs: NOW_MS + 90_001,
};

test("a quota is told as GitHub does and as the IETF's draft does", () => {
  assert.deepEqual(quotaHeaders(quota, NOW_MS), [
    ["X-RateLimit-Limit", "5000"],
    ["X-RateLimit-Remaining", "4988"],
    ["X-RateLimit-Used", "12"],
    ["X-RateLimit-Reset", "1795593691"],
    ["X-RateLimit-Resource", "core"],
    ["RateLimit", '"core";r=4988;t=91'],
    ["RateLimit-Policy", '"core";q=5000;w=3600'],
  ]);
});

test("the body of GET /rate_limit has the same numbers", () => {
  assert.deepEqual(quotaBody(quota), { limit: 5_000, used: 12, remaining: 4_988, reset: 1_795_593_691 });
});

const waits: readonly [string, number, number][] = [
  ["a millisecond to wait is a second, never none", 1, 1],
  ["a whole second stays one", 1_000, 1],
  ["a bit more than a second is two", 1_001, 2],
  ["nothing to wait is none", 0, 0],
  ["what is over is none", -5_000, 0],
];

for (const [name, waitMs, seconds] of waits) {
  test(name, () => assert.equal(secondsUntil(NOW_MS + waitMs, NOW_MS), seconds));
}
