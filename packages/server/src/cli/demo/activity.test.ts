import assert from "node:assert/strict";
import { test } from "node:test";
import type { LogFields } from "../../base/log.ts";
import { count, createActivity, NO_ACTIVITY, type Tally } from "./activity.ts";

const request = { method: "POST", path: "/projects/1/issues", status: 201, duration_ms: 11.6 };
const attempt = {
  hook: "hok_01m84h3mx8r064y0nr0f5p42zc",
  event: "evt_1",
  outcome: "accepted",
  status: 202,
  duration_ms: 4,
};

const CASES: readonly [promise: string, event: string, fields: LogFields, expected: Partial<Tally>][] = [
  [
    "an admitted request is told",
    "request.admitted",
    request,
    { requests: 1, refused: 0, last: "POST /projects/1/issues 201 in 12 ms" },
  ],
  [
    "a refused request counts as both",
    "request.refused",
    { ...request, status: 429 },
    { requests: 1, refused: 1 },
  ],
  [
    "an event is told by its type",
    "event.accepted",
    { event: "evt_1", type: "issue.opened" },
    { events: 1, last: "issue.opened" },
  ],
  [
    "an accepted attempt is a delivery",
    "delivery.attempted",
    { ...attempt, type: "issue.opened" },
    { delivered: 1, failed: 0, last: "issue.opened → hok_01m84h3m… 202 in 4 ms" },
  ],
  [
    "an attempt without an answer tells its outcome",
    "delivery.attempted",
    { ...attempt, outcome: "connect", status: null },
    { delivered: 0, failed: 1, last: "a delivery → hok_01m84h3m… connect in 4 ms" },
  ],
  [
    "a path cannot steer the terminal",
    "request.refused",
    { ...request, path: "/\u001b[2J\r\n" },
    { last: "POST /?[2J?? 201 in 12 ms" },
  ],
];
for (const [promise, event, fields, expected] of CASES) {
  test(promise, () => assert.partialDeepStrictEqual(count(NO_ACTIVITY, event, fields), expected));
}

test("other lines of the log change nothing", () => {
  assert.equal(count(NO_ACTIVITY, "platform.started", {}), NO_ACTIVITY);
});

test("an attempt is told by the type of the event that was accepted before", () => {
  const activity = createActivity();
  let changes = 0;
  activity.onChange(() => changes++);
  activity.observe("event.accepted", { event: "evt_1", type: "issue.closed" });
  activity.observe("delivery.attempted", attempt);
  activity.observe("storage.swept", {});
  assert.equal(activity.tally().last, "issue.closed → hok_01m84h3m… 202 in 4 ms");
  assert.equal(changes, 2);
});
