import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { POLICY_DEFAULT, type Policy, verifyIdentity } from "@trulinks/protocol";
import { quotaKey } from "../accounts/caller.ts";
import { systemClock } from "../base/clock.ts";
import { Unavailable } from "../base/unavailable.ts";
import {
  AS_GRANT,
  ask,
  askRaw,
  GRANT,
  IDENTITY_KEY,
  identify,
  startGateway,
  startUpstream,
} from "./gateway-fixtures.contract.ts";
import { memoryLedgers, type Quotas } from "./quotas.ts";
import { rateLimitStatus } from "./rate-limit-status.ts";

function quotasOf(limits: Partial<Policy["rate_limit"]>): Quotas {
  const rateLimit = { ...POLICY_DEFAULT.rate_limit, ...limits };
  return { rateLimit: () => rateLimit, ledgers: memoryLedgers(), keyOf: quotaKey };
}

const TWO_AN_HOUR = { limit: 2, window_s: 3_600 };

describe("a caller's quota", () => {
  test("is told with every answer, in GitHub's words and the IETF's", async () => {
    await using upstream = await startUpstream();
    await using gateway = await startGateway(upstream.url);
    const callers = [
      [AS_GRANT, "5000"],
      [{ authorization: "Bearer user" }, "5000"],
      [{ authorization: "Basic app" }, "5000"],
      [{}, "60"],
    ] as const;
    for (const [headers, limit] of callers) {
      const answer = await ask(gateway, { headers });
      const left = String(Number(limit) - 1);
      assert.equal(answer.status, 200);
      assert.equal(answer.headers["x-ratelimit-limit"], limit);
      assert.equal(answer.headers["x-ratelimit-remaining"], left);
      assert.equal(answer.headers["x-ratelimit-used"], "1");
      assert.equal(answer.headers["x-ratelimit-resource"], "core");
      assert.match(String(answer.headers["x-ratelimit-reset"]), /^[0-9]{10}$/);
      assert.match(String(answer.headers.ratelimit), new RegExp(`^"core";r=${left};t=3(600|59[0-9])$`));
      assert.equal(answer.headers["ratelimit-policy"], `"core";q=${limit};w=3600`);
      assert.equal(answer.headers["access-control-allow-origin"], "*");
      assert.match(String(answer.headers["trulinks-request"]), /^req_/);
    }
  });

  test("runs down to zero, and then the answer says when to come back", async () => {
    await using upstream = await startUpstream();
    await using gateway = await startGateway(upstream.url, { quotas: quotasOf({ user: TWO_AN_HOUR }) });
    for (const remaining of ["1", "0"]) {
      const { headers } = await ask(gateway, { headers: AS_GRANT });
      assert.equal(headers["x-ratelimit-remaining"], remaining);
    }
    const refused = await ask(gateway, { headers: AS_GRANT });
    assert.equal(refused.status, 429);
    assert.equal(refused.headers["content-type"], "application/problem+json; charset=utf-8");
    assert.equal(refused.headers["x-ratelimit-remaining"], "0");
    assert.equal(refused.headers["trulinks-guideline"], "rate-limit");
    const waitS = Number(refused.headers["retry-after"]);
    assert.ok(Number.isInteger(waitS) && waitS > 3_500 && waitS <= 3_600, `${waitS}`);
    const body = JSON.parse(refused.body);
    assert.equal(body.type, "urn:trulinks:problem:rate-limited");
    assert.equal(body.status, 429);
    assert.equal(body.guideline, "rate-limit");
    assert.match(body.message, /API rate limit exceeded/);
    assert.equal(upstream.requests.length, 2, "a refused request does not reach the upstream");
  });

  test("that is used up is a 403 in JSON to whoever accepts GitHub's types", async () => {
    await using upstream = await startUpstream();
    await using gateway = await startGateway(upstream.url, { quotas: quotasOf({ user: TWO_AN_HOUR }) });
    const headers = { ...AS_GRANT, accept: "application/vnd.github.v3+json" };
    await ask(gateway, { headers });
    await ask(gateway, { headers });
    const refused = await ask(gateway, { headers });
    assert.equal(refused.status, 403);
    assert.equal(refused.headers["content-type"], "application/json; charset=utf-8");
    assert.equal(refused.headers["x-ratelimit-remaining"], "0");
    assert.ok(Number(refused.headers["retry-after"]) > 0);
    assert.equal(JSON.parse(refused.body).status, 403);
  });

  test("is one caller's own: others go on, and a refused request costs nothing", async () => {
    let nowMs = Date.now();
    await using upstream = await startUpstream();
    await using gateway = await startGateway(upstream.url, {
      quotas: quotasOf({ user: TWO_AN_HOUR, app: TWO_AN_HOUR, anonymous: TWO_AN_HOUR }),
      clock: { ...systemClock, now: () => nowMs },
    });
    for (const authorization of ["Bearer grant", "Bearer user", "Basic app", undefined]) {
      const headers = authorization === undefined ? {} : { authorization };
      for (const status of [200, 200, 429, 429])
        assert.equal((await ask(gateway, { headers })).status, status);
    }
    nowMs += 3_600_000;
    const { headers, status } = await ask(gateway, { headers: AS_GRANT });
    assert.deepEqual([status, headers["x-ratelimit-remaining"]], [200, "1"]);
  });

  const answers: readonly [string, number, string][] = [
    ["counts though the upstream has failed", 500, "1"],
    ["counts though the upstream knows no such thing", 404, "1"],
    ["does not count where nothing was modified", 304, "0"],
    ["counts where there is no content", 204, "1"],
  ];
  for (const [reason, status, used] of answers) {
    test(reason, async () => {
      await using upstream = await startUpstream((_request, response) => {
        response.writeHead(status, { etag: '"1"' });
        response.end();
      });
      await using gateway = await startGateway(upstream.url);
      const answer = await ask(gateway, { headers: AS_GRANT });
      assert.deepEqual([answer.status, answer.headers["x-ratelimit-used"]], [status, used]);
      assert.equal(answer.headers.etag, '"1"');
    });
  }

  test("does not count where the upstream is down, whose address is not told", async () => {
    const upstream = await startUpstream();
    await upstream[Symbol.asyncDispose]();
    await using gateway = await startGateway(upstream.url);
    const answer = await ask(gateway, { headers: AS_GRANT });
    assert.equal(answer.status, 502);
    assert.equal(answer.headers["x-ratelimit-used"], "0");
    assert.equal(JSON.parse(answer.body).type, "urn:trulinks:problem:upstream-unreachable");
    assert.doesNotMatch(JSON.stringify(answer), new RegExp(`127\\.0\\.0\\.1|${upstream.port}`));
  });

  test("can be asked for while it is used up, for nothing", async () => {
    await using upstream = await startUpstream();
    const quotas = quotasOf({ user: TWO_AN_HOUR });
    await using gateway = await startGateway(upstream.url, { quotas });
    for (let times = 0; times < 3; times++) await ask(gateway, { headers: AS_GRANT });
    for (let times = 0; times < 3; times++) {
      const { body } = await rateLimitStatus({ quotas, clock: systemClock }, GRANT);
      assert.deepEqual({ ...body.rate, reset: 0 }, { limit: 2, used: 2, remaining: 0, reset: 0 });
      assert.deepEqual(body.resources, { core: body.rate });
      assert.deepEqual([body.abuse, body.standing], [{}, { state: "good", until: null }]);
    }
    const fresh = await rateLimitStatus(
      { quotas, clock: systemClock },
      { kind: "anonymous", address: "::/64" },
    );
    assert.equal(fresh.body.rate.remaining, 60);
  });

  test("is an IPv6 network's, not an address's", async () => {
    await using upstream = await startUpstream();
    await using gateway = await startGateway(upstream.url, {
      quotas: quotasOf({ anonymous: TWO_AN_HOUR }),
      trustedProxies: ["127.0.0.1"],
    });
    const from = (address: string) => ask(gateway, { headers: { "x-forwarded-for": address } });
    assert.equal((await from("2001:db8:1:2::1")).status, 200);
    assert.equal((await from("2001:db8:1:2:ffff::9")).status, 200);
    assert.equal((await from("2001:db8:1:2:aaaa:bbbb:cccc:dddd")).status, 429);
    assert.equal((await from("2001:db8:1:3::1")).status, 200);
  });

  test("of an anonymous caller is not changed by a forged X-Forwarded-For", async () => {
    await using upstream = await startUpstream();
    await using gateway = await startGateway(upstream.url, { quotas: quotasOf({ anonymous: TWO_AN_HOUR }) });
    const statuses = [];
    for (const address of ["1.1.1.1", "2.2.2.2", "3.3.3.3"]) {
      statuses.push((await ask(gateway, { headers: { "x-forwarded-for": address } })).status);
    }
    assert.deepEqual(statuses, [200, 200, 429]);
  });
});

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

