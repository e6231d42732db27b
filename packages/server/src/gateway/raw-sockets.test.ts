/** Bytes as nobody well-meaning sends them, each with the answer that is owed: smuggled, injected, oversized, cut off. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { ask, askRaw, quotasOf, startGateway, type TestGateway } from "./gateway-fixtures.contract.ts";
import { issuesDocument } from "./issues-document.contract.ts";
import { readOpenapi } from "./openapi-document.ts";
import { createRouter } from "./operation-router.ts";
import { type Recorded, startUpstream, type Upstream } from "./upstream-fixtures.contract.ts";

const HOST = "Host: api.example\r\n";
const AS = `${HOST}Authorization: Bearer grant\r\n`;
const JSON_TYPE = "Content-Type: application/json\r\n";
const CLOSE = "Connection: close\r\n";
const get = (path: string, headers = ""): string => `GET ${path} HTTP/1.1\r\n${AS}${CLOSE}${headers}\r\n`;
const post = (body: string, headers = JSON_TYPE): string =>
  `POST /issues HTTP/1.1\r\n${AS}${CLOSE}${headers}Content-Length: ${body.length}\r\n\r\n${body}`;
const chunked = (chunks: string, headers = JSON_TYPE): string =>
  `POST /issues HTTP/1.1\r\n${AS}${CLOSE}${headers}Transfer-Encoding: chunked\r\n\r\n${chunks}`;
const SMUGGLED = `GET /issues/666 HTTP/1.1\r\n${AS}\r\n`;

interface Case {
  readonly because: string;
  readonly bytes: string;
  /** Of every answer, in order. */
  readonly statuses: readonly number[];
  /** Targets that reach the upstream. */
  readonly reached?: readonly string[];
}

const FRAMING: readonly Case[] = [
  {
    because: "a body that is longer than its length is another request, and is answered as one",
    bytes: post('{"title":"a"}').replace(CLOSE, "") + get("/issues"),
    statuses: [200, 200],
    reached: ["/issues", "/issues"],
  },
  {
    because: "a request within a body stays a body",
    bytes: post(`{"title":${JSON.stringify(SMUGGLED)}}`),
    statuses: [200],
    reached: ["/issues"],
  },
  {
    because: "a length of nought before a request is no body",
    bytes: `${post("", "").replace(CLOSE, "")}${get("/issues")}`,
    statuses: [422, 200],
    reached: ["/issues"],
  },
  {
    because: "a GET with a body smuggles nothing",
    bytes: `GET /issues HTTP/1.1\r\n${AS}${CLOSE}Content-Length: ${SMUGGLED.length}\r\n\r\n${SMUGGLED}`,
    statuses: [200],
    reached: ["/issues"],
  },
  {
    because: "chunks make one body",
    bytes: chunked('5\r\n{"tit\r\n8\r\nle":"a"}\r\n0\r\n\r\n'),
    statuses: [200],
    reached: ["/issues"],
  },
  {
    because: "a chunk with an extension is read like one without",
    bytes: chunked('d;a="b"\r\n{"title":"a"}\r\n0\r\n\r\n'),
    statuses: [200],
    reached: ["/issues"],
  },
  {
    because: "trailers are dropped",
    bytes: chunked('d\r\n{"title":"a"}\r\n0\r\nTruLinks-User: root\r\n\r\n'),
    statuses: [200],
    reached: ["/issues"],
  },
  {
    because: "a chunk with a sign is none",
    bytes: chunked('+d\r\n{"title":"a"}\r\n0\r\n\r\n'),
    statuses: [400],
  },
  {
    because: "a chunk below nought is none",
    bytes: chunked('-1\r\n{"title":"a"}\r\n0\r\n\r\n'),
    statuses: [400],
  },
  { because: "a chunk in 0x is none", bytes: chunked('0xd\r\n{"title":"a"}\r\n0\r\n\r\n'), statuses: [400] },
  {
    because: "a chunk beyond every number is none",
    bytes: chunked("ffffffffffffffffff\r\n"),
    statuses: [400],
  },
  {
    because: "a chunk without its end is none",
    bytes: chunked('d\r\n{"title":"a"}XX0\r\n\r\n'),
    statuses: [400],
  },
  {
    because: "chunks that end with a bare line feed are none",
    bytes: chunked('d\n{"title":"a"}\n0\n\n'),
    statuses: [400],
  },
  {
    because: "a coding in capitals is the same coding",
    bytes: chunked('d\r\n{"title":"a"}\r\n0\r\n\r\n').replace(": chunked", ": Chunked"),
    statuses: [200],
    reached: ["/issues"],
  },
  {
    because: "identity is a coding that nobody undoes",
    bytes: chunked("").replace(": chunked", ": identity"),
    statuses: [400],
  },
  {
    because: "a length with a blank in it is none",
    bytes: `POST /issues HTTP/1.1\r\n${AS}Content-Length: 1 3\r\n\r\n{"title":"a"}`,
    statuses: [400],
  },
  {
    because: "HTTP/1.0 with chunks is refused",
    bytes: `POST /issues HTTP/1.0\r\n${AS}${JSON_TYPE}Transfer-Encoding: chunked\r\n\r\nd\r\n{"title":"a"}\r\n0\r\n\r\n${SMUGGLED}`,
    statuses: [400],
  },
];

