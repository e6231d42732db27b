/** Who waits for whom, over real sockets. With false time and at full size: `fairness.test.ts`. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { createWorld } from "../../../../test/simulation/world.ts";
import { type Clock, systemClock } from "../base/clock.ts";
import { systemDice } from "../base/dice.ts";
import { createPublish } from "./publish.ts";
import { createStage, statesOf, until } from "./sender-fixtures.contract.ts";
import type { WebhookStore } from "./store.ts";

test("no hook has more under way than it may, and all of its backlog arrives", async () => {
  const stage = await createStage({ inFlightMax: 5 });
  const receiver = await stage.receive(() => sleep(2, 200));
  await stage.makeHook("alice", `${receiver.url}/a`, 2);
  await stage.makeHook("bob", `${receiver.url}/b`, 1);
  await stage.makeHook("carol", `${receiver.url}/c`);
  await stage.emit(["alice", "bob", "carol"], 40);
  await until(() => stage.facts.length === 120);
  assert.deepEqual(await statesOf(stage), { delivered: 120 });
  assert.equal(new Set(receiver.received.map(({ headers }) => headers["webhook-id"])).size, 120);
  for (const [path, most] of [
    ["/a", 2],
    ["/b", 1],
    ["/", 5],
  ] as const) {
    assert.ok(receiver.busiest(path) <= most, `${receiver.busiest(path)} at once at ${path}`);
  }
});

test("a receiver that hangs holds up nobody else", async () => {
  const stage = await createStage();
  const hanging = await stage.receive(() => null);
  const healthy = await stage.receive(() => 200);
  await stage.makeHook("alice", hanging.url);
  await stage.makeHook("bob", healthy.url);
  await stage.emit(["alice"], 50);
  for (let round = 0; round < 5; round++) await stage.emit(["bob"], 20);
  await until(() => healthy.received.length === 100);
  assert.equal(hanging.received.length, 8);
});

test("when many receivers begin to hang at once, others are served before the first of those is given up", async () => {
  const stage = await createStage({ inFlightMax: 32 });
  const healthy = await stage.receive(() => 200);
  const hanging = await Promise.all(Array.from({ length: 12 }, () => stage.receive(() => null)));
  for (const [index, { url }] of hanging.entries()) await stage.makeHook(`hanging${index}`, url);
  await stage.makeHook("healthy", healthy.url);
  await stage.emit(
    hanging.map((_, index) => `hanging${index}`),
    8,
  );
  for (let round = 0; round < 10; round++) await stage.emit(["healthy"], 5);
  await until(() => healthy.received.length === 50);
  const outcomes = new Set(stage.facts.map(({ outcome }) => outcome));
  assert.deepEqual([...outcomes], ["accepted"], "nothing else has ended");
  assert.ok(hanging.every(({ received }) => received.length > 0));
});

/** Nobody sleeps for long with this clock, so that nothing is looked for but at the start and by those who are woken. */
const withoutLongSleep: Clock = {
  ...systemClock,
  sleep: (delayMs, signal) => systemClock.sleep(delayMs < 100 ? delayMs : 2 ** 31 - 1, signal),
};

test("what can be sent as it comes is never asked for", async () => {
  const clock = withoutLongSleep;
  const world = createWorld({ clock, dice: systemDice });
  let looks = 0;
  const claimDue: WebhookStore["claimDue"] = (request) => {
    looks++;
    return world.storage.webhooks.claimDue(request);
  };
  const store = { ...world.storage.webhooks, claimDue };
  const stage = await createStage({ store, keyring: world.keyring, clock });
  const receiver = await stage.receive(() => 200);
  const users = ["alice", "bob", "carol"];
  for (const user of users) {
    const owner = { kind: "user", userId: await world.makeUser(user) } as const;
    await world.hooks.create({ owner, url: receiver.url, events: ["*"] }, "operator");
  }
  const publish = createPublish({ ...world, store, intake: stage.sender });
  const event = { id: null, idempotencyKey: null, type: "a.b", users, groups: [], data: {} };
  for (let round = 1; round <= 20; round++) {
    await publish([event, event, event]);
    await until(() => stage.facts.length === round * 9);
  }
  assert.equal(looks, 1);
});

test("a serial hook gets its deliveries in order, one at a time, each as soon as the one before has ended", async () => {
  const stage = await createStage({ clock: withoutLongSleep });
  const receiver = await stage.receive((_, count) => sleep(1, count % 5 === 0 ? 422 : 200));
  const owner = { kind: "user", userId: await stage.makeUser("alice") } as const;
  const made = await stage.hooks.create(
    { owner, url: receiver.url, events: ["*"], serial: true },
    "operator",
  );
  assert.ok(made.kind === "made");
  await stage.emit(["alice"], 30);
  await until(() => stage.facts.length === 30);
  const numbers = receiver.received.map(({ headers }) => Number(headers["trulinks-sequence"]));
  assert.deepEqual(
    numbers,
    Array.from({ length: 30 }, (_, index) => index + 1),
  );
  assert.equal(receiver.busiest("/"), 1);
});

test("what is no longer worth sending when its turn comes is ended, and not sent", async () => {
  let aheadMs = 0;
  const clock = { ...systemClock, now: () => systemClock.now() + aheadMs };
  const stage = await createStage({ clock });
  const open = Promise.withResolvers<number>();
  const receiver = await stage.receive(() => open.promise);
  await stage.makeHook("alice", receiver.url, 1);
  await stage.emit(["alice"]);
  await until(() => receiver.received.length === 1);
  const event = { id: null, idempotencyKey: null, type: "a.b", users: ["alice"], groups: [], data: {} };
  await stage.publish([{ ...event, key: null, expiresInS: 1 }]);
  aheadMs = 1_001;
  open.resolve(200);
  await until(async () => {
    stage.sender.wake();
    return (await statesOf(stage))["expired"] === 1;
  });
  assert.deepEqual([receiver.received.length, await statesOf(stage)], [1, { delivered: 1, expired: 1 }]);
});
