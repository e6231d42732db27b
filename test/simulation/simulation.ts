/** One simulated stretch of operation: real decisions over a real store, several processes, and every misfortune. */
import { type AppId, type GrantId, type HookId, POLICY_DEFAULT, type UserId } from "@trulinks/protocol";
import type { Dice } from "../../packages/server/src/base/dice.ts";
import { seededDice } from "../../packages/server/src/base/seeded-dice.ts";
import type { Post } from "../../packages/server/src/webhooks/post.ts";
import { createPublish, type Publish } from "../../packages/server/src/webhooks/publish.ts";
import { createSending } from "../../packages/server/src/webhooks/sending.ts";
import type { WebhookStore } from "../../packages/server/src/webhooks/store.ts";
import { checkEnd, createHistory, type History } from "./history.ts";
import { createLife, type Life } from "./life.ts";
import { createNetwork } from "./network.ts";
import { createKnownSecrets, type KnownSecrets } from "./secrets.ts";
import { createVirtualTime } from "./virtual-time.ts";
import { createWorld, type World } from "./world.ts";

export interface Run {
  readonly seed: number;
  readonly violations: readonly string[];
  readonly events: number;
  readonly posts: number;
  readonly deaths: number;
  readonly states: Readonly<Record<string, number>>;
}

/** A fault planted into the store that every process uses, to see that the simulation finds it. */
export type Sabotage = (store: WebhookStore) => WebhookStore;

const START_MS = Date.UTC(2026, 0, 1);
const WORKERS = 3;
const ACTIONS = 60;
const ACTION_PAUSE_MS_MAX = 4_000;
const REBIRTH_MS_MAX = 20_000;
const ANSWER_WAIT_MS = 3_000;
const DRAIN_STEP_MS = 10_000;
const DRAIN_STEPS_MAX = 60;
const RETRIES_S = [5, 20, 60, 120];
const DANGERS = { deathChance: 0.01, failureChance: 0.01 };

interface Worker {
  readonly life: Life;
  readonly publish: Publish;
}

interface Stage {
  readonly world: World;
  readonly history: History;
  readonly secrets: KnownSecrets;
  readonly workers: Worker[];
  readonly users: readonly UserId[];
  readonly apps: readonly AppId[];
  readonly hooks: HookId[];
  readonly grants: Map<string, GrantId>;
  /** Events that were answered with 202, and how many deliveries the answer named. */
  readonly acknowledged: Map<string, number>;
}

export async function simulate(seed: number, sabotage: Sabotage = (store) => store): Promise<Run> {
  const dice = seededDice(seed);
  const time = createVirtualTime(START_MS);
  const world = createWorld({ clock: time.clock, dice });
  const secrets = createKnownSecrets();
  const history = createHistory(time.clock, secrets);
  const store = history.watch(sabotage(world.storage.webhooks));
  const post = createNetwork(time.clock, dice, history);
  let deaths = 0;

  const workers: Worker[] = [];
  function bear(place: number): void {
    const life = createLife(dice, DANGERS, () => {
      deaths++;
      time.clock.after(dice.roll() * REBIRTH_MS_MAX, () => bear(place));
    });
    workers[place] = startWorker(world, life, life.risk(store, true), life.risk({ post }, false).post);
  }
  for (let place = 0; place < WORKERS; place++) bear(place);

  const stage: Stage = {
    world,
    history,
    secrets,
    workers,
    users: await Promise.all(["ada", "ben", "cleo", "dan"].map(world.makeUser)),
    apps: [await world.makeApp(), await world.makeApp()],
    hooks: [],
    grants: new Map(),
    acknowledged: new Map(),
  };
  await makeHooks(stage);
  await live(stage, time);
  const states = await checkEnd(history, world.storage.webhooks, stage.acknowledged);
  const events = stage.acknowledged.size;
  return { seed, violations: history.violations, events, posts: history.posts(), deaths, states };
}

function startWorker(
  { keyring, clock, dice, log }: World,
  life: Life,
  store: WebhookStore,
  post: Post,
): Worker {
  const own = life.mortal(clock);
  const policy = () => ({ ...POLICY_DEFAULT.webhooks, retries_s: RETRIES_S });
  const deps = { store, post, keyring, policy, clock: own, dice, log, inFlightMax: 6 };
  const { sender, keeper } = createSending(deps);
  void sender.start();
  void keeper.start();
  return { life, publish: createPublish({ store, intake: sender, clock: own, dice, log }) };
}

async function makeHooks(stage: Stage): Promise<void> {
  const { world, users, apps, hooks, secrets } = stage;
  for (const userId of users) for (const appId of apps) await grant(stage, userId, appId);
  const owners = [
    ...users.slice(0, 2).map((userId) => ({ kind: "user", userId }) as const),
    ...apps.map((appId) => ({ kind: "app", appId }) as const),
  ];
  for (const owner of owners) {
    const created = await world.hooks.create(
      { owner, url: `http://127.0.0.1:${9_000 + hooks.length}/`, events: ["*"], inFlightMax: 2 },
      "operator",
    );
    if (created.kind !== "made") throw new Error(created.kind);
    const { hook, secret } = created;
    hooks.push(hook.id);
    secrets.learn(hook.id, null, secret.reveal(), world.clock.now());
    if (hook.secretPer === "user") for (const userId of users) await learnUserSecret(stage, hook.id, userId);
  }
}

