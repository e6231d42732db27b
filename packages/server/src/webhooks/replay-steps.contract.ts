import assert from "node:assert/strict";
import type { HookId } from "@trulinks/protocol";
import type { Storage } from "../storage/storage.ts";
import type { Claim } from "./claim.ts";
import { HOOK_WAITING_MAX, type Replay, type ReplayFilter } from "./replay.ts";
import { ALL, begin, replayAt } from "./replay-records.contract.ts";
import type { NewReplay } from "./replay-store.ts";
import type { Next } from "./retry.ts";
import {
  ANN,
  BOB,
  change,
  claimAll,
  claiming,
  DELIVERED,
  eventOf,
  GREETER,
  grant,
  hookId,
  hookOf,
  listAll,
  makeHook,
  makeHooks,
  OF_ANN,
  OF_BOB,
  type Promised,
  REFUSED,
  retryAt,
  START_MS,
  settleAs,
} from "./store-fixtures.contract.ts";

const LATER_MS = START_MS + 3_600_000;
const FAILED = { kind: "failed", because: "attempts-exhausted" } as const;

/** Events that went to every hook of theirs, and ended so. */
async function pass(
  storage: Storage,
  count: number,
  {
    next = FAILED,
    ...over
  }: { readonly next?: typeof FAILED | typeof DELIVERED } & Parameters<typeof eventOf>[1] = {},
): Promise<void> {
  const events = Array.from({ length: count }, (_, n) => eventOf(`evt_${passed++}_${n}`, over));
  await storage.webhooks.ingest(events, claiming());
  await settleAll(storage, await claimAll(storage, LATER_MS - 1), next);
}

let passed = 0;

async function settleAll(
  storage: Storage,
  claims: readonly Claim[],
  next: Next,
  nowMs = START_MS + 1,
): Promise<void> {
  const settled = await Promise.all(
    claims.map((claim) => settleAs(storage, claim, next, { ...REFUSED, nowMs })),
  );
  assert.ok(settled.every(Boolean));
}

/** Steps until nothing more is released: of as many as that, the numbers by hook, in the order in which they are due. */
async function advance(
  { replays }: Storage,
  fromMs = LATER_MS,
): Promise<{ released: number; nowMs: number }> {
  let released = 0;
  let nowMs = fromMs;
  for (let steps = 0; steps < 1_000; steps++) {
    const step = await replays.advanceReplays(nowMs);
    released += step.released;
    if (step.nextMs === null || step.nextMs > nowMs) return { released, nowMs };
    nowMs += 1;
  }
  assert.fail("the replay has no end");
}

/** Works off what is due, and answers with what was claimed. */
async function deliver(storage: Storage, nowMs: number): Promise<readonly Claim[]> {
  const claims = await claimAll(storage, nowMs);
  await settleAll(storage, claims, DELIVERED, nowMs);
  return claims;
}

/** Runs a replay to its end, its deliveries delivered as they come. */
async function run(
  storage: Storage,
  replay: NewReplay,
): Promise<{ claims: readonly Claim[]; replay: Replay }> {
  const { id } = await begin(storage, replay);
  const claims: Claim[] = [];
  for (let nowMs = replay.nowMs, turns = 0; turns < 500; turns++, nowMs += 1_000) {
    const advanced = await advance(storage, nowMs);
    claims.push(...(await deliver(storage, advanced.nowMs)));
    const found = await storage.replays.findReplay(id, ALL);
    assert.ok(found);
    if (found.state !== "running") return { claims, replay: found };
  }
  assert.fail("the replay has no end");
}

export function replaySteps(promised: Promised): void {
  chooses(promised);
  counts(promised);
  paces(promised);
  passesOver(promised);
}

