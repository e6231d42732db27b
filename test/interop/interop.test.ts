/** What a running platform sends, judged by the packages that receivers use, which know nothing of us. */
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { Webhooks } from "@octokit/webhooks";
import { parsePublicKey, verifyAsymmetric } from "@trulinks/protocol";
import { Webhook as StandardWebhook } from "standardwebhooks";
import { Webhook as SvixWebhook } from "svix";
import { makeAuthority } from "../certificates.ts";
import { type Client, createClient } from "../e2e/client.ts";
import { type Received, startWebhookReceiver, type WebhookReceiver } from "../e2e/webhook-receiver.ts";
import { startPlatform } from "../platform.ts";

const SOURCES = ["203.0.113.7/32", "2001:db8:7::/64"];

interface Stage {
  readonly provider: Client;
  readonly integrators: Client;
  readonly receiver: WebhookReceiver;
  readonly ca: string;
  /** Sends one event and gives back what arrived of it at this path. */
  send(path: string, data: object): Promise<Received>;
}

async function createStage(context: TestContext): Promise<Stage> {
  const authority = await makeAuthority();
  const receiver = await startWebhookReceiver({ tls: await authority.issue({ hosts: ["127.0.0.1"] }) });
  const platform = await startPlatform({
    env: { TRULINKS_SIGN_ED25519: "true", TRULINKS_SOURCE_ADDRESSES: SOURCES.join(",") },
  });
  const provider = createClient(platform.providerUrl, `Bearer ${platform.operatorKey}`);
  const integrators = createClient(platform.publicUrl, null);
  context.after(async () => {
    await platform.dispose();
    await receiver.close();
    await Promise.all([provider.close(), integrators.close()]);
  });
  await provider.post("/v1/users", { id: "ada" });
  await provider.put("/v1/event-types/issue.opened", { schema: {}, sensitive: ["/user/email"] });
  return {
    provider,
    integrators,
    receiver,
    ca: authority.cert,
    async send(path, data) {
      const before = receiver.received.filter((one) => one.path === path).length;
      const accepted = await provider.post("/v1/events", { type: "issue.opened", users: ["ada"], data });
      assert.equal(accepted.status, 202, JSON.stringify(accepted.body));
      const all = await receiver.until((some) => some.filter((one) => one.path === path).length > before);
      return all.findLast((one) => one.path === path) ?? assert.fail("it did not arrive");
    },
  };
}

interface MadeHook {
  readonly id: string;
  readonly secret: string;
}

async function makeHook(
  { provider, receiver, ca }: Stage,
  path: string,
  terms: object = {},
): Promise<MadeHook> {
  const hook = { user: "ada", url: receiver.url + path, events: ["*"], ca, ...terms };
  const made = await provider.post("/v1/hooks", hook);
  assert.equal(made.status, 201, JSON.stringify(made.body));
  return made.body;
}

/** Throws, or says false, if the delivery is not what was signed. */
type Judge = (delivery: Pick<Received, "headers" | "body">) => unknown;

const JUDGES: Readonly<Record<"standardwebhooks" | "svix", (secret: string) => Judge>> = {
  standardwebhooks: (secret) => {
    const webhook = new StandardWebhook(secret);
    return ({ body, headers }) => webhook.verify(body, headers as Record<string, string>);
  },
  svix: (secret) => {
    const webhook = new SvixWebhook(secret);
    return ({ body, headers }) => webhook.verify(body, headers as Record<string, string>);
  },
};

/** Which characters of a header must all be as they came, for one who checks this kind of signature. */
type Guarded = readonly (readonly [header: string, characters: RegExp])[];

const GUARDED: Readonly<Record<"v1" | "v1a" | "github", Guarded>> = {
  v1: [
    ["webhook-id", /^.*$/],
    ["webhook-timestamp", /^.*$/],
    // The last character of base64 has bits that say nothing.
    ["webhook-signature", /(?<=^v1,)[^ =]+(?=[^ =]=*( |$))/],
  ],
  v1a: [
    ["webhook-id", /^.*$/],
    ["webhook-timestamp", /^.*$/],
    ["webhook-signature", /(?<= v1a,)[^ =]+(?=[^ =]=*$)/],
  ],
  github: [["x-hub-signature-256", /^.*$/]],
};

/** The delivery passes as it came, and with no single byte changed of all that is signed. */
async function assertJudged(judge: Judge, delivery: Received, guarded: Guarded): Promise<void> {
  assert.notEqual(await judge(delivery), false, "as it came");
  for (let at = 0; at < delivery.body.length; at++) {
    const body = Buffer.from(delivery.body);
    // The lowest bit keeps UTF-8 whole for packages that decode before they look.
    body[at] = (body[at] ?? 0) ^ 1;
    await assertRefused(judge, { ...delivery, body }, `byte ${at} of the body`);
  }
  for (const [name, characters] of guarded) {
    const value = String(delivery.headers[name]);
    const { 0: part, index } = characters.exec(value) ?? assert.fail(`${name}: ${value}`);
    assert.ok(part.length > 0, name);
    for (let at = index; at < index + part.length; at++) {
      const changed =
        value.slice(0, at) + String.fromCharCode(value.charCodeAt(at) ^ 1) + value.slice(at + 1);
      const headers = { ...delivery.headers, [name]: changed };
      await assertRefused(judge, { ...delivery, headers }, `character ${at} of ${name}`);
    }
  }
}

