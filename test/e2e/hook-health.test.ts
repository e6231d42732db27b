/** A receiver that fails until its hook is paused, and comes back by a ping: the whole platform, killed in between. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { Webhook } from "standardwebhooks";
import { startPlatform } from "../platform.ts";
import { basic, createClient } from "./client.ts";
import { type Received, startWebhookReceiver } from "./webhook-receiver.ts";

const POLICY = `webhooks:
  failing_after_s: 1
  paused_after_s: 3
  retries_s: [1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1]
`;

const typeOf = ({ headers }: Received) => headers["trulinks-event"];

test("its owner hears of it, it is paused, and a good ping brings it and all that was kept back", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "trulinks-health-"));
  writeFileSync(join(folder, "policy.yaml"), POLICY);
  const platform = await startPlatform({ env: { TRULINKS_POLICY: join(folder, "policy.yaml") } });
  const provider = createClient(platform.providerUrl, `Bearer ${platform.operatorKey}`);
  const app = (await provider.post("/v1/apps", { name: "Greeter" })).body;
  await provider.post("/v1/users", { id: "ada" });
  await provider.post("/v1/grants", { user: "ada", app: app.id });
  const asApp = createClient(platform.publicUrl, basic(app.client_id, app.client_secret));
  let isDown = true;
  const receiver = await startWebhookReceiver({ answer: () => ({ status: isDown ? 500 : 204 }) });
  const watcher = await startWebhookReceiver({ answer: () => ({ status: 204 }) });
  t.after(async () => {
    await Promise.all([provider.close(), asApp.close()]);
    await platform.dispose();
    await Promise.all([receiver.close(), watcher.close()]);
    rmSync(folder, { recursive: true });
  });
  const make = async (url: string, events: readonly string[]) =>
    (await provider.post("/v1/hooks", { app: app.id, url, events })).body;
  const failing = await make(receiver.url, ["issue.*"]);
  const watching = await make(watcher.url, ["hook.*"]);
  const show = async () => (await asApp.get(`/integrations/hooks/${failing.id}`)).body;
  const publish = () => provider.post("/v1/events", { type: "issue.opened", users: ["ada"], data: {} });

  assert.deepEqual([(await show()).failing_since, (await show()).paused_because], [null, null]);
  assert.equal((await publish()).status, 202);
  await watcher.until((received) => received.length === 1);
  await platform.kill();
  await platform.start();
  await watcher.until((received) => received.some((one) => typeOf(one) === "hook.paused"));
  const paused = await show();
  assert.deepEqual([paused.state, paused.paused_because], ["paused", "failing"]);
  assert.ok(Date.parse(paused.failing_since) > 0);
  assert.equal((await publish()).body.deliveries, 1);

  isDown = false;
  const before = receiver.received.length;
  await asApp.post(`/integrations/hooks/${failing.id}/pings`);
  await watcher.until((received) => received.some((one) => typeOf(one) === "hook.resumed"));
  const came = await receiver.until((received) => received.length >= before + 3);
  assert.deepEqual(came.slice(before).map(typeOf).sort(), ["issue.opened", "issue.opened", "ping"]);
  const resumed = await show();
  assert.deepEqual([resumed.state, resumed.paused_because, resumed.failing_since], ["active", null, null]);

  // A kill may have one posted twice, by the same id; none is made twice.
  const told = new Map(watcher.received.map((one) => [one.headers["webhook-id"], one]));
  assert.deepEqual([...told.values()].map(typeOf), ["hook.failing", "hook.paused", "hook.resumed"]);
  for (const [index, { body, headers }] of [...told.values()].entries()) {
    const event = new Webhook(watching.secret).verify(body, headers as Record<string, string>) as Record<
      string,
      unknown
    >;
    assert.deepEqual([event["sequence"], event["user"]], [index + 1, undefined]);
    const { since, ...data } = event["data"] as Record<string, unknown>;
    assert.equal(since, paused.failing_since);
    assert.deepEqual(data, {
      ...{ hook: failing.id, url: new URL(receiver.url).host, outcome: "refused", status: 500 },
    });
  }
});
