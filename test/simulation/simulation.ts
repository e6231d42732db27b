/** A simulation: real decisions over a real store, in one process or several, and every misfortune. */
import type { Dice } from "../../packages/server/src/base/dice.ts";
import { seededDice } from "../../packages/server/src/base/seeded-dice.ts";
import type { WebhookStore } from "../../packages/server/src/webhooks/store.ts";
import { type Dangers, fateByChance } from "./fate.ts";
import { behaviourByChance } from "./network.ts";
import { actOnce, makeActive, settleIn } from "./people.ts";
import { type Form, RETRIES_S } from "./platform.ts";
import { checkEnds } from "./promises/ends.ts";
import { createStage, type Stage } from "./stage.ts";
import { createVirtualTime } from "./virtual-time.ts";

export interface Run {
  readonly seed: number;
  readonly form: Form;
  readonly violations: readonly string[];
  readonly events: number;
  readonly posts: number;
  readonly deaths: number;
  readonly states: Readonly<Record<string, number>>;
}

/** A fault planted into the store, to see that the simulation finds it. */
export type Sabotage = (store: WebhookStore) => WebhookStore;

export const START_MS = Date.UTC(2026, 0, 1);
const ACTIONS = 24;
const ACTION_PAUSE_MS_MAX = 2_000;
const REBIRTH_MS_MAX = 10_000;
const DRAIN_STEP_MS = 3_000;
const DRAIN_STEPS_MAX = 200;
const DANGERS: Dangers = { deathChance: 0.01, failureChance: 0.01, slowChance: 0.02, doubleChance: 0.01 };

export async function simulate(seed: number, sabotage: Sabotage = (store) => store): Promise<Run> {
  const dice = seededDice(seed);
  const form = seed % 2 === 0 ? "embedded" : "shared";
  const stage = await createStage({
    ...{ form, dice },
    time: createVirtualTime(START_MS),
    fateOf: () => fateByChance(dice, DANGERS),
    behave: () => behaviourByChance(dice),
    storeOf: sabotage,
    rebirthMs: () => dice.roll() * REBIRTH_MS_MAX,
  });
  await settleIn(stage);
  await live(stage, dice);
  const states = await end(stage);
  const { history, acknowledged, platform } = stage;
  const events = acknowledged.size;
  return {
    seed,
    form,
    violations: history.violations,
    events,
    posts: history.posts(),
    deaths: platform.deaths(),
    states,
  };
}

async function live(stage: Stage, dice: Dice): Promise<void> {
  const { time, platform } = stage;
  let isOver = false;
  const acting: Promise<void>[] = [];
  const story = async () => {
    for (let count = 0; count < ACTIONS; count++) {
      await time.clock.sleep(dice.roll() * ACTION_PAUSE_MS_MAX);
      await stage.promises.expiry.check();
      acting.push(actOnce(stage, `event-${count}`));
    }
    await Promise.all(acting);
    isOver = true;
  };
  const told = story();
  await time.pass(Number.POSITIVE_INFINITY, () => isOver);
  await told;
  platform.becomeSafe();
}

/** Lets everything come to its end, and says how it ended. Waiting for hours is cut short by setting the clock. */
export async function end(stage: Stage): Promise<Run["states"]> {
  const { time, world, history, hooks } = stage;
  const { webhooks } = world.storage;
  for (const id of hooks.keys()) await makeActive(stage, id, null);
  for (let count = 0; count < DRAIN_STEPS_MAX && history.violations.length === 0; count++) {
    await time.pass(DRAIN_STEP_MS);
    const filter = { reach: { kind: "all" }, state: "waiting" } as const;
    const { items } = await webhooks.listDeliveries(filter, { after: null, countMax: 1 });
    if (items.length === 0) break;
    const nextMs = await webhooks.findNextDueMs([]);
    if (nextMs !== null) time.set(Math.max(0, nextMs - world.clock.now()));
    history.clockWasSet();
  }
  await stage.promises.expiry.check();
  const states = await checkEnds({ ...stage, ...stage.promises, store: webhooks, retries: RETRIES_S.length });
  await world.storage.close();
  return states;
}