function chooses(promised: Promised): void {
  const cases: readonly (readonly [
    string,
    Partial<NewReplay> & { readonly filter: ReplayFilter },
    readonly string[],
  ])[] = [
    [
      "what failed",
      { filter: { states: ["failed"] } },
      ["ann 1", "ann 2", "bob 1", "greeter 1", "greeter 2", "greeter 3", "other 1"],
    ],
    ["what was delivered", { filter: { states: ["delivered"] } }, ["ann 3", "greeter 4"]],
    [
      "of one hook",
      { filter: { hookId: hookId("hok_greeter"), states: ["failed"] } },
      ["greeter 1", "greeter 2", "greeter 3"],
    ],
    [
      "after a number",
      { filter: { hookId: hookId("hok_greeter"), after: 1, states: ["failed", "delivered"] } },
      ["greeter 2", "greeter 3", "greeter 4"],
    ],
    ["of one user", { filter: { userId: BOB, states: ["failed"] } }, ["bob 1", "greeter 3", "other 1"]],
    [
      "of one app",
      { filter: { appId: GREETER, states: ["failed"] } },
      ["greeter 1", "greeter 2", "greeter 3"],
    ],
    ["of one type", { filter: { type: "issue.closed", states: ["failed"] } }, ["ann 2", "greeter 2"]],
    [
      "since a time",
      { filter: { sinceMs: START_MS + 10, states: ["failed", "delivered"] } },
      ["ann 2", "ann 3", "bob 1", "greeter 2", "greeter 3", "greeter 4", "other 1"],
    ],
    [
      "for an app, of its own hooks",
      { reach: { kind: "app", appId: GREETER }, filter: { states: ["failed"] } },
      ["greeter 1", "greeter 2", "greeter 3"],
    ],
    [
      "for a user, of the user's own hooks",
      { reach: { kind: "user", userId: BOB }, filter: { states: ["failed"] } },
      ["bob 1"],
    ],
    [
      "nothing, where the app is another's",
      { reach: { kind: "user", userId: BOB }, filter: { appId: GREETER, states: ["failed"] } },
      [],
    ],
  ];
  for (const [title, over, expected] of cases) {
    promised(`is chosen: ${title}`, async (storage) => {
      await makeHooks(storage);
      await pass(storage, 1, { atMs: START_MS });
      await pass(storage, 1, { atMs: START_MS + 10, type: "issue.closed" });
      await pass(storage, 1, { atMs: START_MS + 20, userIds: [BOB] });
      await pass(storage, 1, { atMs: START_MS + 30, next: DELIVERED });
      const { claims, replay } = await run(storage, replayAt(LATER_MS, over));
      assert.deepEqual(claims.map(nameOf).sort(), expected);
      const { total, done, skipped } = replay;
      assert.deepEqual([total, done, skipped], [expected.length, expected.length, 0]);
    });
  }

  promised("what is made after the replay is none of it", async (storage) => {
    await makeHook(storage, hookOf("hok_ann", OF_ANN));
    await pass(storage, 2);
    const replay = replayAt(START_MS + 1_000, { filter: { states: ["failed", "delivered"] } });
    await begin(storage, replay);
    await pass(storage, 2, { atMs: START_MS + 1_001 });
    const { released } = await advance(storage);
    assert.equal(released, 2);
  });

  promised("what fails again is not replayed twice", async (storage) => {
    await makeHook(storage, hookOf("hok_ann", OF_ANN));
    await pass(storage, 3);
    const { id } = await begin(storage, replayAt(LATER_MS));
    let tried = 0;
    for (let nowMs = LATER_MS, turns = 0; turns < 10; turns++, nowMs += 1_000) {
      await advance(storage, nowMs);
      const claims = await claimAll(storage, nowMs + 500);
      tried += claims.length;
      await settleAll(storage, claims, FAILED, nowMs);
    }
    assert.equal(tried, 3);
    assert.equal((await storage.replays.findReplay(id, ALL))?.state, "done");
  });
}

function counts(promised: Promised): void {
  promised("the total is told once all is counted, and what is done as it goes", async (storage) => {
    await makeHooks(storage);
    await pass(storage, HOOK_WAITING_MAX + 50);
    const { id } = await begin(storage, replayAt(LATER_MS));
    const totals = new Set<number | null>();
    let nowMs = LATER_MS;
    for (let steps = 0; steps < 20; steps++, nowMs += 1) {
      await storage.replays.advanceReplays(nowMs);
      totals.add((await storage.replays.findReplay(id, ALL))?.total ?? null);
    }
    assert.deepEqual([...totals], [null, 2 * (HOOK_WAITING_MAX + 50)]);
    const under = await storage.replays.findReplay(id, ALL);
    assert.deepEqual([under?.state, under?.done, under?.skipped], ["running", 2 * HOOK_WAITING_MAX, 0]);
  });

  promised("a replay of nothing is done", async (storage) => {
    await makeHooks(storage);
    const { claims, replay } = await run(storage, replayAt(LATER_MS));
    assert.deepEqual([claims, replay.state, replay.total], [[], "done", 0]);
    assert.ok((replay.endedAtMs ?? 0) >= LATER_MS);
  });

  promised("more than a step looks at: each once and in the order of its numbers", async (storage) => {
    await makeHook(storage, hookOf("hok_ann", OF_ANN));
    const count = 2_350;
    for (let n = 0; n < 10; n++) await pass(storage, count / 10, { atMs: START_MS + n });
    const { claims, replay } = await run(storage, replayAt(LATER_MS));
    assert.deepEqual(
      claims.map(({ sequence }) => sequence),
      Array.from({ length: count }, (_, n) => n + 1),
    );
    assert.deepEqual([replay.total, replay.done], [count, count]);
  });
}

