import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { type HookId, POLICY_DEFAULT } from "@trulinks/protocol";
import { Webhook, WebhookVerificationError } from "standardwebhooks";
import { createWorld, type World } from "../../../../test/simulation/world.ts";
import { type Clock, systemClock } from "../base/clock.ts";
import { systemDice } from "../base/dice.ts";
import { createAddressPolicy } from "./addresses.ts";
import type { AttemptedFact } from "./fact.ts";
import { createHostNames } from "./host-names.ts";
import { createPoster } from "./post.ts";
import { createPublish, type Publish } from "./publish.ts";
import { createSender, type Sender, type SenderDeps } from "./sender.ts";
import type { WebhookStore } from "./store.ts";

interface Received {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

interface Receiver {
  readonly url: string;
  readonly received: readonly Received[];
  /** The most requests that were under way at once, at paths that begin so. */
  busiest(path: string): number;
}

/** Answers with the status that `answer` gives, or not at all for null. */
type Answer = (request: Received, count: number) => number | null | Promise<number>;

interface Stage extends World {
  readonly sender: Sender;
  readonly publish: Publish;
  readonly facts: readonly AttemptedFact[];
  receive(answer: Answer): Promise<Receiver>;
  makeHook(user: string, url: string, inFlightMax?: number): Promise<HookId>;
  emit(users: readonly string[], count?: number): Promise<void>;
}

const cleanups: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function createStage(change: Partial<SenderDeps> = {}, isStarted = true): Promise<Stage> {
  const world = createWorld({ clock: systemClock, dice: systemDice, wake: () => sender.wake() });
  const { storage, clock, dice, log, keyring } = world;
  const names = createHostNames({ clock, servers: [], readText: async () => null });
  const poster = createPoster({ addresses: createAddressPolicy(["127.0.0.0/8"]), names, clock });
  const facts: AttemptedFact[] = [];
  const sender = createSender({
    store: storage.webhooks,
    post: poster.post,
    keyring,
    policy: () => ({ ...POLICY_DEFAULT.webhooks, retries_s: [0.02, 0.02] }),
    clock,
    dice,
    log,
    onFact: (fact) => facts.push(fact),
    inFlightMax: 64,
    ...change,
  });
  if (isStarted) await sender.start();
  cleanups.push(async () => {
    await sender.stop();
    await poster.close();
    await storage.close();
  });
  const publish = createPublish({ store: storage.webhooks, intake: sender, clock, dice, log });
  return {
    ...world,
    sender,
    publish,
    facts,
    receive,
    async makeHook(user, url, inFlightMax = 8) {
      const owner = { kind: "user", userId: await world.makeUser(user) } as const;
      const created = await world.hooks.create({ owner, url, events: ["*"], inFlightMax }, "operator");
      assert.ok(created.kind === "made", JSON.stringify(created));
      return created.hook.id;
    },
    async emit(users, count = 1) {
      const event = { id: null, idempotencyKey: null, type: "issue.opened", groups: [], data: { n: 1 } };
      const results = await publish(Array.from({ length: count }, () => ({ ...event, users })));
      for (const result of results) assert.equal(result.kind, "accepted");
    },
  };
}

async function receive(answer: Answer): Promise<Receiver> {
  const received: Received[] = [];
  const underWay = new Map<string, number>();
  const busiest = new Map<string, number>();
  const count = (path: string, one: 1 | -1) => {
    for (const place of new Set(["/", path])) {
      const sum = (underWay.get(place) ?? 0) + one;
      underWay.set(place, sum);
      busiest.set(place, Math.max(busiest.get(place) ?? 0, sum));
    }
  };
  const server = createServer(async (incoming, outgoing) => {
    const path = incoming.url ?? "";
    count(path, 1);
    outgoing.once("close", () => count(path, -1));
    const body = Buffer.concat(await incoming.toArray()).toString();
    const request = { path, headers: incoming.headers, body };
    received.push(request);
    const status = await answer(request, received.length);
    if (status !== null) outgoing.writeHead(status).end();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  cleanups.push(async () => {
    server.close();
    server.closeAllConnections();
  });
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, received, busiest: (path) => busiest.get(path) ?? 0 };
}

/** Waits for something that must come true; the runner's own limit ends it if it never does. */
async function until(isTrue: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await isTrue())) await sleep(5);
}

async function statesOf({ storage }: World): Promise<Readonly<Record<string, number>>> {
  const page = await storage.webhooks.listDeliveries(
    { reach: { kind: "all" } },
    { after: null, countMax: 200 },
  );
  const states: Record<string, number> = {};
  for (const { state } of page.items) states[state] = (states[state] ?? 0) + 1;
  return states;
}

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