describe("the identity that the upstream sees", () => {
  test("is signed for exactly the request it gets, below the base path", async () => {
    await using upstream = await startUpstream();
    await using gateway = await startGateway(`${upstream.url}/v1/`);
    await ask(gateway, { method: "POST", path: "/issues?state=open&q=%20", headers: AS_GRANT, body: "x" });
    const [seen] = upstream.requests;
    assert.equal(seen?.url, "/v1/issues?state=open&q=%20");
    assert.deepEqual(
      ["user", "app", "grant", "scopes"].map((name) => seen?.headers[`trulinks-${name}`]),
      ["ada", "app_1", "grn_1", "issues:read issues:write"],
    );
    const identity = {
      method: "POST",
      target: "/v1/issues?state=open&q=%20",
      request: String(seen?.headers["trulinks-request"]),
      user: "ada",
      app: "app_1",
      grant: "grn_1",
      scopes: "issues:read issues:write",
    };
    const signature = String(seen?.headers["trulinks-identity"]);
    assert.equal(await verifyIdentity(IDENTITY_KEY, identity, signature, Date.now()), true);
    assert.equal(
      await verifyIdentity(IDENTITY_KEY, { ...identity, user: "eve" }, signature, Date.now()),
      false,
    );
    assert.equal(
      await verifyIdentity(IDENTITY_KEY, { ...identity, target: "/v1/" }, signature, Date.now()),
      false,
    );
  });

  test("is the same request's that the caller is told and that stands in the log", async () => {
    await using upstream = await startUpstream();
    await using gateway = await startGateway(upstream.url);
    const { headers } = await ask(gateway, { headers: AS_GRANT, path: "/a?token=secret" });
    const id = headers["trulinks-request"];
    assert.equal(upstream.requests[0]?.headers["trulinks-request"], id);
    await gateway.logged(1);
    const { event, fields } = gateway.lines[0] ?? { event: "", fields: {} };
    const { duration_ms, ...rest } = fields;
    assert.equal(typeof duration_ms, "number");
    assert.equal(event, "request.admitted");
    assert.deepEqual(rest, {
      request_id: id,
      method: "GET",
      path: "/a",
      caller: "grant",
      grant_id: "grn_1",
      user_id: "ada",
      app_id: "app_1",
      token_id: "tok_1",
      status: 200,
      outcome: "answered",
    });
  });

  test("never comes from outside, whatever the spelling, and credentials never go on", async () => {
    await using upstream = await startUpstream();
    await using gateway = await startGateway(upstream.url);
    const forged = [
      ...[
        "TruLinks-User",
        "TRULINKS-USER",
        "TruLinks_User",
        "trulinks_user",
        "TruLinks-Identity",
        "TRULINKS_IDENTITY",
      ],
      ...["TruLinks-Scopes", "TruLinks_Grant", "TruLinks-Anything", "trulinks-_x"],
    ].flatMap((name) => [name, "forged"]);
    const credentials = ["Authorization", "Bearer user", "Proxy-Authorization", "Basic x"];
    await ask(gateway, { headers: ["Host", "api.example", ...credentials, ...forged] });
    const [seen] = upstream.requests;
    assert.doesNotMatch(JSON.stringify(seen?.rawHeaders), /forged|uthorization|Bearer/);
    assert.equal(seen?.headers["trulinks-user"], "ada");
    assert.equal(seen?.headers["trulinks-app"], undefined);
    assert.equal(
      seen?.headers["trulinks-scopes"],
      undefined,
      "a personal token without scopes is bound by none",
    );
  });

  test("of an anonymous caller names nobody and is signed all the same", async () => {
    await using upstream = await startUpstream();
    await using gateway = await startGateway(upstream.url);
    await ask(gateway, { headers: { "TruLinks-User": "root" } });
    const { headers } = upstream.requests[0] ?? { headers: {} };
    const names = Object.keys(headers).filter((name) => name.startsWith("trulinks-"));
    assert.deepEqual(names.sort(), ["trulinks-identity", "trulinks-request"]);
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
