/** One short story, told again and again: each time a process dies at another step, and every promise is kept. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { seededDice } from "../../packages/server/src/base/seeded-dice.ts";
import { deathAt } from "./fate.ts";
import { answers, type Behaviour } from "./network.ts";
import { makeActive, makeHook, report } from "./people.ts";
import type { Form } from "./platform.ts";
import { end, START_MS } from "./simulation.ts";
import { createStage, type Stage } from "./stage.ts";
import { createVirtualTime } from "./virtual-time.ts";

// What a receiver does, one after the other; then it accepts.
const BEHAVIOURS: readonly Behaviour[] = [
  answers(200),
  answers(500),
  { kind: "answer-lost" },
  answers(200),
  { kind: "hangs" },
  answers(422),
];

async function tell(form: Form, step: number) {
  const dice = seededDice(1);
  const fate = deathAt(step);
  const behaviours = [...BEHAVIOURS];
  const stage = await createStage({
    ...{ form, dice },
    time: createVirtualTime(START_MS),
    fateOf: () => fate,
    behave: () => behaviours.shift() ?? answers(200),
    storeOf: (store) => store,
    rebirthMs: () => 500,
  });
  let isOver = false;
  const told = story(stage).then(() => {
    isOver = true;
  });
  await stage.time.pass(Number.POSITIVE_INFINITY, () => isOver);
  await told;
  const steps = fate.count();
  stage.platform.becomeSafe();
  const states = await end(stage);
  return { steps, deaths: stage.platform.deaths(), violations: stage.history.violations, states };
}

/** A hook that waits for its ping, one that is paused and released, a serial one; events that replace and that expire. */
async function story(stage: Stage): Promise<void> {
  const { users, world, time, published } = stage;
  const [ada, ben, cleo] = users.map((userId) => ({ kind: "user", userId }) as const);
  assert.ok(ada && ben && cleo);
  await makeHook(stage, { owner: ada }, "integrator");
  const paused = await makeHook(stage, { owner: ben });
  await makeHook(stage, { owner: cleo, serial: true });
  await world.hooks.change(paused, { state: "paused" }, "operator");
  const publish = async (names: readonly string[], change: object = {}) => {
    const requests = names.map((id) => ({
      ...{ id, idempotencyKey: null, type: "a.b", users: users.slice(0, 3), groups: [], data: { id } },
      ...change,
    }));
    for (const request of requests) published.set(request.id, request);
    await report(stage, requests);
  };
  await publish(["one", "two"], { key: "state" });
  await publish(["three"], { expiresInS: 2 });
  await time.clock.sleep(1_500);
  await makeActive(stage, paused, 3);
  await publish(["four"]);
  // Until what was refused has been tried again.
  await time.clock.sleep(5_000);
}

for (const form of ["embedded", "shared"] as const) {
  test(`${form}: a death at any step breaks no promise`, async (context) => {
    const { steps } = await tell(form, -1);
    assert.ok(steps > 50);
    for (let step = 0; step < steps; step++) {
      const { deaths, violations, states } = await tell(form, step);
      assert.deepEqual([deaths, violations], [1, []], `at step ${step} of ${steps}`);
      assert.ok((states["delivered"] ?? 0) > 0);
    }
    context.diagnostic(`${steps} steps`);
  });
}
