import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type Arrived, upstreamHeaders } from "./request-headers.ts";

const PEER = "203.0.113.9";

function forwarded(rawHeaders: readonly string[], changes: Partial<Arrived> = {}): readonly string[] {
  const connection = rawHeaders
    .filter((_, index) => rawHeaders[index - 1]?.toLowerCase() === "connection")
    .join(", ");
  const arrived: Arrived = {
    rawHeaders,
    connection: connection === "" ? undefined : connection,
    peer: PEER,
    isPeerTrusted: false,
    scheme: "http",
    host: "api.example",
    ...changes,
  };
  const flat = upstreamHeaders(arrived, [["TruLinks-User", "ada"]]);
  return flat.flatMap((name, index) => (index % 2 === 0 ? [`${name}: ${flat[index + 1]}`] : []));
}

const ALWAYS = [
  "X-Forwarded-Proto: http",
  "X-Forwarded-Host: api.example",
  "Via: 1.1 trulinks",
  "TruLinks-User: ada",
];
const ADDED = [`X-Forwarded-For: ${PEER}`, ...ALWAYS];

describe("what goes on to the upstream", () => {
  const stripped: readonly [string, readonly string[]][] = [
    ["an identity from outside", ["TruLinks-User", "eve"]],
    ["an identity in another case", ["tRuLiNkS-uSeR", "eve"]],
    ["an identity with underscores", ["TruLinks_User", "eve"]],
    ["an identity with mixed signs", ["trulinks-identity_x", "v1,0,x", "TRULINKS_IDENTITY", "v1,0,x"]],
    ["credentials that the platform issued", ["Authorization", "Bearer grant"]],
    ["the host that was asked for, which the upstream has not", ["Host", "api.example"]],
    ["an expectation, which the gateway answers", ["Expect", "100-continue"]],
    ["what belongs to the connection", ["Connection", "keep-alive", "Keep-Alive", "timeout=5"]],
    ["what Connection nominates, in any case", ["Connection", "X-Hop, close", "x-hOP", "1"]],
    ["what a second Connection nominates", ["Connection", "close", "Connection", "x-two", "X-Two", "2"]],
    [
      "codings and trailers of this hop",
      ["TE", "trailers", "Trailer", "X-Sum", "Transfer-Encoding", "chunked"],
    ],
    ["an upgrade", ["Upgrade", "h2c", "HTTP2-Settings", "AAMAAABkAAQCAAAAAAIAAAAA"]],
    [
      "what is meant for a proxy",
      ["Proxy-Authorization", "Basic x", "Proxy-Connection", "keep-alive", "proxy_x", "1"],
    ],
    [
      "a stranger's word on where it comes from",
      ["X-Forwarded-For", "1.1.1.1", "X-Forwarded-Proto", "https"],
    ],
    ["a stranger's word in underscores", ["X_Forwarded_For", "1.1.1.1", "x_real_ip", "1.1.1.1"]],
    ["a stranger's word in the standard's form", ["Forwarded", "for=1.1.1.1", "X-Real-IP", "1.1.1.1"]],
  ];
  for (const [reason, rawHeaders] of stripped) {
    test(`is not ${reason}`, () => assert.deepEqual(forwarded(rawHeaders), ADDED));
  }

  test("is everything else, in its order, its case and as often as it came", () => {
    const rawHeaders = ["aCCept", "*/*", "Cookie", "a=1", "X-Two", "1", "x-two", "2", "X-Under_Score", "1"];
    assert.deepEqual(forwarded(rawHeaders), [
      "aCCept: */*",
      "Cookie: a=1",
      "X-Two: 1",
      "x-two: 2",
      "X-Under_Score: 1",
      ...ADDED,
    ]);
  });

  test("nominating the gateway's own headers does not remove them", () => {
    assert.deepEqual(forwarded(["Connection", "TruLinks-User, X-Forwarded-For, Via"]), ADDED);
  });

  test("is a trusted proxy's word, with the proxy put behind it", () => {
    const rawHeaders = [
      ...["X-Forwarded-For", "9.9.9.9", "X-Forwarded-For", "8.8.8.8", "X-Forwarded-Proto", "https"],
      ...["X-Forwarded-Host", "public.example", "X-Forwarded-Port", "443", "x_forwarded_for", "6.6.6.6"],
    ];
    assert.deepEqual(forwarded(rawHeaders, { isPeerTrusted: true, peer: "10.0.0.1" }), [
      "X-Forwarded-Port: 443",
      "X-Forwarded-For: 9.9.9.9, 8.8.8.8, 10.0.0.1",
      "X-Forwarded-Proto: https",
      "X-Forwarded-Host: public.example",
      "Via: 1.1 trulinks",
      "TruLinks-User: ada",
    ]);
  });
});
