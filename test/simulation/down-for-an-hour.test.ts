/** A receiver is gone for an hour: it gets everything, and exactly as the record says. By a false clock. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { type HookId, makeId, POLICY_DEFAULT, type ReplayId, type UserId } from "@trulinks/protocol";
import { seededDice } from "../../packages/server/src/base/seeded-dice.ts";
import { createCatalogues } from "../../packages/server/src/webhooks/catalogue.ts";
import { createFeeds } from "../../packages/server/src/webhooks/feed.ts";
import { createFeedWaiting } from "../../packages/server/src/webhooks/feed-waiting.ts";
import type { HookRequest } from "../../packages/server/src/webhooks/hooks.ts";
import { createReplayer } from "../../packages/server/src/webhooks/replayer.ts";
import type { Delivery } from "../../packages/server/src/webhooks/store.ts";
import type { Fate } from "./fate.ts";
import { listAll } from "./list-all.ts";
import type { Behaviour } from "./network.ts";
import { type Process, startProcess } from "./process.ts";
import { createVirtualTime, type VirtualTime } from "./virtual-time.ts";
import { createWorld, type World } from "./world.ts";

const START_MS = Date.UTC(2026, 0, 1);
const MINUTE_MS = 60_000;
const EVENTS = 300;
const EVENT_EVERY_MS = 30_000;
const DOWN_FROM_MS = START_MS + 30 * MINUTE_MS;
const DOWN_UNTIL_MS = DOWN_FROM_MS + 60 * MINUTE_MS;
/** Events that fall into the hour. */
const MISSED = (60 * MINUTE_MS) / EVENT_EVERY_MS;

interface Scene {
  readonly time: VirtualTime;
  readonly world: World;
  readonly process: Process;
  readonly hookId: HookId;
  readonly userId: UserId;
  /** When requests came, by delivery, and when they were taken. */
  readonly posted: Log;
  readonly taken: Log;
}

type Log = ReadonlyMap<string, readonly number[]>;

const isDown = (nowMs: number): boolean => nowMs >= DOWN_FROM_MS && nowMs < DOWN_UNTIL_MS;

test("by retries every event arrives once, and the record has each attempt that the receiver saw", async () => {
  const scene = await openScene({});
  await publishAll(scene);
  await scene.time.pass(48 * 60 * MINUTE_MS, () => scene.taken.size === EVENTS);
  await scene.time.pass(MINUTE_MS);
  const deliveries = await recordOf(scene);
  for (const delivery of deliveries) assertAsRecorded(delivery, scene);
  const late = deliveries.filter(({ attempts }) => attempts.length > 1);
  assert.equal(late.length, MISSED, "those of the hour, and no others, were tried again");
});

test("where nothing is retried, a replay of what failed brings the rest, each once", async () => {
  const scene = await openScene({ retries: "none" });
  await publishAll(scene);
  const { world, time } = scene;
  assert.equal(scene.taken.size, EVENTS - MISSED);
  const store = world.storage.replays;
  const replayer = createReplayer({ ...world, store, onReleased: scene.process.wake });
  void replayer.start();
  const made = await store.createReplay({
    ...{ id: makeId("replay", time.clock.now(), world.dice.bytes(10)) as ReplayId, reach: { kind: "all" } },
    ...{ filter: { sinceMs: START_MS, states: ["failed"] }, perS: 2, nowMs: time.clock.now() },
    ...{ ownedMax: 1, countMax: 1 },
  });
  assert.equal(made.kind, "made");
  replayer.wake();
  await time.pass(60 * MINUTE_MS, () => scene.taken.size === EVENTS);
  await time.pass(MINUTE_MS);
  for (const delivery of await recordOf(scene)) assertAsRecorded(delivery, scene);
  const replay = made.kind === "made" ? await store.findReplay(made.replay.id, { kind: "all" }) : null;
  assert.deepEqual([replay?.state, replay?.total, replay?.done], ["done", MISSED, MISSED]);
});

