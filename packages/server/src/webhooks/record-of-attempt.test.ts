import assert from "node:assert/strict";
import { test } from "node:test";
import { MASKED, recordOf, withoutSecrets } from "./record-of-attempt.ts";

const SECRETS = [
  ...["set-cookie", "Set-Cookie2", "cookie", "authorization", "Proxy-Authorization", "authentication-info"],
  ...["x-api-key", "apikey", "x-auth-token", "x-amz-security-token", "x-csrf-token", "x-csrftoken"],
  ...["x-access-key", "client-secret", "x-session-id", "x-password", "x_refresh_token", "x-credentials"],
];
const OTHERS = [
  ...["content-type", "date", "server", "x-request-id", "retry-after", "etag", "www-authenticate"],
  ...["x-keyboard", "x-author", "cookieless", "x-monkey", "x-powered-by", "keep-alive"],
];

test("what opens a receiver's doors is masked in the record, and nothing else of its answer", () => {
  for (const name of SECRETS) assert.deepEqual(withoutSecrets([[name, "s3cret"]]), [[name, MASKED]], name);
  const others = OTHERS.map((name) => [name, "v"] as const);
  assert.deepEqual(withoutSecrets(others), others);
  assert.deepEqual(
    withoutSecrets([
      ["date", "now"],
      ["set-cookie", "sid=1"],
      ["set-cookie", "b=2"],
    ]),
    [
      ["date", "now"],
      ["set-cookie", MASKED],
      ["set-cookie", MASKED],
    ],
  );
});

const message = { headers: [["webhook-id", "dlv_1"]] as const, view: null };
const outcome = { kind: "accepted", status: 200 } as const;
const answer = { status: 200, headers: [["set-cookie", "sid=1"]] as const, body: "fine" };
const timings = { firstByteMs: 8.4, totalMs: 9.6 };

test("the record has the stages of the attempt in whole milliseconds, as far as it came", () => {
  for (const [connected, expected] of [
    [
      { dnsMs: 1.4, connectMs: 2.5, tlsMs: 3.6 },
      { dnsMs: 1, connectMs: 3, tlsMs: 4 },
    ],
    [
      { dnsMs: 1.4, connectMs: null, tlsMs: null },
      { dnsMs: 1, connectMs: null, tlsMs: null },
    ],
    [null, { dnsMs: null, connectMs: null, tlsMs: null }],
    [undefined, { dnsMs: null, connectMs: null, tlsMs: null }],
  ] as const) {
    const posted = {
      outcome,
      answer,
      timings,
      detail: null,
      ...(connected === undefined ? {} : { connected }),
    };
    const { timings: kept } = recordOf({ attempt: 1 }, 5, message, posted);
    assert.deepEqual(kept, { ...expected, firstByteMs: 8, totalMs: 10 });
  }
});

test("the record has what was sent and answered; null where no answer came", () => {
  const posted = { outcome, answer, timings, detail: null };
  assert.deepEqual(recordOf({ attempt: 3 }, 5, message, posted), {
    ...{ number: 3, atMs: 5, outcome: "accepted", status: 200, guideline: null },
    timings: { dnsMs: null, connectMs: null, tlsMs: null, firstByteMs: 8, totalMs: 10 },
    exchange: {
      requestHeaders: message.headers,
      answerHeaders: [["set-cookie", MASKED]],
      answerBody: "fine",
    },
  });
  const late = { outcome: { kind: "deadline" } as const, answer: null, timings, detail: "late" };
  const { exchange, status, guideline } = recordOf({ attempt: 3 }, 5, message, late);
  assert.deepEqual([exchange?.answerHeaders, exchange?.answerBody], [null, null]);
  assert.deepEqual([status, guideline], [null, "ack-deadline"]);
});
