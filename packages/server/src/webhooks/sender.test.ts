import assert from "node:assert/strict";
import { test } from "node:test";
import { Webhook, WebhookVerificationError } from "standardwebhooks";
import { systemClock } from "../base/clock.ts";
import { createStage, statesOf, until } from "./sender-fixtures.contract.ts";

test("what is published arrives, is settled, logged and told", async () => {
  const stage = await createStage();
  const receiver = await stage.receive(() => 204);
  const hookId = await stage.makeHook("alice", receiver.url);
  await stage.emit(["alice"]);
  await until(() => stage.facts.length === 1);
  assert.deepEqual(await statesOf(stage), { delivered: 1 });

  const [name, fields] = stage.lines.at(-1) ?? [];
  assert.equal(name, "delivery.attempted");
  const { delivery, event, duration_ms, connect_ms, ...rest } = fields ?? {};
  assert.deepEqual(rest, { hook: hookId, attempt: 1, outcome: "accepted", status: 204, next: "delivered" });
  assert.deepEqual([typeof delivery, typeof event], ["string", "string"]);
  assert.deepEqual([typeof duration_ms, typeof connect_ms], ["number", "number"]);
  const [{ atMs, sincePublishedMs, durationMs, ...fact } = { atMs: 0, sincePublishedMs: -1, durationMs: 0 }] =
    stage.facts;
  assert.ok(atMs > 0 && sincePublishedMs >= 0 && durationMs > 0);
  assert.deepEqual(fact, {
    kind: "attempted",
    hookId,
    owner: { kind: "user", userId: "alice" },
    userId: "alice",
    attempt: 1,
    outcome: "accepted",
    guideline: null,
    next: "delivered",
  });
});

test("an app's hook signs for each user with that user's own secret", async () => {
  const stage = await createStage();
  const receiver = await stage.receive(() => 200);
  const appId = await stage.makeApp();
  const users = ["alice", "bob", "carol"];
  for (const user of users) await stage.grant(await stage.makeUser(user), appId);
  const created = await stage.hooks.create(
    { owner: { kind: "app", appId }, url: receiver.url, events: ["*"] },
    "operator",
  );
  assert.ok(created.kind === "made");
  await stage.emit(users);
  await stage.hooks.ping(created.hook.id, "operator");
  await until(() => receiver.received.length === 4);

  const secrets = new Map<string, string>([["", created.secret.reveal()]]);
  for (const userId of users) {
    const [live] = (await stage.hooks.readUserSecret(created.hook.id, userId as never)) ?? [];
    secrets.set(userId, live?.secret.reveal() ?? "");
  }
  assert.deepEqual(receiver.received.map(({ headers }) => headers["trulinks-user"] ?? "").sort(), [
    "",
    ...users,
  ]);
  for (const { headers, body } of receiver.received) {
    const named = headers as Record<string, string>;
    for (const [user, secret] of secrets) {
      const check = () => new Webhook(secret).verify(body, named);
      if (user === (named["trulinks-user"] ?? "")) assert.deepEqual(check(), JSON.parse(body));
      else assert.throws(check, WebhookVerificationError, `${user}'s secret is good for nobody else`);
    }
    const own = new Webhook(secrets.get(named["trulinks-user"] ?? "") ?? "");
    assert.throws(() => own.verify(body.replace("{", "{ "), named), WebhookVerificationError);
  }
});

test("a failed attempt is repeated with the same id and body until the schedule ends", async () => {
  const stage = await createStage();
  // Retries are never this soon outside of tests, so the sender looks for them only once a second by itself.
  const untilRetried = (isTrue: () => boolean | Promise<boolean>) =>
    until(() => {
      stage.sender.wake();
      return isTrue();
    });
  const receiver = await stage.receive(({ path }, count) => (path === "/mends" && count > 2 ? 200 : 500));
  await stage.makeHook("alice", `${receiver.url}/mends`);
  await stage.emit(["alice"]);
  await untilRetried(() => stage.facts.length === 3);
  assert.deepEqual(await statesOf(stage), { delivered: 1 });
  const [first, ...later] = receiver.received;
  for (const request of later) {
    assert.equal(request.body, first?.body);
    assert.equal(request.headers["webhook-id"], first?.headers["webhook-id"]);
  }
  assert.deepEqual(
    receiver.received.map(({ headers }) => headers["trulinks-attempt"]),
    ["1", "2", "3"],
  );

  const never = await stage.receive(() => 500);
  await stage.makeHook("bob", never.url);
  await stage.emit(["bob"]);
  await untilRetried(async () => (await statesOf(stage))["failed"] === 1);
  assert.equal(never.received.length, 3);
});

