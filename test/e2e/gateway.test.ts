/** The gateway as a process of its own: what the provider's document forbids, whom the operator bans, and a kill between forwarding and answer. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { startPlatform } from "../platform.ts";
import { type Client, createClient } from "./client.ts";

const DOCUMENT = {
  openapi: "3.1.0",
  info: { title: "Payments", version: "1" },
  paths: {
    "/payments": {
      post: {
        requestBody: {
          required: true,
          content: {
            "application/json": {
              schema: { type: "object", properties: { amount: { type: "integer" } }, required: ["amount"] },
            },
          },
        },
      },
    },
  },
};

/** An API that counts what it is asked, and answers only when it is told to. */
async function startPayments() {
  const asked: string[] = [];
  const held: ServerResponse[] = [];
  let isHolding = false;
  const server = createServer(async (request, response) => {
    let body = "";
    for await (const chunk of request) body += chunk;
    asked.push(body);
    if (isHolding) held.push(response);
    else
      response
        .writeHead(201, { "content-type": "application/json" })
        .end(JSON.stringify({ number: asked.length }));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    held,
    hold: (isHeld: boolean) => {
      isHolding = isHeld;
    },
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

const pay = (client: Client, amount: unknown, key?: string) =>
  client.post("/payments", { amount }, key === undefined ? {} : { "idempotency-key": key });

test("the gateway as a process of its own", async (t) => {
  const payments = await startPayments();
  const platform = await startPlatform({
    args: ["--upstream", payments.url, "--openapi", "openapi.json", "--policy", "policy.yaml"],
    prepare: (folder) => {
      writeFileSync(join(folder, "openapi.json"), JSON.stringify(DOCUMENT));
      writeFileSync(join(folder, "policy.yaml"), "");
    },
  });
  const provider = createClient(platform.providerUrl, `Bearer ${platform.operatorKey}`);
  await provider.post("/v1/users", { id: "ada" });
  const { token } = (await provider.post("/v1/tokens", { user: "ada" })).body;
  const ada = createClient(platform.publicUrl, `Bearer ${token}`);
  t.after(async () => {
    await Promise.all([provider.close(), ada.close()]);
    await platform.dispose();
    await payments.close();
  });

  await t.test("refuses what the document forbids, and forwards the rest", async () => {
    const refused = await pay(ada, "5");
    assert.deepEqual([refused.status, refused.body.errors[0].pointer], [422, "/amount"]);
    assert.equal((await ada.get("/nothing")).status, 404);
    assert.equal((await ada.get("/payments")).status, 405);
    assert.equal((await pay(ada, 5)).status, 201);
    assert.deepEqual(payments.asked, ['{"amount":5}']);
  });

  await t.test(
    "keeps to another policy from a signal on, and to the old one where that is no good",
    async () => {
      const write = (text: string): void => writeFileSync(join(platform.dataFolder, "policy.yaml"), text);
      const limit = async () => (await ada.get("/rate_limit")).body.rate;
      const { used } = await limit();
      assert.ok(used > 0);
      write("rate_limit: { user: { limit: 777, window_s: 3600 } }\n");
      process.kill(platform.pid(), "SIGHUP");
      while ((await limit()).limit !== 777) await sleep(10);
      assert.equal((await limit()).used, used, "what was used is not forgotten");
      write("rate_limit: { user: { limit: -1 } }\n");
      process.kill(platform.pid(), "SIGHUP");
      while (!platform.output().includes("policy.refused")) await sleep(10);
      assert.match(platform.output(), /policy\.yaml:1:\d+: rate_limit\.user\.limit is -1/);
      assert.equal((await limit()).limit, 777);
      // Without a signal the file is looked at every two seconds.
      write("rate_limit: { user: { limit: 778, window_s: 3600 } }\n");
      while ((await limit()).limit !== 778) await sleep(50);
      write("");
      while ((await limit()).limit !== 5_000) await sleep(50);
    },
  );

  await t.test("turns away whom the operator bans, after a restart, too, until that is lifted", async () => {
    const body = { state: "banned", reason: "Sent spam." };
    assert.equal((await provider.put("/v1/standings/user:ada", body)).status, 201);
    for (let starts = 0; starts < 2; starts++) {
      const answer = await pay(ada, 6);
      assert.deepEqual([answer.status, answer.body.reason], [403, "Sent spam."]);
      assert.equal((await ada.get("/rate_limit")).body.standing.state, "banned");
      await platform.kill();
      await platform.start();
    }
    assert.equal((await provider.delete("/v1/standings/user:ada")).status, 204);
    assert.equal((await pay(ada, 6)).status, 201);
    assert.equal(payments.asked.length, 2);
    assert.equal((await provider.get("/v1/audit")).body.data.length, 2);
  });

  await t.test("never sends again what it was killed over, and gives the answers that it kept", async () => {
    assert.equal((await pay(ada, 7, "kept")).body.number, 3);
    for (let kills = 0; kills < 2; kills++) {
      const key = `killed-${kills}`;
      payments.hold(true);
      const lost = pay(ada, 8, key).catch(() => "the connection broke");
      while (payments.held.length <= kills) await sleep(5);
      await platform.kill();
      assert.equal(await lost, "the connection broke");
      await platform.start();
      payments.hold(false);
      for (let times = 0; times < 2; times++) {
        const again = await pay(ada, 8, key);
        assert.deepEqual([again.status, again.body.type], [409, "urn:trulinks:problem:idempotency-unknown"]);
      }
      assert.equal((await pay(ada, 9, key)).body.type, "urn:trulinks:problem:idempotency-key-reused");
      const kept = await pay(ada, 7, "kept");
      assert.deepEqual(
        [kept.status, kept.body.number, kept.headers["idempotent-replayed"]],
        [201, 3, "true"],
      );
    }
    assert.deepEqual(payments.asked.slice(2), ['{"amount":7}', '{"amount":8}', '{"amount":8}']);
  });
});
