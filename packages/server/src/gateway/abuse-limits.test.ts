import assert from "node:assert/strict";
import { once } from "node:events";
import type { ServerResponse } from "node:http";
import { describe, test } from "node:test";
import { POLICY_DEFAULT } from "@trulinks/protocol";
import { systemClock } from "../base/clock.ts";
import {
  AS_GRANT,
  ask,
  GRANT,
  open,
  quotasOf,
  responseOf,
  startGateway,
} from "./gateway-fixtures.contract.ts";
import { issuesDocument } from "./issues-document.contract.ts";
import { readOpenapi } from "./openapi-document.ts";
import { createRouter } from "./operation-router.ts";
import { strayQuota } from "./quotas.ts";
import { rateLimitStatus } from "./rate-limit-status.ts";
import { type Listening, startUpstream } from "./upstream-fixtures.contract.ts";

/** The numbers that everybody has who has said nothing else. */
const byDefault = () => quotasOf({}, POLICY_DEFAULT);

async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await isSo())) await systemClock.sleep(2);
}

describe("of one caller's requests at once", () => {
  test("one is under way, a few wait for it and cost nothing meanwhile, and the rest are refused for a second", async () => {
    const held: ServerResponse[] = [];
    await using upstream = await startUpstream((_request, response) => void held.push(response));
    const quotas = byDefault();
    await using gateway = await startGateway(upstream.url, { quotas });
    const used = async () =>
      (await rateLimitStatus({ quotas, clock: systemClock }, GRANT, "192.0.2.1")).body.rate.used;
    const caller = () => quotas.limiter.resolve("user", quotas.keyOf(GRANT), systemClock.now());

    const answers = Array.from({ length: 9 }, () => ask(gateway, { headers: AS_GRANT }));
    await until(() => held.length === 1 && caller().line?.length === 8);
    const refused = await ask(gateway, { headers: AS_GRANT });
    assert.deepEqual([refused.status, refused.headers["retry-after"]], [429, "1"]);
    assert.equal(refused.headers["trulinks-guideline"], "serial-requests");
    assert.equal(JSON.parse(refused.body).type, "urn:trulinks:problem:serial-requests");
    assert.match(JSON.parse(refused.body).message, /secondary rate limit/);
    assert.equal(await used(), 1);

    for (let number = 1; number <= 9; number++) {
      await until(() => held.length === number);
      held.at(-1)?.end("done");
    }
    assert.deepEqual(new Set((await Promise.all(answers)).map(({ status }) => status)), new Set([200]));
    assert.equal(await used(), 9);
    assert.equal(upstream.requests.length, 9, "what was refused has not reached the upstream");
  });

  test("one that leaves while it waits makes room in the line, and none that leaves keeps its place", async () => {
    const held: ServerResponse[] = [];
    await using upstream = await startUpstream((_request, response) => void held.push(response));
    const quotas = byDefault();
    await using gateway = await startGateway(upstream.url, { quotas });
    const caller = () => quotas.limiter.resolve("user", quotas.keyOf(GRANT), systemClock.now());
    const first = open(gateway, "GET").end();
    await until(() => held.length === 1);
    const second = open(gateway, "GET").end();
    await until(() => caller().line?.length === 1);
    second.destroy();
    await until(() => caller().line === null);
    first.destroy();
    await until(() => caller().inFlight === 0);
    const third = ask(gateway, { headers: AS_GRANT });
    await until(() => held.length === 2);
    held.at(-1)?.end();
    assert.equal((await third).status, 200);
    await gateway.logged(3);
    assert.equal(upstream.requests.length, 2);
  });

  test("a stranger's second one is refused at once", async () => {
    const held: ServerResponse[] = [];
    await using upstream = await startUpstream((_request, response) => void held.push(response));
    await using gateway = await startGateway(upstream.url, { quotas: byDefault() });
    const first = ask(gateway);
    await until(() => held.length === 1);
    assert.equal((await ask(gateway)).status, 429);
    held[0]?.end();
    assert.equal((await first).status, 200);
    const next = ask(gateway);
    await until(() => held.length === 2);
    held[1]?.end();
    assert.equal((await next).status, 200);
  });

  test("an event stream lets the next one in with its headers, and five may be open", async () => {
    await using upstream = await startUpstream((request, response) => {
      if (request.url !== "/events") return void response.end();
      response.writeHead(200, { "Content-Type": "text/event-stream" });
      response.write("data: 1\n\n");
    });
    await using gateway = await startGateway(upstream.url, { quotas: byDefault() });
    const streams = [];
    for (let number = 0; number < 5; number++) {
      const request = open(gateway, "GET", { accept: "text/event-stream" }, "/events").end();
      const response = await responseOf(request);
      assert.equal(response.statusCode, 200);
      await once(response, "readable");
      streams.push(request);
      assert.equal((await ask(gateway, { headers: AS_GRANT })).status, 200);
    }
    const accept = { ...AS_GRANT, accept: "text/event-stream" };
    const sixth = await ask(gateway, { path: "/events", headers: accept });
    assert.deepEqual([sixth.status, sixth.headers["trulinks-guideline"]], [429, "serial-requests"]);
    for (const request of streams) request.destroy();
  });
});

