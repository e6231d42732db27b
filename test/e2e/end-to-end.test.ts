import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fromBase64, verifyIdentity } from "@trulinks/protocol";
import { Webhook } from "standardwebhooks";
import { buildPlatform } from "../build.ts";
import { makeAuthority } from "../certificates.ts";
import { startPlatform } from "../platform.ts";
import { basic, createClient } from "./client.ts";
import { startWebhookReceiver } from "./webhook-receiver.ts";

const IDENTITY_KEY = Buffer.alloc(32, 5).toString("base64");

test("a request and an event travel end to end through the built process, over TLS", async (t) => {
  await buildPlatform();
  const authority = await makeAuthority();
  const { cert, key } = await authority.issue({ hosts: ["127.0.0.1", "localhost"] });
  const folder = mkdtempSync(join(tmpdir(), "trulinks-e2e-"));
  writeFileSync(join(folder, "cert.pem"), cert);
  writeFileSync(join(folder, "key.pem"), key);
  const api = await startWebhookReceiver({ answer: () => ({ status: 201, body: '{"number":1}' }) });
  const receiver = await startWebhookReceiver({ tls: { cert, key } });
  const probe = createClient("", null, authority.cert);
  const platform = await startPlatform({
    built: true,
    tls: true,
    fetch: (url) => probe.get(url),
    args: ["--upstream", api.url],
    env: {
      TRULINKS_IDENTITY_KEY: IDENTITY_KEY,
      TRULINKS_TLS_CERT: join(folder, "cert.pem"),
      TRULINKS_TLS_KEY: join(folder, "key.pem"),
    },
  });
  const clients = [probe];
  const as = (url: string, authorization: string | null) => {
    const client = createClient(url, authorization, authority.cert);
    clients.push(client);
    return client;
  };
  t.after(async () => {
    await platform.dispose();
    await receiver.close();
    await api.close();
    await Promise.all(clients.map((client) => client.close()));
    rmSync(folder, { recursive: true, force: true });
  });

  const provider = as(platform.providerUrl, `Bearer ${platform.operatorKey}`);
  await provider.post("/v1/users", { id: "ada" });
  await provider.post("/v1/users", { id: "grace" });
  const app = (await provider.post("/v1/apps", { name: "Greeter" })).body;
  const token = (await provider.post("/v1/tokens", { user: "ada", app: app.id, scopes: ["issues:write"] }))
    .body;
  await provider.put("/v1/groups/project:1/users/ada");
  const asApp = as(platform.publicUrl, basic(app.client_id, app.client_secret));
  const asGrant = as(platform.publicUrl, `Bearer ${token.token}`);

  await t.test("an integrator's hook becomes active when its receiver answers the signed ping", async () => {
    const made = await asApp.post("/integrations/hooks", {
      url: receiver.url,
      events: ["issue.*"],
      ca: authority.cert,
    });
    assert.equal(made.status, 201, JSON.stringify(made.body));
    assert.equal(made.body.state, "pending");
    const [ping] = await receiver.until((received) => received.length > 0);
    assert.ok(ping);
    new Webhook(made.body.secret).verify(ping.body, ping.headers as Record<string, string>);
    assert.equal(JSON.parse(ping.body.toString()).type, "ping");
    for (;;) {
      const { body } = await asApp.get(`/integrations/hooks/${made.body.id}`);
      if (body.state === "active") break;
    }
  });

  await t.test("a request reaches the provider's API with an identity that it can verify", async () => {
    const answer = await asGrant.post("/projects/1/issues?draft=false", { title: "It works" });
    assert.equal(answer.status, 201);
    assert.equal(answer.headers["x-ratelimit-used"], "1");
    const [forwarded] = await api.until((received) => received.length > 0);
    assert.ok(forwarded);
    assert.equal(forwarded.headers.authorization, undefined);
    const header = (name: string): string => String(forwarded.headers[`trulinks-${name}`]);
    const identity = {
      method: "POST",
      target: "/projects/1/issues?draft=false",
      request: header("request"),
      user: "ada",
      app: app.id,
      grant: token.grant,
      scopes: "issues:write",
    };
    const identityKey = fromBase64(IDENTITY_KEY) ?? new Uint8Array();
    assert.equal(await verifyIdentity(identityKey, identity, header("identity"), Date.now()), true);
    assert.equal(header("user"), "ada");
  });

  await t.test(
    "an event for a group reaches the app's hook, signed with that user's own secret",
    async () => {
      const event = { type: "issue.opened", groups: ["project:1"], data: { number: 1, title: "It works" } };
      const accepted = await provider.post("/v1/events", event);
      assert.deepEqual([accepted.status, accepted.body.deliveries], [202, 1]);
      const received = await receiver.until((all) => all.length > 1);
      const delivery = received[1];
      assert.ok(delivery);
      const { body } = await asApp.get("/integrations/hooks");
      const hook = body.data[0].id;
      const secret = (await asApp.get(`/integrations/hooks/${hook}/secrets/ada`)).body.secret;
      const envelope = new Webhook(secret).verify(delivery.body, delivery.headers as Record<string, string>);
      assert.deepEqual((envelope as { data: unknown }).data, event.data);
      const changed = Buffer.from(delivery.body);
      changed[changed.length - 2] = 0x20;
      assert.throws(() => new Webhook(secret).verify(changed, delivery.headers as Record<string, string>));
    },
  );

  await t.test("the grant sees its delivery with the attempt, and its quota", async () => {
    for (;;) {
      const { body } = await asGrant.get("/integrations/deliveries");
      assert.equal(body.data.length, 1);
      if (body.data[0].state === "waiting") continue;
      assert.deepEqual([body.data[0].state, body.data[0].attempts[0].status], ["delivered", 204]);
      break;
    }
    const { body } = await asGrant.get("/rate_limit");
    assert.deepEqual([body.resources.core.used, body.rate.remaining], [1, 4_999]);
  });

  await t.test("a revoked grant ends all of it at once", async () => {
    assert.equal((await provider.delete(`/v1/grants/${token.grant}`)).status, 204);
    assert.equal((await asGrant.get("/projects/1/issues")).status, 401);
    const accepted = await provider.post("/v1/events", { type: "issue.closed", users: ["ada"], data: {} });
    assert.deepEqual([accepted.status, accepted.body.deliveries], [202, 0]);
  });

  await t.test("SIGTERM stops it cleanly", async () => {
    assert.equal(await platform.stop(), 0);
    // Warnings and errors are lines of JSON; nothing went wrong on the way.
    assert.doesNotMatch(platform.output(), /^\{/m);
  });
});
