import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { answerHeaders, gatewayHeaders } from "./answer-headers.ts";

const OWN = [["X-RateLimit-Limit", "60"]] as const;

describe("what goes back to the caller", () => {
  const cases: readonly [string, readonly string[], readonly string[]][] = [
    [
      "repeats what the upstream repeats",
      ["Set-Cookie", "a=1", "Set-Cookie", "b=2"],
      ["Set-Cookie", "a=1", "Set-Cookie", "b=2"],
    ],
    [
      "has no header of the connection behind",
      ["Connection", "close, X-Hop", "X-Hop", "1", "Keep-Alive", "timeout=5"],
      [],
    ],
    [
      "has no coding of the connection behind",
      ["Transfer-Encoding", "chunked", "Trailer", "X-Sum", "Upgrade", "h2"],
      [],
    ],
    [
      "has no upstream's quota",
      ["x-ratelimit-limit", "1", "X-RateLimit-Foo", "1", "RateLimit", "x", "ratelimit-policy", "y"],
      [],
    ],
    ["has no upstream's identity", ["TruLinks-Request", "forged", "trulinks-user", "eve"], []],
    [
      "has no second word on who may read",
      ["Access-Control-Allow-Origin", "https://a.example", "Access-Control-Allow-Credentials", "true"],
      [],
    ],
    [
      "keeps length, type and date",
      ["Content-Length", "5", "Content-Type", "a/b", "Date", "x"],
      ["Content-Length", "5", "Content-Type", "a/b", "Date", "x"],
    ],
    ["keeps a wait that the upstream asks for", ["Retry-After", "7"], ["Retry-After", "7"]],
  ];
  for (const [reason, upstream, expected] of cases) {
    test(reason, () =>
      assert.deepEqual(answerHeaders(upstream, OWN), [...expected, "X-RateLimit-Limit", "60"]),
    );
  }

  test("lets scripts read the quota, and what the upstream lets them read", () => {
    const headers = answerHeaders(
      ["Access-Control-Expose-Headers", "X-Total"],
      gatewayHeaders("req_1", null, 0),
    );
    const exposed = headers[headers.indexOf("Access-Control-Expose-Headers") + 1];
    assert.match(exposed ?? "", /X-RateLimit-Remaining.*Retry-After.*TruLinks-Request, X-Total$/);
    assert.equal(headers.filter((name) => name === "Access-Control-Expose-Headers").length, 1);
    assert.equal(headers[headers.indexOf("Access-Control-Allow-Origin") + 1], "*");
  });
});
