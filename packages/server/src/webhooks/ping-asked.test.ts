import assert from "node:assert/strict";
import { test } from "node:test";
import { type HookId, POLICY_DEFAULT } from "@trulinks/protocol";
import { createWorld, type World } from "../../../../test/simulation/world.ts";
import { systemClock } from "../base/clock.ts";
import { systemDice } from "../base/dice.ts";
import { attemptDelivery } from "./attempt.ts";
import type { Outcome } from "./outcome.ts";

const START_MS = 1_790_000_000_000;
const HOUR_MS = 3_600_000;

interface Stage extends World {
  readonly hook: HookId;
  /** When pings were posted, in hours after the start. */
  readonly askedH: readonly number[];
  /** Lets time pass and posts whatever comes due, up to so many hours after the start. */
  pass(untilH: number): Promise<void>;
}

/** A pending hook whose receiver always answers so. */
async function createStage(outcome: Outcome, retries: "default" | "none" = "default"): Promise<Stage> {
  let nowMs = START_MS;
  const clock = { ...systemClock, now: () => nowMs };
  const dice = { ...systemDice, roll: () => 0 };
  const world = createWorld({ clock, dice });
  const owner = { kind: "user", userId: await world.makeUser("ada") } as const;
  const request = { owner, url: "https://receiver.example/", events: ["*"], retries };
  const made = await world.hooks.create(request, "integrator");
  assert.ok(made.kind === "made");
  const { webhooks } = world.storage;
  const askedH: number[] = [];
  const attempting = {
    ...world,
    store: webhooks,
    policy: () => POLICY_DEFAULT.webhooks,
    post: async () => {
      askedH.push(Math.round(((nowMs - START_MS) / HOUR_MS) * 100) / 100);
      return { outcome, answer: null, timings: { firstByteMs: null, totalMs: 1 }, detail: null };
    },
  };

  return {
    ...world,
    hook: made.hook.id,
    askedH,
    async pass(untilH) {
      for (;;) {
        const dueMs = await webhooks.findNextDueMs([]);
        if (dueMs === null || dueMs > START_MS + untilH * HOUR_MS) break;
        nowMs = Math.max(nowMs, dueMs);
        const claims = await webhooks.claimDue({
          nowMs,
          countMax: 9,
          retriesMax: 9,
          hookMax: 9,
          exceptHooks: [],
        });
        for (const claim of claims) await attemptDelivery(attempting, claim, () => {});
      }
      nowMs = START_MS + untilH * HOUR_MS;
    },
  };
}

const REFUSALS: readonly (readonly [string, Outcome, "default" | "none"])[] = [
  ["refuses", { kind: "refused", status: 500, retryAfterMs: null }, "default"],
  ["does not answer", { kind: "deadline" }, "none"],
  ["does not prove that it knows the secret", { kind: "unproven", status: 200 }, "default"],
];

for (const [what, outcome, retries] of REFUSALS) {
  test(`a receiver that ${what} is asked for 24 hours, and then left alone until somebody pings`, async () => {
    const stage = await createStage(outcome, retries);
    await stage.pass(1_000);
    // The policy's delays: 5 s, 5 min, 30 min, 2 h, 5 h and 10 h; 14 h more would be too late.
    assert.deepEqual(stage.askedH, [0, 0, 0.08, 0.58, 2.58, 7.58, 17.58]);
    assert.equal((await stage.storage.webhooks.findHook(stage.hook))?.state, "pending");

    await stage.hooks.ping(stage.hook, "integrator");
    await stage.pass(2_000);
    assert.equal(stage.askedH.length, 14);
    assert.equal((await stage.storage.webhooks.findHook(stage.hook))?.state, "pending");
  });
}

test("a receiver that asks to be asked after its time is not asked again", async () => {
  const stage = await createStage({ kind: "refused", status: 503, retryAfterMs: 25 * HOUR_MS });
  await stage.pass(1_000);
  // A receiver may ask for 24 hours at most, which is the last moment of the ping's.
  assert.deepEqual(stage.askedH, [0, 24]);
});

test("one whose receiver answers at last is active", async () => {
  const stage = await createStage({ kind: "accepted", status: 204 });
  await stage.pass(1);
  assert.deepEqual(stage.askedH, [0]);
  assert.equal((await stage.storage.webhooks.findHook(stage.hook))?.state, "active");
});