const INJECTED: readonly Case[] = [
  {
    because: "an identity that a caller claims",
    bytes: get("/issues", "TruLinks-User: root\r\nTruLinks-Identity: v1,1,x\r\n"),
    statuses: [200],
    reached: ["/issues"],
  },
  {
    because: "the same with underscores",
    bytes: get("/issues", "TruLinks_User: root\r\ntrulinks_Identity: v1,1,x\r\n"),
    statuses: [200],
    reached: ["/issues"],
  },
  {
    because: "an address that a caller claims",
    bytes: get(
      "/issues",
      "X-Forwarded-For: 6.6.6.6\r\nX_Forwarded_For: 6.6.6.6\r\nForwarded: for=6.6.6.6\r\nX-Real-IP: 6.6.6.6\r\n",
    ),
    statuses: [200],
    reached: ["/issues"],
  },
  {
    because: "a `Connection` that would strip what the gateway says",
    bytes: get("/issues", "Connection: TruLinks-User, TruLinks-Identity, X-Forwarded-For\r\n"),
    statuses: [200],
    reached: ["/issues"],
  },
  {
    because: "a break in a target",
    bytes: get("/issues?a=%0d%0aTruLinks-User:%20root"),
    statuses: [200],
    reached: ["/issues?a=%0d%0aTruLinks-User:%20root"],
  },
  { because: "a break in a parameter of the path", bytes: get("/issues/1%0d%0aX:1"), statuses: [422] },
  {
    because: "a `Host` with a break",
    bytes: `GET /issues HTTP/1.1\r\nHost: a\rX-A: 1\r\n\r\n`,
    statuses: [400],
  },
  {
    because: "two credentials",
    bytes: get("/issues", "Authorization: Bearer user\r\n"),
    statuses: [200],
    reached: ["/issues"],
  },
];

const PATHS: readonly Case[] = [
  { because: "two dots", bytes: get("/issues/../admin"), statuses: [400] },
  { because: "two dots, encoded", bytes: get("/issues/%2e%2e/admin"), statuses: [400] },
  { because: "two dots behind an encoded slash", bytes: get("/issues/1%2f..%2f..%2fadmin"), statuses: [400] },
  { because: "two dots behind a backslash", bytes: get("/issues/1\\..\\admin"), statuses: [400] },
  { because: "a stray percent sign", bytes: get("/issues/%zz"), statuses: [400] },
  { because: "a NUL, encoded", bytes: get("/issues/1%00"), statuses: [422] },
  { because: "UTF-8 that is none", bytes: get("/issues/%ff"), statuses: [400] },
  { because: "an encoding of an encoding", bytes: get("/issues/%252e%252e"), statuses: [422] },
  {
    because: "an absolute target of another host",
    bytes: get("http://169.254.169.254/issues"),
    statuses: [200],
    reached: ["/issues"],
  },
  { because: "a target of another scheme", bytes: get("ftp://a/issues"), statuses: [400] },
];