function paces(promised: Promised): void {
  promised(
    "no more waits for a hook than it works off; one that stands still stops no other",
    async (storage) => {
      await makeHook(storage, hookOf("hok_ann", OF_ANN));
      await makeHook(storage, hookOf("hok_bob", OF_BOB));
      await pass(storage, 500, { userIds: [ANN, BOB] });
      await begin(storage, replayAt(LATER_MS));
      let nowMs = LATER_MS;
      for (let turns = 0; turns < 8; turns++, nowMs += 1_000) {
        await advance(storage, nowMs);
        const waiting = await waitingFor(storage);
        assert.equal(waiting.get(hookId("hok_ann")), HOOK_WAITING_MAX);
        const bobs = await storage.webhooks.claimDue(
          claiming({ nowMs: nowMs + 500, countMax: 1_000, exceptHooks: [hookId("hok_ann")] }),
        );
        await settleAll(storage, bobs, DELIVERED, nowMs);
      }
      const states = Map.groupBy(await listAll(storage, { hookId: hookId("hok_bob") }), ({ state }) => state);
      assert.equal(states.get("delivered")?.length, 500);
    },
  );

  promised("what was tried again and waits for its retry holds up nothing", async (storage) => {
    await makeHook(storage, hookOf("hok_ann", OF_ANN));
    await pass(storage, HOOK_WAITING_MAX + 100);
    await begin(storage, replayAt(LATER_MS));
    await advance(storage, LATER_MS);
    await settleAll(storage, await claimAll(storage, LATER_MS + 500), retryAt(LATER_MS * 2), LATER_MS);
    const { released } = await advance(storage, LATER_MS + 1_000);
    assert.equal(released, 100);
  });

  promised("it goes no faster than its pace", async (storage) => {
    await makeHooks(storage);
    await pass(storage, 20);
    await begin(storage, replayAt(LATER_MS, { perS: 2 }));
    const released: number[] = [];
    for (let nowMs = LATER_MS; nowMs < LATER_MS + 5_000; nowMs += 100) {
      const advanced = await advanceAt(storage, nowMs);
      if (advanced > 0) released.push(...Array.from({ length: advanced }, () => nowMs - LATER_MS));
    }
    assert.ok(released.length >= 9 && released.length <= 11, `${released}`);
    for (const [index, atMs] of released.entries()) {
      assert.ok(atMs >= index * 500 - 500, `number ${index} after ${atMs} ms`);
    }
  });

  promised(
    "paused it makes nothing due; it goes on where it stopped, also at once twice",
    async (storage) => {
      await makeHook(storage, hookOf("hok_ann", OF_ANN));
      await pass(storage, HOOK_WAITING_MAX * 2);
      const { id } = await begin(storage, replayAt(LATER_MS));
      await advance(storage, LATER_MS);
      await storage.replays.changeReplay(id, ALL, { state: "paused" }, LATER_MS);
      const first = await deliver(storage, LATER_MS + 500);
      assert.equal((await advance(storage, LATER_MS + 1_000)).released, 0);
      await storage.replays.changeReplay(id, ALL, { state: "running" }, LATER_MS + 2_000);
      await Promise.all([advance(storage, LATER_MS + 2_000), advance(storage, LATER_MS + 2_000)]);
      const second = await deliver(storage, LATER_MS + 3_000);
      const numbers = [...first, ...second].map(({ sequence }) => sequence);
      assert.deepEqual(
        numbers,
        Array.from({ length: HOOK_WAITING_MAX * 2 }, (_, n) => n + 1),
      );
    },
  );

  promised("cancelled it takes back nothing and makes nothing more due", async (storage) => {
    await makeHook(storage, hookOf("hok_ann", OF_ANN));
    await pass(storage, HOOK_WAITING_MAX * 2);
    const { id } = await begin(storage, replayAt(LATER_MS));
    await advance(storage, LATER_MS);
    await storage.replays.changeReplay(id, ALL, { state: "cancelled" }, LATER_MS);
    assert.equal((await deliver(storage, LATER_MS + 500)).length, HOOK_WAITING_MAX);
    assert.equal((await advance(storage, LATER_MS + 1_000)).released, 0);
    const { done, total, state } = (await storage.replays.findReplay(id, ALL)) ?? {};
    assert.deepEqual([state, done, total], ["cancelled", HOOK_WAITING_MAX, HOOK_WAITING_MAX * 2]);
  });

  promised("replays take turns", async (storage) => {
    await makeHook(storage, hookOf("hok_ann", OF_ANN));
    await makeHook(storage, hookOf("hok_bob", OF_BOB));
    await pass(storage, HOOK_WAITING_MAX * 2, { userIds: [ANN, BOB] });
    for (const id of ["hok_ann", "hok_bob"]) {
      await begin(storage, replayAt(LATER_MS, { filter: { hookId: hookId(id), states: ["failed"] } }));
    }
    await advance(storage, LATER_MS);
    const waiting = await waitingFor(storage);
    assert.deepEqual([...waiting.values()], [HOOK_WAITING_MAX, HOOK_WAITING_MAX]);
  });
}

