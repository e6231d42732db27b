import assert from "node:assert/strict";
import { test } from "node:test";
import { Webhook } from "standardwebhooks";
import { makeAuthority } from "../certificates.ts";
import { startPlatform } from "../platform.ts";
import { usePostgres } from "../services/postgres.ts";
import { createClient } from "./client.ts";
import { startWebhookReceiver, type WebhookReceiver } from "./webhook-receiver.ts";

const data = {
  issue: { title: "Hello", state: "open", pay: 7 },
  user: { email: "ada@example.com", name: "Ada", phoneNumber: "+49 30 1234" },
  watchers: [{ name: "Grace", address: { mail: "grace@example.com" } }, { name: "Linus" }],
};
const definition = {
  schema: {
    type: "object",
    properties: {
      issue: { type: "object", properties: { title: { type: "string" } }, required: ["title"] },
      user: { $ref: "#/$defs/person" },
    },
    required: ["issue"],
    $defs: { person: { type: "object", properties: { email: { type: "string", format: "email" } } } },
  },
  sensitive: ["/watchers/*/address/mail"],
  scopes: ["issues:read", "issues:write"],
  field_scopes: [{ pointer: "/issue/pay", scopes: ["pay:read"] }],
};
const MASKED = ["/user/email", "/user/phoneNumber", "/watchers/0/address/mail"];
const maskedData = {
  ...data,
  user: { ...data.user, email: null, phoneNumber: null },
  watchers: [{ name: "Grace", address: { mail: null } }, { name: "Linus" }],
};

async function bodiesAt(receiver: WebhookReceiver, path: string, count = 1) {
  const at = (received: WebhookReceiver["received"]) => received.filter((one) => one.path === path);
  const received = at(await receiver.until((all) => at(all).length >= count));
  return received.map(({ body }) => JSON.parse(body.toString()));
}

for (const engine of ["SQLite", "PostgreSQL"]) {
  test(`each hook gets what it may see of an event, and no more, on ${engine}`, {
    timeout: 120_000,
  }, async (t) => {
    const authority = await makeAuthority();
    const tls = await authority.issue({ hosts: ["127.0.0.1"] });
    const secured = await startWebhookReceiver({ tls });
    const plain = await startWebhookReceiver();
    const postgres = engine === "PostgreSQL" ? await usePostgres() : null;
    const platform = await startPlatform({
      env:
        postgres === null
          ? {}
          : {
              TRULINKS_DATABASE_URL: await postgres.createDatabase(),
              TRULINKS_SECRET_KEY: Buffer.alloc(32, 7).toString("base64"),
            },
    });
    const provider = createClient(platform.providerUrl, `Bearer ${platform.operatorKey}`);
    t.after(async () => {
      await provider.close();
      await platform.dispose();
      await secured.close();
      await plain.close();
      await postgres?.stop();
    });
    const make = async (path: string, body: object) => {
      const { status, body: made } = await provider.post(path, body);
      assert.ok(status === 200 || status === 201, JSON.stringify(made));
      return made;
    };
    await make("/v1/users", { id: "ada" });
    const hook = { user: "ada", events: ["issue.*"] };
    const trusted = { ...hook, url: `${secured.url}/whole`, ca: authority.cert };
    const whole = await make("/v1/hooks", trusted);
    const masked = await make("/v1/hooks", { ...hook, url: `${plain.url}/masked` });
    await make("/v1/hooks", { ...hook, url: `${secured.url}/unverified`, verify_tls: false });
    await make("/v1/hooks", { ...hook, url: `${plain.url}/github`, signature: "github" });
    await make("/v1/hooks", { ...hook, url: `${plain.url}/some`, include: ["/user/name", "/user/email"] });
    await make("/v1/hooks", { ...hook, url: `${plain.url}/never`, filter: { "/issue/state": "closed" } });
    await make("/v1/hooks", {
      ...hook,
      url: `${plain.url}/open`,
      filter: { "/issue/state": ["open", "new"] },
    });
    for (const [name, scopes] of [
      ["reader", ["issues:read"]],
      ["payer", ["issues:write", "pay:read"]],
      ["stranger", ["pulls:read"]],
    ] as const) {
      const app = await make("/v1/apps", { name });
      await make("/v1/grants", { user: "ada", app: app.id, scopes });
      await make("/v1/hooks", {
        app: app.id,
        events: ["*"],
        url: `${secured.url}/${name}`,
        ca: authority.cert,
      });
    }
    assert.equal((await provider.put("/v1/event-types/issue.opened", definition)).status, 200);

    const published = await provider.post("/v1/events", { type: "issue.opened", users: ["ada"], data });
    assert.deepEqual([published.status, published.body.deliveries], [202, 8], JSON.stringify(published.body));

    await t.test("a secured hook sees everything", async () => {
      const [body] = await bodiesAt(secured, "/whole");
      assert.deepEqual([body.data, body.masked], [data, undefined]);
    });

    await t.test("others see null where something is sensitive, and the signed body says where", async () => {
      for (const [receiver, path] of [
        [plain, "/masked"],
        [plain, "/open"],
        [secured, "/unverified"],
      ] as const) {
        const [body] = await bodiesAt(receiver, path);
        assert.deepEqual([body.data, body.masked], [maskedData, MASKED], path);
      }
      const received = plain.received.find(({ path }) => path === "/masked");
      assert.ok(received);
      new Webhook(masked.secret).verify(received.body, received.headers as Record<string, string>);
      const [github] = await bodiesAt(plain, "/github");
      assert.deepEqual(github, { action: "opened", ...maskedData });
    });

    await t.test("chosen fields are all that is sent", async () => {
      const [body] = await bodiesAt(plain, "/some");
      assert.deepEqual([body.data, body.masked], [{ user: { email: null, name: "Ada" } }, ["/user/email"]]);
    });

    await t.test("scopes of the grant decide about the event and its fields", async () => {
      const [[reader], [payer]] = [await bodiesAt(secured, "/reader"), await bodiesAt(secured, "/payer")];
      assert.deepEqual(reader.data, { ...data, issue: { title: "Hello", state: "open" } });
      assert.deepEqual(payer.data, data);
      const paths = [...secured.received, ...plain.received].map(({ path }) => path);
      assert.ok(!paths.includes("/stranger") && !paths.includes("/never"));
    });

    await t.test("what was stored for a secured hook is masked once it no longer is", async () => {
      await provider.patch(`/v1/hooks/${whole.id}`, { state: "paused" });
      const { body: second } = await provider.post("/v1/events", {
        type: "issue.opened",
        users: ["ada"],
        data,
      });
      await provider.patch(`/v1/hooks/${whole.id}`, { verify_tls: false });
      await provider.patch(`/v1/hooks/${whole.id}`, { state: "active" });
      const bodies = await bodiesAt(secured, "/whole", 2);
      assert.deepEqual([bodies[1].id, bodies[1].data, bodies[1].masked], [second.id, maskedData, MASKED]);
    });

    await t.test("a delivery is shown as it was sent", async () => {
      const { body: list } = await provider.get(
        `/v1/deliveries?hook=${masked.id}&event=${published.body.id}`,
      );
      assert.deepEqual(list.data[0].masked, MASKED);
      for (;;) {
        const { body: shown } = await provider.get(`/v1/deliveries/${list.data[0].id}`);
        if (shown.attempts.length === 0) continue;
        assert.deepEqual(JSON.parse(shown.attempts[0].request.body).data, maskedData);
        break;
      }
    });
  });
}
