import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { Webhook } from "standardwebhooks";
import { startPlatform } from "../platform.ts";
import { basic, type Client, createClient } from "./client.ts";
import {
  type Received,
  type ReceiverAnswer,
  startWebhookReceiver,
  type WebhookReceiver,
} from "./webhook-receiver.ts";

type Answering = (received: Received, secret: string) => ReceiverAnswer;

interface Stage {
  readonly asApp: Client;
  readonly provider: Client;
  readonly user: string;
  /** Makes a hook whose receiver answers so. */
  make(
    answering: Answering,
    over?: object,
  ): Promise<{ readonly hook: string; readonly receiver: WebhookReceiver }>;
}

async function createStage(t: TestContext, policy: string): Promise<Stage> {
  const folder = mkdtempSync(join(tmpdir(), "trulinks-challenge-"));
  writeFileSync(join(folder, "policy.yaml"), policy);
  const platform = await startPlatform({ env: { TRULINKS_POLICY: join(folder, "policy.yaml") } });
  const provider = createClient(platform.providerUrl, `Bearer ${platform.operatorKey}`);
  const app = (await provider.post("/v1/apps", { name: "Greeter" })).body;
  await provider.post("/v1/users", { id: "ada" });
  await provider.post("/v1/grants", { user: "ada", app: app.id });
  const asApp = createClient(platform.publicUrl, basic(app.client_id, app.client_secret));
  const receivers: WebhookReceiver[] = [];
  t.after(async () => {
    await Promise.all([provider.close(), asApp.close()]);
    await platform.dispose();
    await Promise.all(receivers.map((receiver) => receiver.close()));
    rmSync(folder, { recursive: true });
  });
  return {
    asApp,
    provider,
    user: "ada",
    async make(answering, over = {}) {
      const secret = Promise.withResolvers<string>();
      const receiver = await startWebhookReceiver({
        answer: async (received) => answering(received, await secret.promise),
      });
      receivers.push(receiver);
      const made = await asApp.post("/integrations/hooks", { url: receiver.url, events: ["*"], ...over });
      assert.deepEqual([made.status, made.body.state], [201, "pending"], JSON.stringify(made.body));
      secret.resolve(made.body.secret);
      return { hook: made.body.id, receiver };
    },
  };
}

function challengeIn({ body }: Received): string {
  const { data, challenge } = JSON.parse(body.toString());
  return (data ?? { challenge }).challenge;
}

/** As an integrator would write it, without any of our code. */
function answerOf(challenge: string, key: string | Buffer): ReceiverAnswer {
  const answer = createHmac("sha256", key).update(challenge).digest("base64");
  return { status: 200, body: JSON.stringify({ challenge: answer }) };
}

const standardKey = (secret: string): Buffer => Buffer.from(secret.slice("whsec_".length), "base64");
const proves: Answering = (received, secret) => answerOf(challengeIn(received), standardKey(secret));

/** Waits until no ping of the hook is asked any more, and says what became of the last and of the hook. */
async function settled({ asApp }: Stage, hook: string): Promise<readonly unknown[]> {
  for (;;) {
    const { body } = await asApp.get(`/integrations/deliveries?hook=${hook}&type=ping`);
    const [last] = body.data;
    if (body.data.some(({ state }: { readonly state: string }) => state === "waiting")) continue;
    const { state } = (await asApp.get(`/integrations/hooks/${hook}`)).body;
    return [state, last.state, last.attempts.map(({ outcome }: { readonly outcome: string }) => outcome)];
  }
}

test("where the policy asks for a challenge, only a receiver that knows the secret makes its hook active", async (t) => {
  const stage = await createStage(t, "webhooks: { challenge: true, retries_s: [1] }\n");
  let asked = 0;
  const cases: readonly (readonly [string, Answering, object, readonly unknown[]])[] = [
    ["the right answer", proves, {}, ["active", "delivered", ["accepted"]]],
    [
      "the right answer by GitHub's secret",
      (received, secret) => answerOf(challengeIn(received), secret),
      { signature: "github" },
      ["active", "delivered", ["accepted"]],
    ],
    [
      "the right answer at the second asking",
      (received, secret) => (asked++ === 0 ? { status: 204 } : proves(received, secret)),
      {},
      ["active", "delivered", ["unproven", "accepted"]],
    ],
    ["2xx alone", () => ({ status: 204 }), {}, ["pending", "failed", ["unproven", "unproven"]]],
    [
      "the challenge as it came",
      (received) => ({ status: 200, body: JSON.stringify({ challenge: challengeIn(received) }) }),
      {},
      ["pending", "failed", ["unproven", "unproven"]],
    ],
    [
      "the right answer with a refusal",
      (received, secret) => ({ ...proves(received, secret), status: 500 }),
      {},
      ["pending", "failed", ["refused", "refused"]],
    ],
  ];
  for (const [why, answering, over, expected] of cases) {
    const { hook } = await stage.make(answering, over);
    assert.deepEqual(await settled(stage, hook), expected, why);
  }

  // Later pings of an active hook, and its events, are accepted as ever.
  const { hook, receiver } = await stage.make((received, secret) =>
    received.headers["trulinks-event"] === "ping" && challengeIn(received)
      ? proves(received, secret)
      : { status: 204 },
  );
  await settled(stage, hook);
  await stage.asApp.post(`/integrations/hooks/${hook}/pings`);
  const [, second] = await receiver.until((received) => received.length === 2);
  assert.deepEqual(JSON.parse(second?.body.toString() ?? "").data, {});
  assert.deepEqual(await settled(stage, hook), ["active", "delivered", ["accepted"]]);
});

test("where it does not, a 2xx to a signed ping without data is enough", async (t) => {
  const stage = await createStage(t, "webhooks: { retries_s: [1] }\n");
  let seen: unknown = null;
  const { hook } = await stage.make((received, secret) => {
    seen = new Webhook(secret).verify(received.body, received.headers as Record<string, string>);
    return { status: 204 };
  });
  assert.deepEqual(await settled(stage, hook), ["active", "delivered", ["accepted"]]);
  assert.deepEqual((seen as { readonly data: unknown }).data, {});
});
