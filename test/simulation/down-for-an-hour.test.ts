/** A receiver is gone for an hour: it gets everything, and exactly as the record says. By a false clock. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { POLICY_DEFAULT } from "@trulinks/protocol";
import { seededDice } from "../../packages/server/src/base/seeded-dice.ts";
import type { Delivery } from "../../packages/server/src/webhooks/store.ts";
import type { Fate } from "./fate.ts";
import { listAll } from "./list-all.ts";
import type { Behaviour } from "./network.ts";
import { startProcess } from "./process.ts";
import { createVirtualTime } from "./virtual-time.ts";
import { createWorld } from "./world.ts";

const START_MS = Date.UTC(2026, 0, 1);
const MINUTE_MS = 60_000;
const EVENTS = 600;
const EVENT_EVERY_MS = 15_000;
const DOWN_FROM_MS = START_MS + 30 * MINUTE_MS;
const DOWN_UNTIL_MS = DOWN_FROM_MS + 60 * MINUTE_MS;

const SAFE: Fate = { step: () => "nothing", diskMs: () => 0, isDoubled: () => false };

test("by retries every event arrives once, and the record has each attempt that the receiver saw", async () => {
  const time = createVirtualTime(START_MS);
  const { clock } = time;
  const dice = seededDice(1);
  const world = createWorld({ clock, dice, wake: () => process.wake() });
  /** When requests came, by delivery, and when they were taken. */
  const posted = new Map<string, number[]>();
  const taken = new Map<string, number[]>();
  const isDown = (): boolean => clock.now() >= DOWN_FROM_MS && clock.now() < DOWN_UNTIL_MS;
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
      isDown() ? { kind: "breaks" } : { kind: "answers", status: 200, retryAfterMs: null },
    policy: () => POLICY_DEFAULT.webhooks,
    inFlightMax: 64,
    onDeath: () => {},
  });
  const userId = await world.makeUser("ada");
  const owner = { kind: "user", userId } as const;
  const made = await world.hooks.create({ owner, url: "http://127.0.0.1:9000/", events: ["*"] }, "operator");
  assert.equal(made.kind, "made");

  for (let n = 0; n < EVENTS; n++) {
    const whole = { type: "order.placed", users: [userId], groups: [], data: { n } };
    const event = { ...whole, id: null, idempotencyKey: null };
    const [result] = await process.publish([event]);
    assert.equal(result?.kind, "accepted");
    await time.pass(EVENT_EVERY_MS);
  }
  const isOver = (): boolean => taken.size === EVENTS;
  await time.pass(48 * 60 * MINUTE_MS, isOver);
  await time.pass(MINUTE_MS);

  const deliveries = await listAll(world.storage.webhooks, {});
  assert.equal(deliveries.length, EVENTS);
  for (const delivery of deliveries) assertAsRecorded(delivery, posted, taken);
  const late = deliveries.filter(({ attempts }) => attempts.length > 1);
  assert.equal(
    late.length,
    (60 * MINUTE_MS) / EVENT_EVERY_MS,
    "those of the hour, and no others, were tried again",
  );
});

type Log = Map<string, number[]>;

function note(log: Log, headers: readonly (readonly [string, string])[], atMs: number): void {
  const id = headers.find(([name]) => name === "TruLinks-Delivery")?.[1] ?? "";
  log.set(id, [...(log.get(id) ?? []), atMs]);
}

function assertAsRecorded({ id, state, attempts }: Delivery, posted: Log, taken: Log): void {
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
