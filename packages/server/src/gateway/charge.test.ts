import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { systemClock } from "../base/clock.ts";
import { AS_GRANT, ask, GRANT, quotasOf, startGateway, TWO_AN_HOUR } from "./gateway-fixtures.contract.ts";
import { rateLimitStatus } from "./rate-limit-status.ts";
import { startUpstream } from "./upstream-fixtures.contract.ts";

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
      assert.match(String(answer.headers.ratelimit), new RegExp(`^"core";r=${left};t=3[56][0-9]{2}$`));
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
      const { body } = await rateLimitStatus({ quotas, clock: systemClock }, GRANT, "192.0.2.1");
      assert.deepEqual({ ...body.rate, reset: 0 }, { limit: 2, used: 2, remaining: 0, reset: 0 });
      assert.deepEqual(Object.keys(body.resources), ["core", "search"]);
      assert.deepEqual(body.resources["core"], body.rate);
      assert.deepEqual(Object.keys(body.abuse), [
        "serial_requests",
        "write_pacing",
        "points",
        "content_pacing",
      ]);
      assert.deepEqual(body.standing, { state: "good", until: null });
    }
    const fresh = await rateLimitStatus(
      { quotas, clock: systemClock },
      { kind: "anonymous", address: "::/64" },
      "::/64",
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