async function assertRefused(
  judge: Judge,
  delivery: Pick<Received, "headers" | "body">,
  why: string,
): Promise<void> {
  let verdict: unknown = false;
  try {
    verdict = await judge(delivery);
  } catch {}
  assert.equal(verdict, false, `${why} was changed`);
}

test("receivers that others wrote accept what the platform sends, and nothing that was changed", async (context) => {
  const stage = await createStage(context);
  const data = { number: 1, title: "Grüße 🌧", user: { name: "Ada", email: "ada@example.com" } };

  for (const [name, judgeBy] of Object.entries(JUDGES)) {
    await context.test(`${name}: a standard delivery, which carries v1a, too`, async () => {
      const hook = await makeHook(stage, `/${name}/standard`);
      const delivery = await stage.send(`/${name}/standard`, data);
      assert.match(String(delivery.headers["webhook-signature"]), /^v1,\S+ v1a,\S+$/);
      await assertJudged(judgeBy(hook.secret), delivery, GUARDED.v1);
      const envelope = JUDGES.standardwebhooks(hook.secret)(delivery) as { data: unknown };
      assert.deepEqual(envelope.data, data);
    });

    await context.test(`${name}: while the secret rotates, with the old one and the new one`, async () => {
      const hook = await makeHook(stage, `/${name}/rotating`);
      const rotated = await stage.provider.post(`/v1/hooks/${hook.id}/secret`);
      assert.equal(rotated.status, 200, JSON.stringify(rotated.body));
      const delivery = await stage.send(`/${name}/rotating`, data);
      assert.match(String(delivery.headers["webhook-signature"]), /^v1,\S+ v1,\S+ v1a,\S+$/);
      for (const secret of [hook.secret, rotated.body.secret]) {
        await assertJudged(judgeBy(secret), delivery, GUARDED.v1.slice(0, 2));
      }
      await assertRefused(judgeBy(`whsec_${Buffer.alloc(32, 9).toString("base64")}`), delivery, "the secret");
    });

    await context.test(`${name}: chosen fields, and masked ones`, async () => {
      const chosen = await makeHook(stage, `/${name}/chosen`, { include: ["/number", "/user/email"] });
      const some = await stage.send(`/${name}/chosen`, data);
      await assertJudged(judgeBy(chosen.secret), some, GUARDED.v1);
      assert.deepEqual(JSON.parse(some.body.toString()).data, {
        number: 1,
        user: { email: "ada@example.com" },
      });

      const masked = await makeHook(stage, `/${name}/masked`, { verify_tls: false });
      const less = await stage.send(`/${name}/masked`, data);
      await assertJudged(judgeBy(masked.secret), less, GUARDED.v1);
      const envelope = JSON.parse(less.body.toString());
      assert.deepEqual([envelope.masked, envelope.data.user.email], [["/user/email"], null]);
    });
  }

  await context.test("@octokit/webhooks: GitHub's form, with the secret of the moment", async () => {
    const hook = await makeHook(stage, "/octokit", {
      signature: "github",
      secret: "a secret of GitHub's kind".replaceAll(" ", "-"),
    });
    const judge = ({ body, headers }: Pick<Received, "headers" | "body">) =>
      new Webhooks({ secret: hook.secret }).verify(body.toString(), String(headers["x-hub-signature-256"]));
    const delivery = await stage.send("/octokit", data);
    await assertJudged(judge, delivery, GUARDED.github);
    assert.equal(delivery.headers["x-github-event"], "issue");
    assert.deepEqual(JSON.parse(delivery.body.toString()), { action: "opened", ...data });

    const rotated = await stage.provider.post(`/v1/hooks/${hook.id}/secret`);
    const next = await stage.send("/octokit", data);
    await assertRefused(judge, next, "the secret");
    const webhooks = new Webhooks({ secret: rotated.body.secret });
    let seen: unknown = null;
    webhooks.onAny(({ name, payload }) => {
      seen = [name, "action" in payload && payload.action];
    });
    await webhooks.verifyAndReceive({
      id: String(next.headers["x-github-delivery"]),
      name: String(next.headers["x-github-event"]) as "issues",
      signature: String(next.headers["x-hub-signature-256"]),
      payload: next.body.toString(),
    });
    assert.deepEqual(seen, ["issue", "opened"]);
  });

  await context.test("v1a: by the public key that the platform publishes, whatever the secret", async () => {
    const { body: meta } = await stage.integrators.get("/meta");
    assert.deepEqual(meta.delivery_addresses, SOURCES);
    const publicKey = parsePublicKey(meta.signing_keys[0]) ?? assert.fail("it is none");
    await makeHook(stage, "/asymmetric");
    const delivery = await stage.send("/asymmetric", data);
    const judge = async ({ headers, body }: Pick<Received, "headers" | "body">) => {
      const header = (name: string) => String(headers[name]);
      const received = {
        id: header("webhook-id"),
        timestamp: header("webhook-timestamp"),
        signature: header("webhook-signature"),
        body,
      };
      return (await verifyAsymmetric([publicKey], received, Date.now())).kind === "valid";
    };
    await assertJudged(judge, delivery, GUARDED.v1a);
  });
});
