import assert from "node:assert/strict";
import { test } from "node:test";
import { type Outcome, outcomeOfStatus, unansweredBy } from "./outcome.ts";

test("a status says what the receiver will do", () => {
  const cases: readonly (readonly [string, number, number | null, Outcome])[] = [
    ["200 accepts", 200, null, { kind: "accepted", status: 200 }],
    ["every 2xx accepts", 299, null, { kind: "accepted", status: 299 }],
    ["422 declines for good", 422, null, { kind: "rejected", status: 422 }],
    ["redirects are not followed", 301, null, { kind: "refused", status: 301, retryAfterMs: null }],
    [
      "410 is refused; the retry policy knows it",
      410,
      null,
      { kind: "refused", status: 410, retryAfterMs: null },
    ],
    ["429 says when to come back", 429, 9_000, { kind: "refused", status: 429, retryAfterMs: 9_000 }],
    ["503 says when to come back", 503, 9_000, { kind: "refused", status: 503, retryAfterMs: 9_000 }],
    ["elsewhere it is not heeded", 500, 9_000, { kind: "refused", status: 500, retryAfterMs: null }],
  ];
  for (const [why, status, retryAfterMs, expected] of cases) {
    assert.deepEqual(outcomeOfStatus(status, retryAfterMs), expected, why);
  }
});

test("an error's code says why no answer came", () => {
  const cases: readonly (readonly [string, string])[] = [
    ["NAME_NOT_FOUND", "dns"],
    ["PROXY_FAILED", "proxy"],
    ["ECONNREFUSED", "connect"],
    ["ENETUNREACH", "connect"],
    ["CERT_HAS_EXPIRED", "tls-expired"],
    ["CERT_NOT_YET_VALID", "tls-expired"],
    ["ERR_TLS_CERT_ALTNAME_INVALID", "tls-host"],
    ["DEPTH_ZERO_SELF_SIGNED_CERT", "tls-untrusted"],
    ["UNABLE_TO_VERIFY_LEAF_SIGNATURE", "tls-untrusted"],
    ["ERR_SSL_WRONG_VERSION_NUMBER", "tls"],
    ["EPROTO", "tls"],
    ["ECONNRESET", "reset"],
    ["EPIPE", "reset"],
    ["UND_ERR_SOCKET", "reset"],
    ["", "reset"],
    ["HPE_INVALID_CONSTANT", "garbled"],
    ["UNEXPECTED_ANSWER", "garbled"],
    ["UND_ERR_HEADERS_OVERFLOW", "too-large"],
    ["BLOCKED_ADDRESS", "blocked-address"],
  ];
  for (const [code, expected] of cases) assert.equal(unansweredBy(code), expected, code);
});
