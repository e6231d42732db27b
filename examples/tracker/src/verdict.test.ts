import assert from "node:assert/strict";
import { test } from "node:test";
import { problem } from "@trulinks/protocol";
import type { Call } from "./outbox.ts";
import { type CallOutcome, judge, type Verdict } from "./verdict.ts";

const post: Call = { position: 1, method: "POST", path: "/v1/events", body: "{}", traceparent: null };
const remove: Call = {
  position: 1,
  method: "DELETE",
  path: "/v1/groups/project:1/users/ada",
  body: null,
  traceparent: null,
};

function answered(status: number, body: unknown = null, retryAfterS: number | null = null): CallOutcome {
  return { kind: "answered", status, body, retryAfterS };
}

const CASES: readonly [string, Call, CallOutcome, Verdict["kind"], delayMs?: number | null][] = [
  ["an accepted event has left", post, answered(202), "done"],
  ["a refused event is set aside", post, answered(422, problem("no-recipient")), "refused"],
  ["an event that is too large is set aside", post, answered(413, problem("too-large")), "refused"],
  ["a 404 from something that is not TruLinks waits", post, answered(404, "<html>"), "later", null],
  [
    "a wrong operator key is no fault of the event",
    post,
    answered(401, problem("operator-key-required")),
    "later",
    null,
  ],
  ["Retry-After is heeded", post, answered(503, problem("unavailable"), 7), "later", 7_000],
  ["a rate limit is waited for", post, answered(429, problem("rate-limited"), 1), "later", 1_000],
  ["a fault of TruLinks waits", post, answered(500, problem("internal")), "later", null],
  ["a redirect is not followed", post, answered(302), "later", null],
  ["no answer waits", post, { kind: "unanswered", reason: "ECONNREFUSED" }, "later", null],
  ["removing who is not there is done", remove, answered(404, problem("not-found")), "done"],
];

for (const [promise, call, outcome, kind, delayMs] of CASES) {
  test(promise, () => {
    const verdict = judge(call, outcome);
    assert.equal(verdict.kind, kind);
    if (verdict.kind === "later") assert.equal(verdict.delayMs, delayMs);
  });
}

test("the reason names every flaw that TruLinks pointed at", () => {
  const error = {
    resource: "Event",
    field: "type",
    code: "invalid",
    message: "must be dotted words",
    pointer: "/type",
  } as const;
  const verdict = judge(post, answered(422, problem("validation-failed", { errors: [error] })));
  assert.match(verdict.kind === "refused" ? verdict.reason : "", /\/type: must be dotted words/);
});
