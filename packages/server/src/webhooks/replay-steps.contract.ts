import assert from "node:assert/strict";
import { HOOK_WAITING_MAX, type ReplayFilter } from "./replay.ts";
import {
  ALL,
  advance,
  begin,
  deliver,
  FAILED,
  LATER_MS,
  nameOf,
  pass,
  replayAt,
  run,
  settleAll,
} from "./replay-fixtures.contract.ts";
import type { NewReplay } from "./replay-store.ts";
import {
  ANN,
  BOB,
  change,
  claimAll,
  DELIVERED,
  GREETER,
  grant,
  hookId,
  hookOf,
  listAll,
  makeHook,
  makeHooks,
  OF_ANN,
  type Promised,
  START_MS,
} from "./store-fixtures.contract.ts";

export function replaySteps(promised: Promised): void {
  chooses(promised);
  counts(promised);
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