test("a pending hook is asked again, even one that wants no retries", async () => {
  const stage = await createStage();
  const receiver = await stage.receive((_, count) => (count === 1 ? 500 : 200));
  const owner = { kind: "user", userId: await stage.makeUser("alice") } as const;
  const request = { owner, url: receiver.url, events: ["*"], retries: "none" } as const;
  const created = await stage.hooks.create(request, "integrator");
  assert.ok(created.kind === "made");
  await until(async () => {
    stage.sender.wake();
    return (await stage.storage.webhooks.findHook(created.hook.id))?.state === "active";
  });
  assert.equal(receiver.received.length, 2);
});

test("what a process left behind is sent by the next one", async () => {
  const before = await createStage({}, false);
  const receiver = await before.receive(() => 200);
  await before.makeHook("alice", receiver.url);
  await before.sender.stop();
  await before.emit(["alice"], 3);
  assert.deepEqual(await statesOf(before), { waiting: 3 });

  const after = await createStage({ store: before.storage.webhooks, keyring: before.keyring });
  await until(() => after.facts.length === 3);
  assert.deepEqual(await statesOf(before), { delivered: 3 });
});

test("stopping waits for what is under way and gives back what was not started", async () => {
  const stage = await createStage({ inFlightMax: 2 });
  const open = Promise.withResolvers<number>();
  const receiver = await stage.receive(() => open.promise);
  await stage.makeHook("alice", receiver.url, 2);
  await stage.emit(["alice"], 2);
  await stage.emit(["alice"], 3);
  await until(() => receiver.received.length === 2);
  const stopped = stage.sender.stop();
  open.resolve(200);
  await stopped;
  assert.deepEqual(await statesOf(stage), { delivered: 2, waiting: 3 });
  const when = { nowMs: systemClock.now(), countMax: 10, retriesMax: 10, hookMax: 10, exceptHooks: [] };
  assert.equal((await stage.storage.webhooks.claimDue(when)).length, 3);
});

test("a store that fails for a while neither ends the sender nor posts twice", async () => {
  let failures = 0;
  const stage = await createStage({}, false);
  const { webhooks } = stage.storage;
  const failFirst = async <T>(count: number, verb: () => Promise<T>): Promise<T> => {
    if (failures < count) {
      failures++;
      throw new Error("the database is away");
    }
    return verb();
  };
  const flaky = {
    ...webhooks,
    claimDue: (claim: Parameters<typeof webhooks.claimDue>[0]) =>
      failFirst(2, () => webhooks.claimDue(claim)),
    settle: (settlement: Parameters<typeof webhooks.settle>[0]) =>
      failFirst(3, () => webhooks.settle(settlement)),
  };
  const receiver = await stage.receive(() => 200);
  await stage.makeHook("alice", receiver.url);
  await stage.sender.stop();
  await stage.emit(["alice"]);
  const other = await createStage({ store: flaky, keyring: stage.keyring });
  await until(async () => (await statesOf(stage))["delivered"] === 1);
  assert.equal(receiver.received.length, 1);
  assert.deepEqual(
    other.lines.map(([name]) => name).filter((name) => name !== "delivery.attempted"),
    ["sender.store-failed", "sender.store-failed", "delivery.settle-failed"],
  );
});

test("a secret that does not open stops its own delivery only, and is not told", async () => {
  const stage = await createStage();
  const receiver = await stage.receive(() => 200);
  const broken = await stage.makeHook("alice", receiver.url);
  await stage.makeHook("bob", receiver.url);
  const when = { nowMs: systemClock.now(), oldUntilMs: systemClock.now() };
  await stage.storage.webhooks.rotateSecret(broken, Buffer.from("not sealed at all"), when);
  await stage.emit(["alice", "bob"]);
  await until(
    () => stage.facts.length === 1 && stage.lines.some(([name]) => name === "delivery.attempt-failed"),
  );
  assert.equal(receiver.received.length, 1);
  assert.deepEqual(await statesOf(stage), { delivered: 1, waiting: 1 });
});
