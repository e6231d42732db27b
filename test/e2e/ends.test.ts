import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { startPlatform } from "../platform.ts";
import { type Client, createClient } from "./client.ts";
import { startWebhookReceiver, type WebhookReceiver } from "./webhook-receiver.ts";

const EVENTS = 40;
const IN_FLIGHT = 2;

interface Stage {
  readonly provider: Client;
  readonly app: string;
  readonly grant: string;
  readonly hook: string;
  readonly receiver: WebhookReceiver;
  /** Lets the receiver answer from here on, with this status. */
  answer(status: number): void;
}

/** A platform whose receiver holds its answers, with as much sent to it as it may have under way, and more at hand. */
async function createStage(t: TestContext): Promise<Stage> {
  const held = Promise.withResolvers<number>();
  const receiver = await startWebhookReceiver({ answer: async () => ({ status: await held.promise }) });
  const platform = await startPlatform();
  const provider = createClient(platform.providerUrl, `Bearer ${platform.operatorKey}`);
  t.after(async () => {
    held.resolve(204);
    await provider.close();
    await platform.dispose();
    await receiver.close();
  });
  await provider.post("/v1/users", { id: "ada" });
  const app = (await provider.post("/v1/apps", { name: "Greeter" })).body.id;
  const grant = (await provider.post("/v1/grants", { user: "ada", app })).body.id;
  const made = { app, url: receiver.url, events: ["*"], in_flight_max: IN_FLIGHT };
  const hook = (await provider.post("/v1/hooks", made)).body.id;
  const event = { type: "order.placed", users: ["ada"], data: {} };
  await Promise.all(Array.from({ length: EVENTS }, () => provider.post("/v1/events", event)));
  await receiver.until(({ length }) => length === IN_FLIGHT);
  return { provider, app, grant, hook, receiver, answer: held.resolve };
}

async function statesOf({ provider, hook }: Stage): Promise<Readonly<Record<string, number>>> {
  const { body } = await provider.get(`/v1/deliveries?limit=200&hook=${hook}`);
  const states = body.data.map(({ state }: { readonly state: string }) => state);
  return Object.fromEntries(
    [...new Set<string>(states)].map((state) => [
      state,
      states.filter((other: string) => other === state).length,
    ]),
  );
}

/** Whatever was to be sent has been sent once this hook's event, made last, has arrived. */
async function sendOneMore(stage: Stage): Promise<void> {
  const last = await startWebhookReceiver();
  await stage.provider.post("/v1/users", { id: "bob" });
  await stage.provider.post("/v1/hooks", { user: "bob", url: last.url, events: ["*"] });
  await stage.provider.post("/v1/events", { type: "order.placed", users: ["bob"], data: {} });
  await last.until(({ length }) => length === 1);
  await last.close();
}

const ENDS: readonly (readonly [string, (stage: Stage) => string])[] = [
  ["a grant", ({ grant }) => `/v1/grants/${grant}`],
  ["a user", () => "/v1/users/ada"],
  ["an app", ({ app }) => `/v1/apps/${app}`],
  ["a hook", ({ hook }) => `/v1/hooks/${hook}`],
];

for (const [what, pathOf] of ENDS) {
  test(`once ${what} has ended, nothing of it is posted that was not under way`, async (t) => {
    const stage = await createStage(t);
    assert.equal((await stage.provider.delete(pathOf(stage))).status, 204);
    stage.answer(500);
    await sendOneMore(stage);
    assert.equal(stage.receiver.received.length, IN_FLIGHT);
    assert.deepEqual(await statesOf(stage), { revoked: EVENTS });
  });
}

test("once a hook is paused, nothing is posted that was not under way, and all of it is kept", async (t) => {
  const stage = await createStage(t);
  assert.equal((await stage.provider.patch(`/v1/hooks/${stage.hook}`, { state: "paused" })).status, 200);
  stage.answer(500);
  await sendOneMore(stage);
  assert.equal(stage.receiver.received.length, IN_FLIGHT);
  assert.deepEqual(await statesOf(stage), { waiting: EVENTS });
});

test("a receiver that says 410 gets nothing more that was not under way", async (t) => {
  const stage = await createStage(t);
  stage.answer(410);
  await sendOneMore(stage);
  assert.equal(stage.receiver.received.length, IN_FLIGHT);
  assert.deepEqual(await statesOf(stage), { failed: EVENTS });
});