async function live(stage: Stage, time: ReturnType<typeof createVirtualTime>): Promise<void> {
  const { world, workers, history } = stage;
  let isOver = false;
  const story = act(stage).then(() => {
    isOver = true;
  });
  await time.run(Number.POSITIVE_INFINITY, () => isOver);
  await story;

  for (const { life } of workers) life.becomeSafe();
  for (const id of stage.hooks) await world.hooks.change(id, { state: "active" }, "operator");
  for (let count = 0; count < DRAIN_STEPS_MAX; count++) {
    await time.run(world.clock.now() + DRAIN_STEP_MS);
    for (const { life } of workers) life.becomeSafe();
    const filter = { reach: { kind: "all" }, state: "waiting" } as const;
    const { items } = await world.storage.webhooks.listDeliveries(filter, { after: null, countMax: 1 });
    if (items.length === 0 || history.violations.length > 0) return;
  }
}

/** What people do while all this goes on. */
async function act(stage: Stage): Promise<void> {
  const { world } = stage;
  const { clock, dice } = world;
  const publishing: Promise<void>[] = [];
  for (let count = 0; count < ACTIONS; count++) {
    await clock.sleep(dice.roll() * ACTION_PAUSE_MS_MAX);
    const userId = pick(dice, stage.users);
    const hookId = pick(dice, stage.hooks);
    const point = dice.roll();
    if (point < 0.6) publishing.push(publish(stage, `event-${count}`));
    else if (point < 0.7) await toggleGrant(stage, userId, pick(dice, stage.apps));
    else if (point < 0.77) await rotateSecret(stage, hookId);
    else if (point < 0.84) await rotateUserSecret(stage, hookId, userId);
    else if (point < 0.9) await world.hooks.change(hookId, { state: "paused" }, "operator");
    else if (point < 0.97) await world.hooks.change(hookId, { state: "active" }, "operator");
    else await world.hooks.ping(hookId, "operator");
  }
  await Promise.all(publishing);
}

/** Reports events as a careful provider does: under the same ids, again and again, until they are acknowledged. */
async function publish({ world, workers, users, acknowledged }: Stage, name: string): Promise<void> {
  const { clock, dice } = world;
  const requests = Array.from({ length: 1 + Math.floor(dice.roll() * 6) }, (_, index) => ({
    id: `${name}.${index}`,
    idempotencyKey: null,
    type: "issue.opened",
    users: [pick(dice, users), pick(dice, users)],
    groups: [],
    data: { name, index },
  }));
  for (;;) {
    const late = clock.sleep(ANSWER_WAIT_MS).then(() => null);
    const answer = await Promise.race([
      pick(dice, workers)
        .publish(requests)
        .catch(() => null),
      late,
    ]);
    for (const published of answer ?? []) {
      if (published.kind !== "accepted" && published.kind !== "repeated") throw new Error(published.kind);
      acknowledged.set(published.receipt.id, published.receipt.deliveries);
    }
    if (answer !== null) return;
  }
}

async function grant({ world, grants, history }: Stage, userId: UserId, appId: AppId): Promise<void> {
  history.granted(userId, appId);
  grants.set(`${userId} ${appId}`, await world.grant(userId, appId));
}

async function toggleGrant(stage: Stage, userId: UserId, appId: AppId): Promise<void> {
  const { world, grants, history } = stage;
  const id = grants.get(`${userId} ${appId}`);
  if (id === undefined) return grant(stage, userId, appId);
  grants.delete(`${userId} ${appId}`);
  await world.storage.accounts.revokeGrant(id, world.clock.now());
  history.revoked(userId, appId);
}

async function rotateSecret({ world, secrets }: Stage, hookId: HookId): Promise<void> {
  const secret = await world.hooks.rotateSecret(hookId);
  if (secret !== null) secrets.learn(hookId, null, secret.reveal(), world.clock.now());
}

async function rotateUserSecret(stage: Stage, hookId: HookId, userId: UserId): Promise<void> {
  if ((await stage.world.hooks.rotateUserSecret(hookId, userId)) === null) return;
  await learnUserSecret(stage, hookId, userId);
}

async function learnUserSecret({ world, secrets }: Stage, hookId: HookId, userId: UserId): Promise<void> {
  const [newest] = (await world.hooks.readUserSecret(hookId, userId)) ?? [];
  if (newest === undefined) throw new Error(`${userId} has no secret at ${hookId}`);
  secrets.learn(hookId, userId, newest.secret.reveal(), world.clock.now());
}

function pick<Item>(dice: Dice, items: readonly Item[]): Item {
  const item = items[Math.floor(dice.roll() * items.length)];
  if (item === undefined) throw new Error("There is nothing to choose from.");
  return item;
}
