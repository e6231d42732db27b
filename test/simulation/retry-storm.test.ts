/**
 * Ten thousand hooks at few origins recover at once: by false time, with a real store and the real sender, what reaches each
 * origin is counted second by second.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { type HookId, ID_CHANCE_BYTES, makeId, POLICY_DEFAULT, type UserId, utf8 } from "@trulinks/protocol";
import { seededDice } from "../../packages/server/src/base/seeded-dice.ts";
import { type Hook, SOUND } from "../../packages/server/src/webhooks/hook.ts";
import type { Post } from "../../packages/server/src/webhooks/post.ts";
import { createPublish } from "../../packages/server/src/webhooks/publish.ts";
import { createSending } from "../../packages/server/src/webhooks/sending.ts";
import { createVirtualTime } from "./virtual-time.ts";
import { createWorld } from "./world.ts";

const ORIGINS = 4;
const USERS = 100;
const ANSWER_MS = 5;
const SECRET = utf8(`whsec_${Buffer.alloc(24, 1).toString("base64")}`);

interface Arrival {
  readonly atMs: number;
  readonly origin: string;
  readonly isRecovery: boolean;
  /** Since it was published. */
  readonly afterMs: number;
}

interface Storm {
  readonly arrivals: readonly Arrival[];
  readonly waiting: number;
}

interface StormOptions {
  /** `retries`: all fail at one moment. `released`: all were paused. `none`: there are no such hooks. */
  readonly kind: "retries" | "released" | "none";
  readonly hooks: number;
  readonly perS: number;
}

function createStage({ perS }: StormOptions) {
  const time = createVirtualTime(Date.UTC(2026, 0, 1));
  const { clock } = time;
  const dice = seededDice(11);
  const policy = () => ({ ...POLICY_DEFAULT.webhooks, retries_s: [30, 30, 30], recovery_per_s: perS });
  const world = createWorld({ clock, dice, policy });
  const { storage, keyring, log } = world;
  const arrivals: Arrival[] = [];
  const publishedMs = new Map<string, number>();
  const receivers = { areDown: false };

  const post: Post = async ({ url, headers }) => {
    const type = headers.find(([name]) => name.toLowerCase() === "trulinks-event")?.[1] ?? "";
    const { origin, pathname } = new URL(url);
    const [atMs, isBroken] = [clock.now(), receivers.areDown];
    const afterMs = atMs - (publishedMs.get(type) ?? atMs);
    if (!isBroken) arrivals.push({ atMs, origin, isRecovery: pathname.startsWith("/old"), afterMs });
    await clock.sleep(ANSWER_MS);
    const status = isBroken ? 500 : 200;
    return {
      outcome: isBroken ? { kind: "refused", status, retryAfterMs: null } : { kind: "accepted", status },
      answer: { status, headers: [], body: "" },
      timings: { firstByteMs: ANSWER_MS, totalMs: ANSWER_MS },
      detail: null,
    };
  };
  const sending = createSending({
    ...{ store: storage.webhooks, health: storage.health, post, keyring, policy, clock, dice, log },
    inFlightMax: 512,
  });
  const publish = createPublish({ store: storage.webhooks, intake: sending.sender, clock, dice, log });
  return {
    ...{ ...world, ...sending, time, arrivals, receivers },
    async emit(type: string, user: string) {
      publishedMs.set(type, clock.now());
      await publish([{ id: null, idempotencyKey: null, groups: [], data: {}, type, users: [user] }]);
    },
  };
}

type Stage = ReturnType<typeof createStage>;

/** Made by the store itself, as an owner may have a hundred only. */
async function makeHook(
  { storage, clock, dice, keyring }: Stage,
  userId: UserId,
  of: Pick<Hook, "url" | "events" | "state">,
) {
  const id: HookId = makeId("hook", clock.now(), dice.bytes(ID_CHANCE_BYTES));
  const hook: Hook = {
    ...{ id, owner: { kind: "user", userId }, filter: [], include: null, ...of },
    ...{ secretPer: "hook", signature: "standard", verifyTls: true, ca: null, ackDeadlineMs: 10_000 },
    ...{ retries: "default", inFlightMax: 8, serial: false, health: SOUND, createdAtMs: clock.now() },
  };
  const sealed = keyring.vault.seal(SECRET, `hook:${id}`);
  await storage.webhooks.createHook(hook, sealed, { ownedMax: 1_000, knock: null });
  return id;
}

