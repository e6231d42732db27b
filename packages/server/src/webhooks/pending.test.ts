import assert from "node:assert/strict";
import { test } from "node:test";
import { type HookId, POLICY_DEFAULT } from "@trulinks/protocol";
import { createWorld, type World } from "../../../../test/simulation/world.ts";
import { systemClock } from "../base/clock.ts";
import { systemDice } from "../base/dice.ts";
import type { Claim } from "./claim.ts";
import type { Hook } from "./hook.ts";
import type { HookCreated, Maker } from "./hooks.ts";

const URL_OF_RECEIVER = "https://receiver.example/hooks";

interface Stage extends World {
  make(by: Maker, url?: string): Promise<HookCreated>;
  /** Pings that are due, leased. */
  pings(): Promise<readonly Claim[]>;
  wakes(): number;
}

async function createStage(policy: Partial<typeof POLICY_DEFAULT.webhooks> = {}): Promise<Stage> {
  let wakes = 0;
  const world = createWorld({
    clock: systemClock,
    dice: systemDice,
    wake: () => wakes++,
    policy: () => ({ ...POLICY_DEFAULT.webhooks, ...policy }),
  });
  const userId = await world.makeUser("alice");
  return {
    ...world,
    wakes: () => wakes,
    make: (by, url = URL_OF_RECEIVER) =>
      world.hooks.create({ owner: { kind: "user", userId }, url, events: ["*"] }, by),
    pings: () =>
      world.storage.webhooks.claimDue({
        nowMs: systemClock.now(),
        countMax: 100,
        retriesMax: 100,
        hookMax: 100,
        exceptHooks: [],
      }),
  };
}

async function makeHook(stage: Stage, by: Maker, url?: string): Promise<Hook> {
  const made = await stage.make(by, url);
  assert.ok(made.kind === "made", made.kind);
  return made.hook;
}

/** As its receiver's first 2xx does. */
async function activate(stage: Stage, id: HookId): Promise<void> {
  const changed = await stage.hooks.change(id, { state: "active" }, "operator");
  assert.equal(changed.kind, "changed");
}

const MOVES: readonly (readonly [string, string, boolean])[] = [
  ["another scheme", "http://127.0.0.1:8443/hooks", true],
  ["another host", "https://127.0.0.2:8443/hooks", true],
  ["another port", "https://127.0.0.1:8444/hooks", true],
  ["another path", "https://127.0.0.1:8443/hooks/", true],
  ["the same in another spelling", "HTTPS://127.0.0.1:08443/a/../hooks", false],
  ["the same with another query", "https://127.0.0.1:8443/hooks?tenant=2", false],
];

for (const [what, url, isMoved] of MOVES) {
  test(`a hook that its integrator leads to ${what} is ${isMoved ? "pending again, and pinged there" : "left as it is"}`, async () => {
    const stage = await createStage();
    const { id } = await makeHook(stage, "operator", "https://127.0.0.1:8443/hooks");
    const before = stage.wakes();
    const changed = await stage.hooks.change(id, { url }, "integrator");
    assert.ok(changed.kind === "changed", changed.kind);
    assert.equal(changed.hook.state, isMoved ? "pending" : "active");
    assert.equal((await stage.storage.webhooks.findHook(id))?.state, changed.hook.state);
    assert.deepEqual(
      (await stage.pings()).map(({ event, hook }) => [event.type, hook.url]),
      isMoved ? [["ping", url]] : [],
    );
    assert.equal(stage.wakes(), before + 1);
  });
}

test("a hook that the operator leads elsewhere stays active", async () => {
  const stage = await createStage();
  const { id } = await makeHook(stage, "operator");
  const changed = await stage.hooks.change(id, { url: "https://other.example/" }, "operator");
  assert.equal(changed.kind === "changed" && changed.hook.state, "active");
  assert.deepEqual(await stage.pings(), []);
});

test("an integrator cannot say in which state a hook is that it leads elsewhere", async () => {
  const stage = await createStage();
  const { id } = await makeHook(stage, "operator");
  const change = { url: "https://other.example/", state: "active" } as const;
  const changed = await stage.hooks.change(id, change, "integrator");
  assert.equal(changed.kind === "flawed" && changed.member, "state");
  assert.equal((await stage.storage.webhooks.findHook(id))?.url, URL_OF_RECEIVER);
});

test("so many hooks at one host wait for their receiver at once, whoever made them; another host is free", async () => {
  const stage = await createStage({ pending_per_host_max: 2 });
  const at = (path: string) => stage.make("integrator", `https://receiver.example${path}`);
  await at("/one");
  const second = await at("/two");
  assert.equal(second.kind, "made");
  assert.equal((await at("/three")).kind, "too-many-pending");
  assert.equal((await stage.make("operator", "https://receiver.example/four")).kind, "made");
  const { id } = await makeHook(stage, "integrator", "https://elsewhere.example/");
  const url = "https://receiver.example/five";
  assert.equal((await stage.hooks.change(id, { url }, "integrator")).kind, "too-many-pending");
  assert.equal((await stage.storage.webhooks.findHook(id))?.url, "https://elsewhere.example/");

  assert.ok(second.kind === "made");
  await activate(stage, second.hook.id);
  assert.equal((await stage.hooks.change(id, { url }, "integrator")).kind, "changed");
});

test("a pending hook's ping carries a challenge where the policy asks for one, a new one each time", async () => {
  const stage = await createStage({ challenge: true });
  const { id } = await makeHook(stage, "integrator");
  await stage.hooks.ping(id, "integrator");
  const { id: moved } = await makeHook(stage, "operator");
  await stage.hooks.change(moved, { url: "https://other.example/" }, "integrator");
  const challenges = (await stage.pings()).map(({ event }) => JSON.parse(event.data).challenge);
  assert.equal(new Set(challenges).size, 3);
  for (const challenge of challenges) assert.match(challenge, /^[\w-]{43}$/);
});

test("a hook that is not pending is pinged without a challenge", async () => {
  const stage = await createStage({ challenge: true });
  const { id } = await makeHook(stage, "operator");
  await stage.hooks.ping(id, "integrator");
  assert.deepEqual(
    (await stage.pings()).map(({ event }) => event.data),
    ["{}"],
  );
});

test("the pace of a release is told with the state that begins it, and nowhere else", async () => {
  const stage = await createStage();
  const { id } = await makeHook(stage, "operator");
  for (const change of [
    { releasePerS: 5 },
    { releasePerS: null },
    { releasePerS: 5, state: "paused" as const },
  ]) {
    const changed = await stage.hooks.change(id, change, "operator");
    assert.equal(changed.kind === "flawed" && changed.member, "release_per_s", JSON.stringify(change));
  }
  await stage.hooks.change(id, { state: "paused" }, "operator");
  const changed = await stage.hooks.change(id, { state: "active", releasePerS: 5 }, "operator");
  assert.equal(changed.kind, "changed");
});

test("a hook that believes any certificate is told in the log, when it is made so and when it becomes so", async () => {
  const stage = await createStage();
  const told = () => stage.lines.filter(([name]) => name === "hook.unverified").map(([, fields]) => fields);
  const { id } = await makeHook(stage, "operator");
  assert.deepEqual(told(), []);
  await stage.hooks.change(id, { verifyTls: false }, "operator");
  await stage.hooks.change(id, { events: ["a.b"] }, "operator");
  assert.deepEqual(told(), [{ hook: id, host: "receiver.example" }]);
});
