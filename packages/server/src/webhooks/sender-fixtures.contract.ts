/** A sender with sockets: a real store, real receivers, and what was told of it. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { type HookId, POLICY_DEFAULT } from "@trulinks/protocol";
import { createWorld, type World } from "../../../../test/simulation/world.ts";
import { systemClock } from "../base/clock.ts";
import { systemDice } from "../base/dice.ts";
import { createAddressPolicy } from "./addresses.ts";
import type { AttemptedFact } from "./fact.ts";
import { createHostNames } from "./host-names.ts";
import { createPoster } from "./post.ts";
import { createPublish, type Publish } from "./publish.ts";
import { createSender, type Sender, type SenderDeps } from "./sender.ts";

export interface Received {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface Receiver {
  readonly url: string;
  readonly received: readonly Received[];
  /** The most requests that were under way at once, at paths that begin so. */
  busiest(path: string): number;
}

/** Answers with the status that `answer` gives, or not at all for null. */
type Answer = (request: Received, count: number) => number | null | Promise<number>;

export interface Stage extends World {
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

/** It is stopped, and all it has is closed, after the test. */
export async function createStage(change: Partial<SenderDeps> = {}, isStarted = true): Promise<Stage> {
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
export async function until(isTrue: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await isTrue())) await sleep(5);
}

export async function statesOf({ storage }: World): Promise<Readonly<Record<string, number>>> {
  const page = await storage.webhooks.listDeliveries(
    { reach: { kind: "all" } },
    { after: null, countMax: 200 },
  );
  const states: Record<string, number> = {};
  for (const { state } of page.items) states[state] = (states[state] ?? 0) + 1;
  return states;
}