/** All of the hooks recover within some seconds, while there are new events for others at the same origins. */
async function storm(options: StormOptions): Promise<Storm> {
  const { kind, hooks } = options;
  const stage = createStage(options);
  const { storage, clock, time, sender, keeper, receivers } = stage;
  const fresh = await stage.makeUser("fresh");
  for (let n = 0; n < ORIGINS; n++) {
    await makeHook(stage, fresh, { url: `https://${n}.example/fresh`, events: ["fresh.*"], state: "active" });
  }
  const old: HookId[] = [];
  const users = await Promise.all(Array.from({ length: USERS }, (_, n) => stage.makeUser(`user-${n}`)));
  for (let n = 0; kind !== "none" && n < hooks; n++) {
    const url = `https://${n % ORIGINS}.example/old/${n}`;
    const state = kind === "released" ? "paused" : "active";
    old.push(await makeHook(stage, users[n % USERS] as UserId, { url, events: ["old.*"], state }));
  }
  await sender.start();
  await keeper.start();

  receivers.areDown = true;
  for (const user of users) await stage.emit("old.made", user);
  await time.pass(20_000);
  receivers.areDown = false;
  if (kind === "released") {
    const change = { state: "active", releasePerS: 50 } as const;
    for (const id of old) await storage.webhooks.changeHook(id, change, { nowMs: clock.now(), knock: null });
    stage.wake();
  }
  for (let n = 0; n < 600; n++) {
    await time.pass(100);
    await stage.emit(`fresh.n${n}`, fresh);
  }
  await time.pass(5_000);
  await sender.stop();
  await keeper.stop();
  const filter = { reach: { kind: "all" }, state: "waiting" } as const;
  const { items } = await storage.webhooks.listDeliveries(filter, { after: null, countMax: 100 });
  await storage.close();
  return { arrivals: stage.arrivals, waiting: items.length };
}

const recoveriesOf = ({ arrivals }: Storm) => arrivals.filter(({ isRecovery }) => isRecovery);

/** The most that reached one origin within any thousand milliseconds. */
function mostInASecond(arrivals: readonly Arrival[]): number {
  let most = 0;
  for (const ofOrigin of Map.groupBy(arrivals, ({ origin }) => origin).values()) {
    const times = ofOrigin.map(({ atMs }) => atMs).sort((one, other) => one - other);
    let first = 0;
    for (const [index, atMs] of times.entries()) {
      while ((times[first] ?? 0) <= atMs - 1_000) first += 1;
      most = Math.max(most, index - first + 1);
    }
  }
  return most;
}

function p99Ms({ arrivals }: Storm): number {
  const times = arrivals.filter(({ isRecovery }) => !isRecovery).map(({ afterMs }) => afterMs);
  return times.sort((one, other) => one - other)[Math.floor(times.length * 0.99)] ?? 0;
}

for (const kind of ["retries", "released"] as const) {
  test(`a storm of ${kind}: no origin gets more than its pace, nothing is lost, and first attempts do not notice`, async (t) => {
    const options = { kind, hooks: 10_000, perS: 200 };
    const struck = await storm(options);
    const recoveries = recoveriesOf(struck);
    assert.equal(struck.waiting, 0);
    assert.equal(recoveries.length, options.hooks);
    const most = mostInASecond(recoveries);
    assert.ok(most <= options.perS, `${most} in a second`);
    // Nor does it take much longer than it has to.
    const times = recoveries.map(({ atMs }) => atMs).sort((one, other) => one - other);
    const tookS = ((times.at(-1) ?? 0) - (times[0] ?? 0)) / 1_000;
    t.diagnostic(
      `${options.hooks} hooks in ${tookS} s, at most ${most} in a second at one of ${ORIGINS} origins`,
    );
    assert.ok(tookS < (1.5 * options.hooks) / (ORIGINS * options.perS), `it took ${tookS} s`);
    const [with99, calm99] = [p99Ms(struck), p99Ms(await storm({ ...options, kind: "none" }))];
    t.diagnostic(`first attempts' p99 ${with99} ms, ${calm99} ms without the storm`);
    assert.ok(with99 <= 1.5 * Math.max(calm99, 1));
  });
}

test("without a pace it would be a flood", async () => {
  const most = mostInASecond(recoveriesOf(await storm({ kind: "released", hooks: 2_000, perS: 100_000 })));
  assert.ok(most > 200, `${most} in a second`);
});
