import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { after, before, describe, test } from "node:test";
import { ask, askRaw, startGateway, type TestGateway } from "./gateway-fixtures.contract.ts";
import { continuing, SERVER_OPTIONS, serveWith } from "./server-options.ts";
import { startUpstream, type Upstream } from "./upstream-fixtures.contract.ts";

const HOST = "Host: api.example\r\n";
const SMUGGLED = "GET /smuggled HTTP/1.1\r\nHost: api.example\r\n\r\n";

/** Each is sent on a connection of its own; the status is that of the one answer, null where none is owed. */
const MALFORMED: readonly [string, string, number | null][] = [
  ["no request line", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 400],
  ["a request line without a target", `GET HTTP/1.1\r\n${HOST}\r\n`, 400],
  ["a request line with too much in it", `GET / / HTTP/1.1\r\n${HOST}\r\n`, 400],
  ["an unknown method", `FROB / HTTP/1.1\r\n${HOST}\r\n`, 400],
  ["a method in lower case", `get / HTTP/1.1\r\n${HOST}\r\n`, 400],
  ["an unknown version", `GET / HTTP/9.9\r\n${HOST}\r\n`, 400],
  ["the preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400],
  ["no Host", "GET / HTTP/1.1\r\n\r\n", 400],
  [
    "a length and chunks",
    `POST / HTTP/1.1\r\n${HOST}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${SMUGGLED}`,
    400,
  ],
  [
    "two lengths that differ",
    `POST / HTTP/1.1\r\n${HOST}Content-Length: 4\r\nContent-Length: 5\r\n\r\nabcd${SMUGGLED}`,
    400,
  ],
  ["two lengths in one", `POST / HTTP/1.1\r\n${HOST}Content-Length: 4, 4\r\n\r\nabcd${SMUGGLED}`, 400],
  ["a length with a sign", `POST / HTTP/1.1\r\n${HOST}Content-Length: +4\r\n\r\nabcd`, 400],
  ["a length in hexadecimal", `POST / HTTP/1.1\r\n${HOST}Content-Length: 0x4\r\n\r\nabcd`, 400],
  ["a length below zero", `POST / HTTP/1.1\r\n${HOST}Content-Length: -1\r\n\r\n`, 400],
  [
    "a length beyond every number",
    `POST / HTTP/1.1\r\n${HOST}Content-Length: 99999999999999999999999\r\n\r\n`,
    400,
  ],
  [
    "a coding that ends with something else",
    `POST / HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked, x\r\n\r\n0\r\n\r\n${SMUGGLED}`,
    400,
  ],
  [
    "a coding named twice",
    `POST / HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n\r\n0\r\n\r\n${SMUGGLED}`,
    400,
  ],
  [
    "a coding behind a strange blank",
    `POST / HTTP/1.1\r\n${HOST}Transfer-Encoding:\x0bchunked\r\n\r\n0\r\n\r\n${SMUGGLED}`,
    400,
  ],
  [
    "a blank before the colon",
    `POST / HTTP/1.1\r\n${HOST}Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n${SMUGGLED}`,
    400,
  ],
  ["a folded header", `GET / HTTP/1.1\r\n${HOST}X-A: 1\r\n folded\r\n\r\n`, 400],
  ["a line that is no header", `GET / HTTP/1.1\r\n${HOST}nonsense\r\n\r\n`, 400],
  ["a name that is no token", `GET / HTTP/1.1\r\n${HOST}X(A): 1\r\n\r\n`, 400],
  ["a bare carriage return in a value", `GET / HTTP/1.1\r\n${HOST}X-A: 1\rTruLinks-User: root\r\n\r\n`, 400],
  ["a bare line feed in a value", `GET / HTTP/1.1\r\n${HOST}X-A: 1\nTruLinks-User: root\r\n\r\n`, 400],
  ["a NUL in a value", `GET / HTTP/1.1\r\n${HOST}X-A: a\x00b\r\n\r\n`, 400],
  ["a control character in the target", `GET /a\x01b HTTP/1.1\r\n${HOST}\r\n`, 400],
  ["headers of more than 16 KiB", `GET / HTTP/1.1\r\n${HOST}X-A: ${"a".repeat(20_000)}\r\n\r\n`, 431],
  ["a target of more than 16 KiB", `GET /${"a".repeat(20_000)} HTTP/1.1\r\n${HOST}\r\n`, 431],
  ["an endless row of headers", `GET / HTTP/1.1\r\n${HOST}${"a:\r\n".repeat(20_000)}\r\n`, 431],
  [
    "CONNECT, which is for proxies",
    "CONNECT api.example:443 HTTP/1.1\r\nHost: api.example:443\r\n\r\n",
    null,
  ],
];

describe("a request that HTTP does not allow", () => {
  let upstream: Upstream;
  let gateway: TestGateway;
  before(async () => {
    upstream = await startUpstream();
    gateway = await startGateway(upstream.url);
  });
  after(async () => {
    await gateway[Symbol.asyncDispose]();
    await upstream[Symbol.asyncDispose]();
  });

  for (const [reason, bytes, status] of MALFORMED) {
    test(`with ${reason} is refused whole, and the server goes on`, async () => {
      const before = upstream.requests.length;
      const answer = await askRaw(gateway, bytes);
      if (status === null) assert.equal(answer, "");
      else assert.match(answer, new RegExp(`^HTTP/1\\.1 ${status} `));
      assert.equal(
        answer.match(/HTTP\/1\.1 [0-9]{3}/g)?.length ?? 0,
        status === null ? 0 : 1,
        "one answer and no more",
      );
      assert.equal((await ask(gateway, { path: "/after" })).status, 200);
      const reached = upstream.requests.slice(before).map(({ url }) => url);
      assert.deepEqual(reached, ["/after"], "nothing of it reached the upstream");
    });
  }

  test("is told what was wrong, as a problem that names no internals", async () => {
    const answer = await askRaw(gateway, "GET HTTP/1.1\r\n\r\n");
    const [head = "", body = ""] = answer.split("\r\n\r\n");
    assert.match(head, /Content-Type: application\/problem\+json; charset=utf-8\r\n/);
    assert.match(head, /Connection: close/);
    assert.equal(JSON.parse(body).type, "urn:trulinks:problem:unparseable");
    assert.doesNotMatch(answer, /HPE|llhttp|node/i);
  });

  test("in its chunks reaches the upstream broken off, never as a whole request", async () => {
    const bytes = `POST /chunks HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n4\r\nabcd\r\nZZ\r\n${SMUGGLED}`;
    const answer = await askRaw(gateway, bytes);
    assert.match(answer, /^HTTP\/1\.1 400 /);
    assert.equal((await ask(gateway, { path: "/after-chunks" })).status, 200);
    const urls = upstream.requests.map(({ url }) => url);
    assert.ok(!urls.includes("/chunks") && !urls.includes("/smuggled"), urls.join(" "));
  });
});

describe("a request that does not arrive", () => {
  const slow = { headersTimeout: 100, requestTimeout: 200, connectionsCheckingInterval: 20 };

  test("with all its headers in time is ended with 408", async () => {
    await using gateway = await startGateway(null, {}, slow);
    const answer = await askRaw(gateway, "GET / HTTP/1.1\r\nHost: a\r\nX-Slow: ");
    assert.match(answer, /^HTTP\/1\.1 408 .*urn:trulinks:problem:request-timeout/s);
  });

  test("with all its body in time is ended, and the server goes on", async () => {
    await using upstream = await startUpstream();
    await using gateway = await startGateway(upstream.url, {}, slow);
    const answer = await askRaw(gateway, `POST / HTTP/1.1\r\n${HOST}Content-Length: 10\r\n\r\nabc`);
    assert.match(answer, /^HTTP\/1\.1 408 /);
    assert.equal(upstream.requests.length, 0);
    assert.equal((await ask(gateway)).status, 200);
  });

  test("because its connection is reset harms nobody", async () => {
    await using gateway = await startGateway(null);
    const socket = connect(gateway.port, "127.0.0.1");
    await once(socket, "connect");
    socket.write("GET / HT");
    socket.resetAndDestroy();
    await once(socket, "close");
    assert.equal((await ask(gateway)).status, 404);
  });
});

test("two requests on one connection are answered in their order", async () => {
  await using upstream = await startUpstream((request, response) => response.end(request.url));
  await using gateway = await startGateway(upstream.url);
  const first = `POST /one HTTP/1.1\r\n${HOST}Content-Length: 3\r\n\r\nabc`;
  const second = `GET /two HTTP/1.1\r\n${HOST}Connection: close\r\n\r\n`;
  const answers = await askRaw(gateway, first + second);
  assert.deepEqual(answers.match(/\/one|\/two/g), ["/one", "/two"]);
});

test("a listener that reads whole bodies says 100 Continue, and what is no HTTP is told where to read on", async (t) => {
  const server = createServer(SERVER_OPTIONS);
  const listener: RequestListener = async (request, response) => {
    const body = Buffer.concat(await request.toArray()).toString();
    response.end(`read ${body}`);
  };
  serveWith(server, continuing(listener), "/problems");
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => server.close());
  const { port } = server.address() as AddressInfo;

  const framing = "Content-Length: 3\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n";
  const answer = await askRaw({ port }, `POST / HTTP/1.1\r\n${HOST}${framing}abc`);
  assert.match(answer, /^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 .*read abc/s);
  const refused = await askRaw({ port }, "GARBAGE\r\n\r\n");
  assert.match(refused, /^HTTP\/1\.1 400 .*application\/problem\+json.*"\/problems#unparseable"/s);
});
