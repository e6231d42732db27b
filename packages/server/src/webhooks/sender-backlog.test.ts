/** What waits in the store is reached, whoever else's waits there: a real store, false time and receivers. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { POLICY_DEFAULT, type UserId } from "@trulinks/protocol";
import { createVirtualTime } from "../../../../test/simulation/virtual-time.ts";
import { createWorld } from "../../../../test/simulation/world.ts";
import { seededDice } from "../base/seeded-dice.ts";
import { outcomeOfStatus } from "./outcome.ts";
import type { Post } from "./post.ts";
import { createPublish, type Intake } from "./publish.ts";
import { createSender } from "./sender.ts";

const DEAD_HOOKS = 1_500;
const OF_EACH = 4;
const HEALTHY = 40;

/** Nothing is handed over: all of it waits in the store, as after a restart. */
const NO_INTAKE: Intake = {
  room: () => ({ countMax: 0, retriesMax: 0, hookMax: 0, exceptHooks: [] }),
  take: () => {},
};

test("a host that hangs, with more hooks than can be named, does not keep the store from others", async () => {
  const time = createVirtualTime(Date.UTC(2026, 0, 1));
  const dice = seededDice(1);
  const world = createWorld({ clock: time.clock, dice });
  const { storage, keyring, clock, log } = world;
  const publish = createPublish({ store: storage.webhooks, intake: NO_INTAKE, clock, dice, log });
  const makeUserWithHook = async (name: string, url: string): Promise<UserId> => {
    const userId = await world.makeUser(name);
    await world.hooks.create({ owner: { kind: "user", userId }, url, events: ["*"] }, "operator");
    return userId;
  };
  const emit = (users: readonly string[], count: number) => {
    const event = { id: null, idempotencyKey: null, type: "a.b", users, groups: [], data: {} };
    return publish(Array.from({ length: count }, () => event));
  };

  const dead: UserId[] = [];
  for (let index = 0; index < DEAD_HOOKS; index++) {
    dead.push(await makeUserWithHook(`dead${index}`, `http://127.0.0.1:9001/${index}`));
  }
  await emit(dead, OF_EACH);
  await time.pass(1_000);
  await emit([await makeUserWithHook("healthy", "http://127.0.0.1:9002/")], HEALTHY);

  let arrived = 0;
  let ended = 0;
  let claimed = 0;
  const post: Post = async ({ url, deadlineMs }) => {
    const isDead = url.includes(":9001/");
    await clock.sleep(isDead ? deadlineMs : 5);
    if (isDead) ended++;
    else arrived++;
    const outcome = isDead ? ({ kind: "deadline" } as const) : outcomeOfStatus(200, null);
    return { outcome, answer: null, timings: { firstByteMs: null, totalMs: 5 }, detail: null };
  };
  const store: typeof storage.webhooks = {
    ...storage.webhooks,
    async claimDue(request) {
      const claims = await storage.webhooks.claimDue(request);
      claimed += claims.length;
      return claims;
    },
  };
  const policy = () => POLICY_DEFAULT.webhooks;
  const deps = { store, post, keyring, policy, clock, dice, log, inFlightMax: 1_024 };
  const sender = createSender(deps);
  await sender.start();
  await time.pass(5_000, () => arrived === HEALTHY);
  assert.deepEqual([arrived, ended], [HEALTHY, 0]);
  assert.ok(claimed < 4 * DEAD_HOOKS, `${claimed} were claimed for that`);
});
