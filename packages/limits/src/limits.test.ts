import assert from "node:assert/strict";
import { once } from "node:events";
import { request as httpRequest, type IncomingMessage, type OutgoingHttpHeaders } from "node:http";
import { connect } from "node:net";
import { text } from "node:stream/consumers";
import { describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { hostClock } from "./host-clock.ts";
import { createLimits, type LimitFact, type Limits, type LimitsOptions } from "./limits.ts";
import type { Plan } from "./plan.ts";
import { ONE_AT_ONCE, OPEN } from "./plans.contract.ts";
import { honoApp, SERVERS } from "./servers.contract.ts";

const THREE_AN_HOUR: Plan = { ...OPEN, rate_limit: { core: { limit: 3, window_s: 3_600 } } };

function limitsOf(anonymous: Plan, options: LimitsOptions = {}): Limits {
  return createLimits({ plans: { anonymous }, ...options });
}

/** Requests to `/held` are answered when `open` is called; `held` is how many there are. */
function gate() {
  const waiting: (() => void)[] = [];
  return {
    hold: () => new Promise<void>((resolve) => void waiting.push(resolve)),
    open: () => waiting.shift()?.(),
    async held(count: number): Promise<void> {
      while (waiting.length < count) await sleep(2);
    },
  };
}

interface Answered {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

async function begin(url: string, method = "GET", headers: OutgoingHttpHeaders = {}) {
  const body = method === "POST" ? { "content-type": "application/json" } : {};
  const request = httpRequest(url, { method, headers: { ...body, ...headers }, agent: false });
  request.on("error", () => {});
  request.end(method === "POST" ? "{}" : undefined);
  const [response] = (await once(request, "response")) as [IncomingMessage];
  return { request, response };
}

async function ask(url: string, method = "GET", headers: OutgoingHttpHeaders = {}): Promise<Answered> {
  const { response } = await begin(url, method, headers);
  return { status: response.statusCode ?? 0, headers: response.headers, body: await text(response) };
}

/** What was sent may reach the server a little later; what is asked of it has to become so in the end. */
async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await sleep(2);
}

const inFlight = (limits: Limits): number =>
  1 -
  (limits.limiter.status("anonymous", "address:127.0.0.1", hostClock.now()).abuse["serial_requests"]
    ?.remaining ?? 0);

for (const [name, start] of Object.entries(SERVERS)) {
  describe(`limits around ${name}`, () => {
    test("tell the quota with every answer, and refuse what is beyond it with the time to come back", async () => {
      const { hold } = gate();
      await using server = await start(limitsOf(THREE_AN_HOUR), hold);
      for (const remaining of ["2", "1", "0"]) {
        const { status, headers, body } = await ask(`${server.url}/`);
        assert.deepEqual([status, body, headers["x-ratelimit-remaining"]], [200, "hello\n", remaining]);
        assert.match(String(headers.ratelimit), new RegExp(`^"core";r=${remaining};t=3[56][0-9]{2}$`));
        assert.equal(headers["ratelimit-policy"], '"core";q=3;w=3600');
      }
      const { status, headers, body } = await ask(`${server.url}/`, "POST");
      assert.equal(status, 429);
      assert.equal(headers["content-type"], "application/problem+json; charset=utf-8");
      assert.equal(headers["trulinks-guideline"], "rate-limit");
      assert.match(String(headers["retry-after"]), /^3[56][0-9]{2}$/);
      assert.equal(headers["x-ratelimit-remaining"], "0");
      assert.match(JSON.parse(body).message, /API rate limit exceeded/);
    });

    test("speak GitHub's dialect to whoever asks for it", async () => {
      const { hold } = gate();
      const plan: Plan = { ...OPEN, write_pacing: { gap_ms: 60_000, burst: 1, tolerance_ms: 0 } };
      await using server = await start(limitsOf(plan), hold);
      const accept = { accept: "application/vnd.github.v3+json" };
      await ask(`${server.url}/`, "POST", accept);
      const { status, headers, body } = await ask(`${server.url}/`, "POST", accept);
      assert.deepEqual([status, headers["content-type"]], [403, "application/json; charset=utf-8"]);
      assert.equal(headers["retry-after"], "60");
      assert.match(JSON.parse(body).message, /\bsecondary rate\b/i);
    });

    test("count no answer that says that nothing has changed", async () => {
      const { hold } = gate();
      await using server = await start(limitsOf(THREE_AN_HOUR), hold);
      for (let times = 0; times < 5; times++) {
        const { status, headers } = await ask(`${server.url}/unchanged`);
        assert.deepEqual([status, headers["x-ratelimit-used"]], [304, "0"]);
      }
    });

    test("let a few wait for the one that is under way, and refuse the rest for a second", async () => {
      const { hold, open, held } = gate();
      const limits = limitsOf({ ...OPEN, serial_requests: { ...ONE_AT_ONCE, waiting_max: 1 } as never });
      await using server = await start(limits, hold);
      const first = ask(`${server.url}/held`);
      await held(1);
      const second = ask(`${server.url}/held`);
      await until(() => limits.limiter.resolve("anonymous", "address:127.0.0.1", 0).line !== null);
      const third = await ask(`${server.url}/`);
      assert.deepEqual([third.status, third.headers["retry-after"]], [429, "1"]);
      assert.equal(third.headers["trulinks-guideline"], "serial-requests");
      open();
      assert.equal((await first).status, 200);
      await held(1);
      open();
      assert.equal((await second).status, 200);
      await until(() => inFlight(limits) === 0);
    });

    test("refuse whoever has waited for too long", async () => {
      const { hold, open, held } = gate();
      const serial = { ...ONE_AT_ONCE, wait_ms_max: 20 } as never;
      await using server = await start(limitsOf({ ...OPEN, serial_requests: serial }), hold);
      const first = ask(`${server.url}/held`);
      await held(1);
      assert.equal((await ask(`${server.url}/`)).status, 429);
      open();
      assert.equal((await first).status, 200);
    });

    test("let the next one in when the caller goes away", async () => {
      const { hold, held } = gate();
      const limits = limitsOf({ ...OPEN, serial_requests: ONE_AT_ONCE });
      await using server = await start(limits, hold);
      const first = httpRequest(`${server.url}/held`, { agent: false }).end();
      first.on("error", () => {});
      await held(1);
      const gone = httpRequest(`${server.url}/held`, { agent: false }).end();
      gone.on("error", () => {});
      await until(() => limits.limiter.resolve("anonymous", "address:127.0.0.1", 0).line !== null);
      gone.destroy();
      await until(() => limits.limiter.resolve("anonymous", "address:127.0.0.1", 0).line === null);
      first.destroy();
      assert.equal((await ask(`${server.url}/`)).status, 200);
    });

    test("let go what waits behind another answer on a connection that ends", async () => {
      const { hold, held } = gate();
      const limits = limitsOf({ ...OPEN, serial_requests: { ...ONE_AT_ONCE, in_flight_max: 2 } as never });
      await using server = await start(limits, hold);
      const { hostname, port } = new URL(server.url);
      const socket = connect(Number(port), hostname);
      const asking = `GET /held HTTP/1.1\r\nHost: ${hostname}\r\n\r\n`;
      socket.write(asking + asking);
      await held(2);
      socket.destroy();
      await until(() => inFlight(limits) === -1);
      for (let times = 0; times < 2; times++) assert.equal((await ask(`${server.url}/`)).status, 200);
    });

    test("count an event stream as a stream from its headers on, until it ends", async () => {
      const { hold } = gate();
      const serial = { ...ONE_AT_ONCE, streams_max: 1 } as never;
      const limits = limitsOf({ ...OPEN, serial_requests: serial });
      await using server = await start(limits, hold);
      const stream = await begin(`${server.url}/events`);
      assert.equal(stream.response.headers["x-ratelimit-used"], "1");
      assert.equal((await ask(`${server.url}/`)).status, 200);
      const another = await ask(`${server.url}/events`, "GET", { accept: "text/event-stream" });
      assert.deepEqual([another.status, another.headers["trulinks-guideline"]], [429, "serial-requests"]);
      stream.request.destroy();
      await until(() => limits.limiter.resolve("anonymous", "address:127.0.0.1", 0).streams === 0);
      const next = await begin(`${server.url}/events`, "GET", { accept: "text/event-stream" });
      assert.equal(next.response.statusCode, 200);
      next.request.destroy();
    });

    test("refuse what creates content with no word of when to come back, which can be asked for, for nothing", async () => {
      const { hold } = gate();
      const facts: LimitFact[] = [];
      const limits = limitsOf(
        { ...OPEN, content_pacing: { per_min: 1, per_h: 9 } },
        {
          operationOf: ({ method }) => ({ method, isContent: method === "POST" }),
          statusPath: "/rate_limit",
          onFact: (fact) => void facts.push(fact),
        },
      );
      await using server = await start(limits, hold);
      assert.equal((await ask(`${server.url}/`, "POST")).status, 200);
      const { status, headers, body } = await ask(`${server.url}/`, "POST");
      assert.equal(status, 403);
      assert.equal(headers["retry-after"], undefined);
      assert.match(JSON.parse(body).message, /secondary rate limit/);
      assert.deepEqual(facts, [
        { kind: "refused", limits: ["content-pacing"], plan: "anonymous", key: "address:127.0.0.1" },
      ]);
      const told = await ask(`${server.url}/rate_limit?now`);
      const { abuse, rate } = JSON.parse(told.body);
      assert.deepEqual([told.status, rate.used, abuse.content_pacing.remaining], [200, 1, 0]);
    });

    test("let preflights of browsers through for nothing", async () => {
      const { hold } = gate();
      const plan: Plan = { ...OPEN, rate_limit: { core: { limit: 0, window_s: 60 } } };
      await using server = await start(limitsOf(plan), hold);
      const { status } = await ask(`${server.url}/`, "OPTIONS", { "access-control-request-method": "POST" });
      assert.equal(status, 200);
      assert.equal((await ask(`${server.url}/`, "OPTIONS")).status, 429);
    });
  });
}

describe("who asks", () => {
  test("is the address that trusted proxies say, and of others nobody's word is taken", async () => {
    const { hold } = gate();
    const from = (address: string) => ({ "x-forwarded-for": address });
    for (const [trustProxy, statuses] of [
      [["127.0.0.0/8"], [200, 200]],
      [[], [200, 429]],
    ] as const) {
      const plan: Plan = { ...OPEN, rate_limit: { core: { limit: 1, window_s: 60 } } };
      await using server = await (SERVERS["node:http"] as never as (typeof SERVERS)[string])(
        limitsOf(plan, { trustProxy }),
        hold,
      );
      const first = await ask(`${server.url}/`, "GET", from("192.0.2.1"));
      const second = await ask(`${server.url}/`, "GET", from("192.0.2.2"));
      assert.deepEqual([first.status, second.status], statuses);
    }
  });

  test("is whoever callerOf says, by the plan that it says", async () => {
    const { hold } = gate();
    const limits = createLimits({
      plans: { anonymous: { ...OPEN, rate_limit: { core: { limit: 0, window_s: 60 } } }, user: OPEN },
      callerOf: ({ header }, address) => {
        const token = header("authorization");
        return token === undefined
          ? { plan: "anonymous", key: address }
          : { plan: "user", key: `token:${token}` };
      },
    });
    await using server = await (SERVERS["node:http"] as never as (typeof SERVERS)[string])(limits, hold);
    assert.equal((await ask(`${server.url}/`)).status, 429);
    assert.equal((await ask(`${server.url}/`, "GET", { authorization: "Bearer ada" })).status, 200);
  });
});

describe("limits in Hono without Node's server", () => {
  test("end with the last byte of the answer, or when nobody reads on", async () => {
    const { hold } = gate();
    const serial = { ...ONE_AT_ONCE, waiting_max: 0, streams_max: 0 } as never;
    const limits = limitsOf({ ...OPEN, serial_requests: serial });
    const app = honoApp(limits, hold, "127.0.0.1");
    const first = await app.request("/");
    assert.equal((await app.request("/")).status, 429);
    assert.equal(await first.text(), "hello\n");
    const stream = await app.request("/events");
    assert.equal(stream.status, 200);
    assert.equal((await app.request("/")).status, 429);
    await stream.body?.cancel();
    assert.equal((await app.request("/unchanged")).status, 304);
    assert.equal((await app.request("/")).status, 200);
  });
});