describe("too much of one kind", () => {
  test("is a burst of writes: the eleventh waits for the gap, exactly, and reads go on", async () => {
    let nowMs = systemClock.now();
    await using upstream = await startUpstream();
    const clock = { ...systemClock, now: () => nowMs };
    await using gateway = await startGateway(upstream.url, { quotas: byDefault(), clock });
    const write = () => ask(gateway, { method: "POST", headers: AS_GRANT });
    for (let number = 0; number < 10; number++) assert.equal((await write()).status, 200);
    const refused = await write();
    assert.deepEqual([refused.status, refused.headers["retry-after"]], [429, "1"]);
    assert.equal(JSON.parse(refused.body).guideline, "write-pacing");
    assert.equal((await ask(gateway, { headers: AS_GRANT })).status, 200);
    nowMs += 1_000;
    assert.equal((await write()).status, 200);
    assert.equal((await write()).status, 429);
  });

  test("is more points than a minute has, in GitHub's dialect a 403 that Octokit waits out", async () => {
    await using upstream = await startUpstream();
    await using gateway = await startGateway(upstream.url, {
      quotas: quotasOf({}, { ...POLICY_DEFAULT, points: { ...POLICY_DEFAULT.points, per_min: 3 } }),
    });
    const headers = { ...AS_GRANT, accept: "application/vnd.github+json" };
    for (let number = 0; number < 3; number++) {
      assert.equal((await ask(gateway, { headers })).status, 200);
    }
    const refused = await ask(gateway, { headers });
    assert.equal(refused.status, 403);
    assert.match(String(refused.headers["retry-after"]), /^(59|60)$/);
    assert.notEqual(refused.headers["x-ratelimit-remaining"], "0");
    assert.match(JSON.parse(refused.body).message, /\bsecondary rate\b/i);
  });
});

describe("what the provider's document says of an operation", () => {
  const read = readOpenapi(issuesDocument());
  assert.ok(read.kind === "operations");
  const findOperation = createRouter(read.routed);
  const create = (gateway: Listening) =>
    ask(gateway, {
      method: "POST",
      path: "/issues",
      headers: { ...AS_GRANT, "content-type": "text/plain" },
      body: "it leaks",
    });

  test("is which quota it spends, how many points it costs, and that it creates content", async () => {
    await using upstream = await startUpstream();
    const resources = { issues: { limit: 9, window_s: 60 } };
    const quotas = quotasOf({ resources }, { ...POLICY_DEFAULT, content_pacing: { per_min: 2, per_h: 9 } });
    await using gateway = await startGateway(upstream.url, { quotas, findOperation });
    for (const remaining of ["8", "7"]) {
      const { status, headers } = await create(gateway);
      assert.deepEqual(
        [status, headers["x-ratelimit-resource"], headers["x-ratelimit-remaining"]],
        [200, "issues", remaining],
      );
    }
    const refused = await create(gateway);
    assert.deepEqual([refused.status, refused.headers["retry-after"]], [403, undefined]);
    assert.equal(refused.headers["trulinks-guideline"], "content-pacing");
    assert.match(JSON.parse(refused.body).message, /secondary rate limit/);
    const { abuse, rate } = (await rateLimitStatus({ quotas, clock: systemClock }, GRANT, "192.0.2.1")).body;
    assert.deepEqual([abuse["points"]?.remaining, abuse["content_pacing"]?.remaining], [886, 0]);
    assert.equal(rate.used, 0);
  });

  test("is refused at the start where it names a quota that the policy does not have", () => {
    const operations = read.routed.map(({ operation }) => operation);
    assert.equal(
      strayQuota(POLICY_DEFAULT, operations),
      'POST /issues spends the quota "issues", which the policy does not have. Known: core, search. Add it to rate_limit.resources.',
    );
    const window = { limit: 1, window_s: 1 };
    const rate_limit = { ...POLICY_DEFAULT.rate_limit, resources: { issues: window } };
    assert.equal(strayQuota({ ...POLICY_DEFAULT, rate_limit }, operations), null);
  });

  test("stands for core where the policy has no such quota", async () => {
    await using upstream = await startUpstream();
    await using gateway = await startGateway(upstream.url, { quotas: byDefault(), findOperation });
    assert.equal((await create(gateway)).headers["x-ratelimit-resource"], "core");
  });
});
