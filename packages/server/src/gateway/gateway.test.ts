import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Unavailable } from "../base/unavailable.ts";
import {
  AS_GRANT,
  ask,
  askRaw,
  identify,
  quotasOf,
  startGateway,
  TWO_AN_HOUR,
} from "./gateway-fixtures.contract.ts";
import { startUpstream } from "./upstream-fixtures.contract.ts";

describe("who is let in", () => {
  test("is nobody with bad credentials, not even as anonymous", async () => {
    await using upstream = await startUpstream();
    await using gateway = await startGateway(upstream.url);
    const answer = await ask(gateway, { headers: { authorization: "Bearer wrong" } });
    assert.equal(answer.status, 401);
    assert.equal(answer.headers["www-authenticate"], 'Bearer realm="api"');
    assert.equal(JSON.parse(answer.body).type, "urn:trulinks:problem:bad-credentials");
    assert.equal(answer.headers["x-ratelimit-limit"], undefined, "who the caller is, nobody knows");
    assert.equal(upstream.requests.length, 0);
    assert.doesNotMatch(JSON.stringify(gateway.lines), /wrong/);
  });

  test("is nobody anonymous where the policy gives them nothing", async () => {
    await using upstream = await startUpstream();
    const quotas = quotasOf({ anonymous: { limit: 0, window_s: 3_600 } });
    await using gateway = await startGateway(upstream.url, { quotas });
    const answer = await ask(gateway);
    assert.deepEqual(
      [answer.status, JSON.parse(answer.body).type],
      [401, "urn:trulinks:problem:unauthenticated"],
    );
    assert.equal((await ask(gateway, { headers: AS_GRANT })).status, 200);
  });

  test("is told so where there is no upstream", async () => {
    await using gateway = await startGateway(null);
    const answer = await ask(gateway, { headers: AS_GRANT });
    assert.deepEqual(
      [answer.status, JSON.parse(answer.body).type],
      [404, "urn:trulinks:problem:no-upstream"],
    );
    assert.equal(answer.headers["x-ratelimit-used"], "1");
  });

  test("waits where the accounts are away, and pays nothing for it", async () => {
    await using upstream = await startUpstream();
    await using gateway = await startGateway(upstream.url, {
      identify: async () => {
        throw new Unavailable("the database is away", 5);
      },
    });
    const answer = await ask(gateway, { headers: AS_GRANT });
    assert.deepEqual([answer.status, answer.headers["retry-after"]], [503, "5"]);
    assert.doesNotMatch(answer.body, /database/);
  });

  test("gets the request's id and nothing else where the platform has a fault, and the fault is free", async () => {
    await using upstream = await startUpstream();
    await using gateway = await startGateway(upstream.url, {
      identify,
      identityKey: undefined as unknown as Uint8Array,
    });
    const answer = await ask(gateway, { headers: AS_GRANT });
    assert.deepEqual([answer.status, answer.headers["x-ratelimit-used"]], [500, "0"]);
    assert.equal(
      JSON.parse(answer.body).detail,
      `The request's id is ${answer.headers["trulinks-request"]}.`,
    );
    await gateway.logged(1);
    assert.ok(
      gateway.lines.some(
        ({ event, fields }) => event === "request.broken" && fields["error"] instanceof Error,
      ),
    );
  });
});

describe("a browser", () => {
  test("may ask whether it may ask, for nothing and without credentials", async () => {
    await using upstream = await startUpstream();
    await using gateway = await startGateway(upstream.url, { quotas: quotasOf({ anonymous: TWO_AN_HOUR }) });
    for (let times = 0; times < 5; times++) {
      const answer = await ask(gateway, {
        method: "OPTIONS",
        path: "/issues",
        headers: {
          origin: "https://app.example",
          "access-control-request-method": "PATCH",
          "access-control-request-headers": "authorization,content-type",
        },
      });
      assert.equal(answer.status, 204);
      assert.equal(answer.headers["access-control-allow-origin"], "*");
      assert.match(String(answer.headers["access-control-allow-methods"]), /PATCH/);
      assert.equal(answer.headers["access-control-allow-headers"], "authorization,content-type");
    }
    assert.equal(upstream.requests.length, 0);
    assert.equal((await ask(gateway)).headers["x-ratelimit-used"], "1");
  });

  test("may read refusals", async () => {
    await using gateway = await startGateway(null);
    for (const headers of [{ authorization: "Bearer wrong" }, {}]) {
      const answer = await ask(gateway, { headers });
      assert.equal(answer.headers["access-control-allow-origin"], "*");
      assert.match(String(answer.headers["access-control-expose-headers"]), /X-RateLimit-Remaining/);
    }
  });
});

describe("what is refused before anybody asks whose it is", () => {
  const cases: readonly [string, string, number, string][] = [
    [
      "a declared body that is too large",
      "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999\r\n\r\n",
      413,
      "too-large",
    ],
    [
      "a WebSocket",
      "GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n",
      400,
      "upgrade-unsupported",
    ],
    [
      "TRACE, which would show the identity",
      "TRACE / HTTP/1.1\r\nHost: a\r\n\r\n",
      405,
      "method-not-allowed",
    ],
    ["two hosts", "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400, "unparseable"],
    [
      "an unknown transfer coding",
      "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
      400,
      "unparseable",
    ],
    ["a target with a fragment", "GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n", 400, "unparseable"],
    ["`*` with another method", "GET * HTTP/1.1\r\nHost: a\r\n\r\n", 400, "unparseable"],
    ["credentials in the target", "GET http://a:b@c/ HTTP/1.1\r\nHost: c\r\n\r\n", 400, "unparseable"],
  ];
  for (const [reason, bytes, status, code] of cases) {
    test(reason, async () => {
      await using upstream = await startUpstream();
      await using gateway = await startGateway(upstream.url, { bodyBytesMax: 1_000 });
      const answer = await askRaw(gateway, bytes, /\r\n\r\n.*\}$/s);
      assert.match(answer, new RegExp(`^HTTP/1.1 ${status} `));
      assert.ok(answer.includes(`urn:trulinks:problem:${code}"`), answer);
      assert.equal(upstream.requests.length, 0);
      await gateway.logged(1);
      assert.deepEqual(
        [gateway.lines[0]?.event, gateway.lines[0]?.fields["status"]],
        ["request.refused", status],
      );
    });
  }

  test("but not a question about the server itself, nor an upgrade that may be ignored", async () => {
    await using upstream = await startUpstream();
    await using gateway = await startGateway(upstream.url);
    const options = await askRaw(gateway, "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", /\r\n\r\n/);
    assert.match(options, /^HTTP\/1.1 204 .*Allow: GET/s);
    const upgrade =
      "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AA\r\n\r\n";
    assert.match(await askRaw(gateway, upgrade, /true\}/), /^HTTP\/1.1 200 /);
    assert.equal(upstream.requests[0]?.headers.upgrade, undefined);
  });
});
