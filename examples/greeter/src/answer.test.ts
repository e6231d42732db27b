import assert from "node:assert/strict";
import { test } from "node:test";
import { problem } from "@trulinks/protocol";
import { ATTEMPTS_MAX, stepAfter } from "./answer.ts";
import type { JobStep } from "./jobs.ts";
import type { Answer } from "./trulinks.ts";

function answer(status: number, body: unknown = {}, headers: Record<string, string> = {}): Answer {
  return { status, body, headers: new Headers(headers) };
}
const secondary = { message: "You have exceeded a secondary rate limit." };

const CASES: readonly [promise: string, Answer | null, attempt: number, expected: Partial<JobStep>][] = [
  ["a comment that was made is over", answer(201), 1, { kind: "greeted" }],
  ["no answer is tried again", null, 1, { kind: "later", delayMs: 1_000, isNewKey: false }],
  ["each time after twice as long", null, 4, { kind: "later", delayMs: 8_000 }],
  ["but never longer than five minutes", null, 11, { kind: "later", delayMs: 300_000 }],
  ["and not for ever", null, ATTEMPTS_MAX, { kind: "given-up" }],
  [
    "Retry-After is waited for by the whole user",
    answer(429, {}, { "retry-after": "42" }),
    1,
    { kind: "user-later", delayMs: 42_000 },
  ],
  [
    "Retry-After is heeded under 403 and 503, too",
    answer(503, {}, { "retry-after": "3" }),
    1,
    { kind: "user-later", delayMs: 3_000 },
  ],
  [
    "a content limit names no time: a minute",
    answer(403, secondary),
    1,
    { kind: "user-later", delayMs: 60_000 },
  ],
  [
    "a scope that is missing is not asked for again",
    answer(403, problem("forbidden")),
    1,
    { kind: "given-up" },
  ],
  ["an issue that is gone is given up", answer(404, problem("not-found")), 1, { kind: "given-up" }],
  ["a validation error is not repeated", answer(422, problem("validation-failed")), 1, { kind: "given-up" }],
  [
    "a token may be replaced meanwhile",
    answer(401, problem("bad-credentials")),
    1,
    { kind: "later", delayMs: 1_000 },
  ],
  [
    "a fault of the server is tried again",
    answer(502),
    1,
    { kind: "later", delayMs: 1_000, isNewKey: false },
  ],
  [
    "the first request is waited for",
    answer(409, problem("idempotency-in-flight")),
    1,
    { kind: "later", isNewKey: false },
  ],
  [
    "an unknown outcome needs another key",
    answer(409, problem("idempotency-unknown")),
    1,
    { kind: "later", isNewKey: true },
  ],
];

for (const [promise, given, attempt, expected] of CASES) {
  test(promise, () => assert.partialDeepStrictEqual(stepAfter(given, attempt), expected));
}