function passesOver(promised: Promised): void {
  promised("what can not be delivered again is passed over and counted", async (storage) => {
    await makeHooks(storage);
    await pass(storage, 2);
    await pass(storage, 2, { userIds: [BOB] });
    await change(storage, "hok_ann", { state: "disabled" });
    await storage.webhooks.deleteHook(hookId("hok_bob"), START_MS);
    const { claims, replay } = await run(storage, replayAt(LATER_MS));
    assert.deepEqual(claims.map(nameOf).sort(), [
      "greeter 1",
      "greeter 2",
      "greeter 3",
      "greeter 4",
      "other 1",
      "other 2",
    ]);
    assert.deepEqual([replay.total, replay.done, replay.skipped], [8, 6, 2]);
  });

  promised(
    "an app is not told of users whose grants have ended; the provider is, and nothing leaves",
    async (storage) => {
      await makeHook(storage, hookOf("hok_greeter", { kind: "app", appId: GREETER }));
      const id = await grant(storage, ANN, GREETER);
      await grant(storage, BOB, GREETER);
      await pass(storage, 2);
      await pass(storage, 1, { userIds: [BOB] });
      await storage.accounts.revokeGrant(id, START_MS);
      const all = await run(storage, replayAt(LATER_MS));
      assert.deepEqual([all.replay.total, all.replay.done, all.replay.skipped], [3, 1, 2]);
      const reach = { kind: "app", appId: GREETER } as const;
      const own = await run(
        storage,
        replayAt(LATER_MS, { reach, filter: { states: ["failed", "delivered"] } }),
      );
      assert.deepEqual([own.replay.total, own.replay.done, own.replay.skipped], [1, 1, 0]);
    },
  );

  promised("for a paused hook everything is kept", async (storage) => {
    await makeHook(storage, hookOf("hok_ann", OF_ANN));
    await pass(storage, HOOK_WAITING_MAX + 10);
    await change(storage, "hok_ann", { state: "paused" });
    const { claims, replay } = await run(storage, replayAt(LATER_MS));
    assert.deepEqual([claims.length, replay.done], [0, HOOK_WAITING_MAX + 10]);
    const kept = await listAll(storage, { state: "waiting" });
    assert.ok(kept.every(({ because }) => because === "hook-paused"));
    assert.equal(kept.length, HOOK_WAITING_MAX + 10);
  });

  promised("a serial hook gets them one after the other", async (storage) => {
    await makeHook(storage, hookOf("hok_ann", OF_ANN));
    await pass(storage, 5);
    await change(storage, "hok_ann", { serial: true });
    await begin(storage, replayAt(LATER_MS));
    await advance(storage, LATER_MS);
    const numbers: (number | null)[] = [];
    for (let n = 0; n < 10; n++) {
      const claims = await deliver(storage, LATER_MS + 1_000);
      assert.ok(claims.length <= 1);
      numbers.push(...claims.map(({ sequence }) => sequence));
    }
    assert.deepEqual(numbers, [1, 2, 3, 4, 5]);
  });
}

const nameOf = ({ hook, sequence }: Claim): string => `${hook.id.replace("hok_", "")} ${sequence}`;

async function advanceAt({ replays }: Storage, nowMs: number): Promise<number> {
  let released = 0;
  for (let steps = 0; steps < 100; steps++) {
    const step = await replays.advanceReplays(nowMs);
    released += step.released;
    if (step.nextMs === null || step.nextMs > nowMs) break;
  }
  return released;
}

async function waitingFor(storage: Storage): Promise<ReadonlyMap<HookId, number>> {
  const waiting = await listAll(storage, { state: "waiting" });
  return new Map([...Map.groupBy(waiting, (one) => one.hookId)].map(([id, of]) => [id, of.length]));
}