const BODIES: readonly Case[] = [
  {
    because: "one that says that it is too large",
    bytes: `POST /issues HTTP/1.1\r\n${AS}${JSON_TYPE}Content-Length: 2000\r\n\r\n`,
    statuses: [413],
  },
  {
    because: "one that grows too large in chunks",
    bytes: chunked(`${"400\r\n".padEnd(5)}${"x".repeat(1_024)}\r\n`.repeat(3)),
    statuses: [413],
  },
  {
    because: "a member called __proto__",
    bytes: post('{"title":"a","__proto__":{"admin":true}}'),
    statuses: [422],
  },
  {
    because: "a member called constructor where none may be",
    bytes: post('{"title":"a","constructor":{}}'),
    statuses: [422],
  },
  { because: "a number beyond every number", bytes: post('{"title":"a","priority":1e999}'), statuses: [422] },
  {
    because: "a byte order mark",
    bytes: post('\xef\xbb\xbf{"title":"a"}'),
    statuses: [200],
    reached: ["/issues"],
  },
  { because: "UTF-8 that is none", bytes: post('{"title":"\xc0\xaf"}'), statuses: [400] },
  { because: "NaN", bytes: post('{"title":"a","priority":NaN}'), statuses: [400] },
  { because: "a comment", bytes: post('{"title":"a"/**/}'), statuses: [400] },
  { because: "two values", bytes: post('{"title":"a"}{}'), statuses: [400] },
  { because: "nothing but blanks", bytes: post("   "), statuses: [400] },
  {
    because: "a text that makes a pattern backtrack",
    bytes: post(`{"title":"a","labels":["${"a-".repeat(9)}!"]}`),
    statuses: [422],
  },
];

describe("raw bytes:", () => {
  let upstream: Upstream;
  let gateway: TestGateway;
  before(async () => {
    upstream = await startUpstream();
    const read = readOpenapi(issuesDocument());
    assert.ok(read.kind === "operations");
    const quotas = quotasOf({ anonymous: { limit: 10_000, window_s: 3_600 } });
    const findOperation = createRouter(read.routed);
    gateway = await startGateway(upstream.url, { findOperation, quotas, judgedBytesMax: 1_000 });
  });
  after(async () => {
    await gateway[Symbol.asyncDispose]();
    await upstream[Symbol.asyncDispose]();
  });

  async function send({ bytes, statuses, reached = [] }: Case): Promise<readonly Recorded[]> {
    const seen = upstream.requests.length;
    const owed = new RegExp(`(HTTP/1\\.1 \\d{3}[^]*?\\r\\n\\r\\n[^]*?\\}[^]*?){${statuses.length}}$`);
    const answer = await askRaw(gateway, bytes, bytes.includes(CLOSE) ? undefined : owed);
    const told = [...answer.matchAll(/HTTP\/1\.1 (\d{3})/g)].map(([, status]) => Number(status));
    assert.deepEqual(told, statuses, answer);
    const requests = upstream.requests.slice(seen);
    assert.deepEqual(
      requests.map(({ url }) => url),
      reached,
    );
    const next = await ask(gateway, { path: "/issues?limit=1" });
    assert.equal(next.status, 200, "the server goes on");
    return requests;
  }

  for (const [kind, cases] of [
    ["framing", FRAMING],
    ["paths", PATHS],
    ["bodies", BODIES],
  ] as const) {
    describe(kind, () => {
      for (const one of cases) test(one.because, async () => void (await send(one)));
    });
  }

  describe("injected, and none of it is believed", () => {
    for (const one of INJECTED) {
      test(one.because, async () => {
        for (const { headers } of await send(one)) {
          assert.equal(headers["trulinks-user"], "ada");
          assert.match(String(headers["trulinks-identity"]), /^v1,\d+,[A-Za-z0-9+/]{43}=$/);
          assert.equal(headers["x-forwarded-for"], "127.0.0.1");
          assert.doesNotMatch(JSON.stringify(headers), /root|6\.6\.6\.6|Bearer/);
        }
      });
    }
  });
});
