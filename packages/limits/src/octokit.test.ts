/** GitHub's own client with its plugins meets each kind of limit, waits as it is told, and succeeds. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Octokit } from "@octokit/core";
import { retry } from "@octokit/plugin-retry";
import { throttling } from "@octokit/plugin-throttling";
import { createLimits } from "./limits.ts";
import type { Plan } from "./plan.ts";
import { ONE_AT_ONCE, OPEN } from "./plans.contract.ts";

const PoliteOctokit = Octokit.plugin(throttling, retry);

interface Seen {
  readonly primary: number[];
  readonly secondary: number[];
}

async function withOctokit(plan: Plan, run: (octokit: Octokit, seen: Seen) => Promise<void>): Promise<void> {
  const limits = createLimits({ plans: { anonymous: plan } });
  const answerSoon = limits.node((request, response) => {
    request.resume();
    void sleep(60).then(() => {
      response.writeHead(200, { "Content-Type": "application/json; charset=utf-8" });
      response.end('{"ok":true}');
    });
  });
  const server = createServer(answerSoon).listen(0, "127.0.0.1");
  await once(server, "listening");
  const seen: Seen = { primary: [], secondary: [] };
  const octokit = new PoliteOctokit({
    baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    log: { debug() {}, info() {}, warn() {}, error() {} },
    throttle: {
      onRateLimit: (retryAfterS: number) => seen.primary.push(retryAfterS) > 0,
      onSecondaryRateLimit: (retryAfterS: number) => seen.secondary.push(retryAfterS) > 0,
    },
  });
  try {
    await run(octokit, seen);
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}

describe("Octokit with its throttling and retry plugins", () => {
  test("waits out a quota that is used up", async () => {
    const plan: Plan = { ...OPEN, rate_limit: { core: { limit: 2, window_s: 5 } } };
    await withOctokit(plan, async (octokit, seen) => {
      for (let number = 0; number < 3; number++) {
        assert.equal((await octokit.request("GET /issues")).status, 200);
      }
      assert.equal(seen.primary.length, 1);
      assert.deepEqual(seen.secondary, []);
    });
  });

  test("waits out a pace of writes", async () => {
    const plan: Plan = { ...OPEN, write_pacing: { gap_ms: 5_000, burst: 1, tolerance_ms: 0 } };
    await withOctokit(plan, async (octokit, seen) => {
      for (let number = 0; number < 2; number++) {
        assert.equal((await octokit.request("POST /labels", { name: "bug" })).status, 200);
      }
      assert.deepEqual([seen.primary.length, seen.secondary.length], [0, 1]);
      const [waitS = 0] = seen.secondary;
      assert.ok(waitS >= 1 && waitS <= 5, `${waitS}`);
    });
  });

  test("gets all through that it asks for at once, those that wait in line and those that were refused", async () => {
    const serial = { ...ONE_AT_ONCE, waiting_max: 4 } as Plan["serial_requests"];
    await withOctokit({ ...OPEN, serial_requests: serial }, async (octokit, seen) => {
      const answers = await Promise.all(Array.from({ length: 10 }, () => octokit.request("GET /issues")));
      assert.deepEqual(
        answers.map(({ status }) => status),
        new Array(10).fill(200),
      );
      assert.ok(seen.secondary.length > 0);
      assert.deepEqual([...new Set(seen.secondary)], [1]);
    });
  });
});
