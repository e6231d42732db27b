/** A test event as a receiver gets it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Webhooks } from "@octokit/webhooks";
import { Webhook } from "standardwebhooks";
import { createCatalogues } from "./catalogue.ts";
import type { HookRequest } from "./hooks.ts";
import { createStage, type Received, type Stage, until } from "./sender-fixtures.contract.ts";
import { createTestEvents, type Tested } from "./test-event.ts";

const DEFINITION = {
  ...{ description: null, schema: {}, sensitive: ["/mail"], notPassword: [], action: "opened", scopes: null },
  fieldScopes: [],
  examples: [{ mail: "ann@example.com", challenge: "is no ping's here" }],
};

/** Sends the example to a hook made so, and says what arrived. */
async function sendTo(
  over: Partial<HookRequest>,
  status = 200,
): Promise<{
  readonly stage: Stage;
  readonly tested: Extract<Tested, { kind: "sent" }>;
  readonly secret: string;
  readonly request: Received;
}> {
  const stage = await createStage();
  const receiver = await stage.receive(() => status);
  const catalogues = createCatalogues({ store: stage.storage.eventTypes, clock: stage.clock });
  await catalogues.put("issue.opened", DEFINITION);
  const owner = { kind: "user", userId: await stage.makeUser("ann") } as const;
  const created = await stage.hooks.create(
    { owner, url: receiver.url, events: ["issue.*"], ...over },
    "operator",
  );
  assert.ok(created.kind === "made");
  const { clock, dice, storage, sender } = stage;
  const testEvents = createTestEvents({
    ...{
      store: storage.webhooks,
      catalogue: catalogues.current,
      scopesOf: async () => [],
      clock,
      dice,
      wake: sender.wake,
    },
  });
  const tested = await testEvents.send(created.hook.id, "issue.opened");
  assert.ok(tested.kind === "sent", tested.kind);
  await until(() => receiver.received.length === 1);
  const [request] = receiver.received;
  assert.ok(request);
  return { stage, tested, secret: created.secret.reveal(), request };
}

test("it is signed, marked in its body and in a header, masked, and has no number", async () => {
  const { stage, tested, secret, request } = await sendTo({});
  new Webhook(secret).verify(request.body, request.headers as Record<string, string>);
  const { timestamp: _, hook: __, ...envelope } = JSON.parse(request.body);
  assert.deepEqual(envelope, {
    ...{ id: tested.eventId, type: "issue.opened", action: "opened", masked: ["/mail"], test: true },
    data: { mail: null, challenge: "is no ping's here" },
  });
  const { headers } = request;
  assert.deepEqual(
    [
      headers["trulinks-test"],
      headers["trulinks-event"],
      headers["trulinks-sequence"],
      headers["trulinks-user"],
    ],
    ["true", "issue.opened", undefined, undefined],
  );
  // What looks like a challenge in its data is none.
  await until(() => stage.facts.length === 1);
  assert.equal(stage.facts[0]?.outcome, "accepted");
});

test("in GitHub's form the body is as ever, and only a header marks it", async () => {
  const { secret, request } = await sendTo({ signature: "github" });
  const signature = String(request.headers["x-hub-signature-256"]);
  assert.equal(await new Webhooks({ secret }).verify(request.body, signature), true);
  assert.deepEqual(JSON.parse(request.body), {
    action: "opened",
    mail: null,
    challenge: "is no ping's here",
  });
  assert.deepEqual([request.headers["trulinks-test"], request.headers["x-github-event"]], ["true", "issue"]);
});

test("an event that has happened is not marked", async () => {
  const stage = await createStage();
  const receiver = await stage.receive(() => 200);
  await stage.makeHook("ann", receiver.url);
  await stage.emit(["ann"]);
  await until(() => receiver.received.length === 1);
  assert.equal(receiver.received[0]?.headers["trulinks-test"], undefined);
  assert.ok(!("test" in JSON.parse(receiver.received[0]?.body ?? "")));
});