test("one that lives from the feed alone, and did not ask for an hour, reads every number, and the record says so", async () => {
  const scene = await openScene({});
  const { world, time, hookId } = scene;
  await world.hooks.change(hookId, { state: "paused" }, "operator");
  const feeds = createFeeds({
    ...world,
    store: world.storage.feed,
    waiting: createFeedWaiting({ ...world, store: world.storage.feed }),
    catalogue: createCatalogues({ store: world.storage.eventTypes, clock: world.clock }).current,
    wake: scene.process.wake,
  });
  const read: number[] = [];
  async function catchUp(): Promise<void> {
    const { signal } = new AbortController();
    for (;;) {
      const request = { after: read.at(-1) ?? 0, countMax: 100, waitMs: 0, signal };
      const page = await feeds.read({ id: hookId, owner: { kind: "user", userId: scene.userId } }, request);
      assert.equal(page.kind, "items");
      if (page.kind !== "items" || page.items.length === 0) return;
      for (const { sequence } of page.items) read.push(sequence);
      await feeds.acknowledge(hookId, page.next, signal);
    }
  }
  await publishAll(scene, async () => {
    if (!isDown(time.clock.now())) await catchUp();
  });
  await catchUp();
  assert.deepEqual(
    read,
    Array.from({ length: EVENTS }, (_, index) => index + 1),
  );
  assert.equal(scene.posted.size, 0, "nothing is posted to a hook that is paused");
  for (const { id, state, deliveredBy, attempts } of await recordOf(scene)) {
    assert.deepEqual([state, deliveredBy, attempts], ["delivered", "feed", []], id);
  }
});

const SAFE: Fate = { step: () => "nothing", diskMs: () => 0, isDoubled: () => false };

async function openScene(hook: Partial<HookRequest>): Promise<Scene> {
  const time = createVirtualTime(START_MS);
  const { clock } = time;
  const world = createWorld({ clock, dice: seededDice(1), wake: () => process.wake() });
  const posted = new Map<string, number[]>();
  const taken = new Map<string, number[]>();
  const process = startProcess({
    world,
    store: world.storage.webhooks,
    fate: SAFE,
    witness: {
      posted: ({ headers }) => note(posted, headers, clock.now()),
      ended: () => {},
      accepted: ({ headers }) => note(taken, headers, clock.now()),
    },
    behave: (): Behaviour =>
      isDown(clock.now()) ? { kind: "breaks" } : { kind: "answers", status: 200, retryAfterMs: null },
    policy: () => POLICY_DEFAULT.webhooks,
    inFlightMax: 64,
    onDeath: () => {},
  });
  const userId = await world.makeUser("ada");
  const request = { owner: { kind: "user", userId }, url: "http://127.0.0.1:9000/", events: ["*"] } as const;
  const made = await world.hooks.create({ ...request, ...hook }, "operator");
  assert.ok(made.kind === "made");
  return { time, world, process, hookId: made.hook.id, userId, posted, taken };
}

function note(
  log: Map<string, number[]>,
  headers: readonly (readonly [string, string])[],
  atMs: number,
): void {
  const id = headers.find(([name]) => name === "TruLinks-Delivery")?.[1] ?? "";
  log.set(id, [...(log.get(id) ?? []), atMs]);
}

/** Begins before the hour, and ends after it. */
async function publishAll(
  { process, time, userId }: Scene,
  meanwhile: () => Promise<void> = async () => {},
): Promise<void> {
  for (let n = 0; n < EVENTS; n++) {
    const event = { type: "order.placed", users: [userId], groups: [], data: { n } };
    const [result] = await process.publish([{ ...event, id: null, idempotencyKey: null }]);
    assert.equal(result?.kind, "accepted");
    await time.pass(EVENT_EVERY_MS);
    await meanwhile();
  }
}

async function recordOf({ world }: Scene): Promise<readonly Delivery[]> {
  const deliveries = await listAll(world.storage.webhooks, { type: "order.placed" });
  assert.equal(deliveries.length, EVENTS);
  return deliveries;
}

function assertAsRecorded({ id, state, attempts }: Delivery, { posted, taken }: Scene): void {
  assert.equal(state, "delivered", id);
  assert.deepEqual(
    attempts.map(({ atMs }) => atMs),
    posted.get(id),
    `${id} came as often, and when, the record says`,
  );
  assert.equal(taken.get(id)?.length, 1, `${id} was taken once`);
  const [last, ...before] = attempts.toReversed();
  assert.equal(last?.outcome, "accepted", id);
  assert.deepEqual(
    before.map(({ outcome }) => outcome),
    before.map(() => "reset"),
    id,
  );
}
