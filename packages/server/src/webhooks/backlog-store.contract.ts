/** The promises of `backlog-store.ts`, tried on an engine. */
import assert from "node:assert/strict";
import { describe } from "node:test";
import type { HookId } from "@trulinks/protocol";
import type { Storage } from "../storage/storage.ts";
import type { HookBacklog, WaitingCounts } from "./backlog-store.ts";
import { WAITING_BECAUSE, type WaitingBecause } from "./delivery.ts";
import type { Hook } from "./hook.ts";
import type { Delivery } from "./store.ts";
import {
  change,
  claimAll,
  DELIVERED,
  eventOf,
  hookId,
  hookOf,
  ingestClaimed,
  ingestOne,
  listAll,
  makeHook,
  OF_ANN,
  OF_BOB,
  OF_GREETER,
  type OpenedStorage,
  type Promised,
  pingAt,
  promisedOf,
  REFUSED,
  retryAt,
  START_MS,
  settleAs,
} from "./store-fixtures.contract.ts";

/** `open` gives an empty storage each time. */
export function backlogStoreContract(name: string, open: () => Promise<OpenedStorage>): void {
  const promised = promisedOf(open);
  describe(`what waits, on ${name}`, () => {
    describe("for a hook", () => ofHooks(promised));
    describe("for all hooks", () => ofAll(promised));
  });
}

const HOOK = hookId("hok_ann");

function ofHooks(promised: Promised): void {
  promised("nothing, for a hook that nothing waits for and for one that is not there", async (storage) => {
    await makeHook(storage, hookOf("hok_ann", OF_ANN));
    const ids = [hookId("hok_none"), HOOK];
    const backlogs = await storage.backlog.findBacklogs(ids, 10);
    assert.deepEqual(backlogs, ids.map(nothing));
    assert.deepEqual(await storage.backlog.findBacklogs([], 10), []);
  });

  promised("is what the list of its deliveries says, reason by reason", async (storage) => {
    const hooks = await fill(storage);
    const backlogs = await storage.backlog.findBacklogs(hooks, 1_000);
    const seen = new Set<WaitingBecause>();
    for (const [index, id] of hooks.entries()) {
      const waiting = await listAll(storage, { hookId: id, state: "waiting" });
      const backlog = backlogs[index];
      assert.ok(backlog);
      assert.deepEqual(
        {
          hookId: backlog.hookId,
          waiting: backlog.waiting,
          isMore: backlog.isMore,
          because: backlog.because,
        },
        { hookId: id, waiting: waiting.length, isMore: false, because: countsOf(waiting) },
      );
      assert.equal(backlog.oldestAtMs, Math.min(...waiting.map(({ createdAtMs }) => createdAtMs)));
      for (const { because } of waiting) if (because !== null) seen.add(because);
    }
    assert.deepEqual([...seen].sort(), [...WAITING_BECAUSE].sort(), "every reason was tried");
  });

  promised("has the bytes of the events' data, and none of what has ended", async (storage) => {
    await makeHook(storage, hookOf("hok_ann", OF_ANN, { state: "active" }));
    const claim = await ingestClaimed(storage, eventOf("evt_1", { data: '{"number":1}' }));
    await ingestOne(storage, eventOf("evt_2", { data: '{"name":"Zoë"}' }));
    assert.equal((await backlogOf(storage, HOOK)).bytes, 12 + 15);
    await settleAs(storage, claim, DELIVERED);
    assert.deepEqual(
      { ...(await backlogOf(storage, HOOK)), because: null, nextTryAtMs: null },
      { ...nothing(HOOK), waiting: 1, bytes: 15, oldestAtMs: START_MS, because: null },
    );
  });

  promised("is tried next when the first of it that nobody works on is due", async (storage) => {
    await makeHook(storage, hookOf("hok_ann", OF_ANN));
    const first = await ingestClaimed(storage, eventOf("evt_1"));
    assert.equal((await backlogOf(storage, HOOK)).nextTryAtMs, null, "under way");
    const second = await ingestClaimed(storage, eventOf("evt_2"));
    await settleAs(storage, first, retryAt(START_MS + 9_000), REFUSED);
    await settleAs(storage, second, retryAt(START_MS + 5_000), REFUSED);
    assert.equal((await backlogOf(storage, HOOK)).nextTryAtMs, START_MS + 5_000);
    await ingestOne(storage, eventOf("evt_3"), { nowMs: START_MS + 20 });
    assert.equal((await backlogOf(storage, HOOK)).nextTryAtMs, START_MS + 20);
    await change(storage, HOOK, { state: "paused" }, START_MS + 30);
    assert.equal((await backlogOf(storage, HOOK)).nextTryAtMs, null, "kept");
  });

  promised("a serial hook's first is tried next, and never while one is under way", async (storage) => {
    await makeHook(storage, hookOf("hok_ann", OF_ANN, { serial: true }));
    const first = await ingestClaimed(storage, eventOf("evt_1"));
    await ingestOne(storage, eventOf("evt_2"));
    assert.equal((await backlogOf(storage, HOOK)).nextTryAtMs, null);
    await settleAs(storage, first, retryAt(START_MS + 5_000), REFUSED);
    assert.equal((await backlogOf(storage, HOOK)).nextTryAtMs, START_MS + 5_000);
  });

  promised("a pending hook's ping is tried next", async (storage) => {
    await makeHook(storage, hookOf("hok_ann", OF_ANN, { state: "pending" }), pingAt(START_MS));
    await ingestOne(storage, eventOf("evt_1"));
    const { because, nextTryAtMs } = await backlogOf(storage, HOOK);
    assert.deepEqual(
      { because, nextTryAtMs },
      { because: counted({ due: 1, "hook-pending": 1 }), nextTryAtMs: START_MS },
    );
  });

  promised("is counted up to the bound and says if there is more", async (storage) => {
    await makeHook(storage, hookOf("hok_ann", OF_ANN));
    for (const n of [1, 2, 3])
      await ingestOne(storage, eventOf(`evt_${n}`, { atMs: START_MS + n, data: "{}" }));
    const told = async (countMax: number) => {
      const [backlog] = await storage.backlog.findBacklogs([HOOK], countMax);
      const { waiting, isMore, bytes, oldestAtMs, because } = backlog ?? nothing(HOOK);
      assert.equal(because.due, waiting);
      return { waiting, isMore, bytes, oldestAtMs };
    };
    assert.deepEqual(await told(2), { waiting: 2, isMore: true, bytes: 4, oldestAtMs: START_MS + 1 });
    assert.deepEqual(await told(3), { waiting: 3, isMore: false, bytes: 6, oldestAtMs: START_MS + 1 });
    assert.deepEqual(await told(4), { waiting: 3, isMore: false, bytes: 6, oldestAtMs: START_MS + 1 });
  });

  promised("what is under way counts against the bound like the rest", async (storage) => {
    await makeHook(storage, hookOf("hok_ann", OF_ANN));
    await ingestClaimed(storage, eventOf("evt_1"));
    await ingestOne(storage, eventOf("evt_2"));
    const tell = async (countMax: number) =>
      (await storage.backlog.findBacklogs([HOOK], countMax)).map(({ waiting, isMore }) => [waiting, isMore]);
    assert.deepEqual(await tell(1), [[1, true]]);
    assert.deepEqual(await tell(2), [[2, false]]);
  });
}

function ofAll(promised: Promised): void {
  promised("nothing, where nothing waits", async (storage) => {
    const step = await storage.backlog.findBacklogStep(null, 10);
    assert.deepEqual(step, { because: counted({}), bytes: 0, oldestAtMs: null, next: null });
  });

  for (const countMax of [1, 3, 1_000]) {
    promised(`a walk in steps of ${countMax} counts each once`, async (storage) => {
      const hooks = await fill(storage, { pings: 0 });
      const expected = await storage.backlog.findBacklogs(hooks, 1_000);
      const total = { because: counted({}), bytes: 0, oldest: Number.POSITIVE_INFINITY };
      let after: string | null = null;
      let steps = 0;
      do {
        const step = await storage.backlog.findBacklogStep(after, countMax);
        const count = sum(Object.values(step.because));
        assert.ok(count <= countMax);
        total.because = added(total.because, step.because);
        total.bytes += step.bytes;
        total.oldest = Math.min(total.oldest, step.oldestAtMs ?? total.oldest);
        after = step.next;
        steps += 1;
      } while (after !== null);
      assert.deepEqual(total, {
        because: expected.map(({ because }) => because).reduce(added),
        bytes: sum(expected.map(({ bytes }) => bytes)),
        oldest: Math.min(...expected.flatMap(({ oldestAtMs }) => oldestAtMs ?? [])),
      });
      assert.ok(steps >= sum(Object.values(total.because)) / countMax);
    });
  }

  promised("hooks are counted by their state", async (storage) => {
    assert.deepEqual(await storage.backlog.findHookCounts(), {
      pending: 0,
      active: 0,
      paused: 0,
      disabled: 0,
    });
    await makeHook(storage, hookOf("hok_1", OF_ANN));
    await makeHook(storage, hookOf("hok_2", OF_BOB, { state: "paused" }));
    await makeHook(storage, hookOf("hok_3", OF_GREETER, { state: "pending" }), pingAt(START_MS));
    await storage.webhooks.changeHook(
      hookId("hok_1"),
      { state: "disabled" },
      { nowMs: START_MS, knock: null },
    );
    await makeHook(storage, hookOf("hok_4", OF_ANN));
    await makeHook(storage, hookOf("hok_5", OF_ANN));
    assert.deepEqual(await storage.backlog.findHookCounts(), {
      pending: 1,
      active: 2,
      paused: 1,
      disabled: 1,
    });
  });
}

/** Hooks in every state, for which things wait for every reason; says which hooks. */
async function fill(storage: Storage, { pings } = { pings: 1 }): Promise<readonly HookId[]> {
  const hooks: readonly Hook[] = [
    hookOf("hok_active", OF_ANN),
    hookOf("hok_serial", OF_ANN, { serial: true }),
    hookOf("hok_paused", OF_ANN),
    hookOf("hok_pending", OF_ANN, { state: "pending" }),
    hookOf("hok_released", OF_ANN),
    hookOf("hok_disabled", OF_ANN),
  ];
  for (const hook of hooks)
    await makeHook(storage, hook, pings > 0 && hook.state === "pending" ? pingAt(START_MS) : null);

  await ingestOne(storage, eventOf("evt_0"));
  const claims = await claimAll(storage, START_MS);
  for (const claim of claims.filter(({ hook }) => hook.id !== "hok_serial")) {
    if (claim.sequence !== null) await settleAs(storage, claim, retryAt(START_MS + 60_000), REFUSED);
  }
  await change(storage, "hok_paused", { state: "paused" }, START_MS + 1);
  await change(storage, "hok_released", { state: "paused" }, START_MS + 1);
  await change(storage, "hok_disabled", { state: "disabled" }, START_MS + 1);
  for (const n of [1, 2, 3]) await ingestOne(storage, eventOf(`evt_${n}`, { atMs: START_MS + n }));
  await change(storage, "hok_released", { state: "active" }, START_MS + 5);
  await ingestOne(storage, eventOf("evt_4", { atMs: START_MS + 6 }), { nowMs: START_MS + 6, countMax: 1 });
  return hooks.map(({ id }) => id);
}

async function backlogOf({ backlog }: Storage, id: HookId): Promise<HookBacklog> {
  const [found] = await backlog.findBacklogs([id], 1_000);
  assert.ok(found);
  return found;
}

function nothing(id: HookId): HookBacklog {
  return {
    ...{ hookId: id, waiting: 0, isMore: false, bytes: 0, oldestAtMs: null, nextTryAtMs: null },
    because: counted({}),
  };
}

function counted(counts: Partial<WaitingCounts>): WaitingCounts {
  return { due: 0, retry: 0, "hook-paused": 0, "hook-pending": 0, limit: 0, ...counts };
}

function countsOf(waiting: readonly Delivery[]): WaitingCounts {
  return waiting.map(({ because }) => counted(because === null ? {} : { [because]: 1 })).reduce(added);
}

function added(one: WaitingCounts, other: WaitingCounts): WaitingCounts {
  return Object.fromEntries(
    WAITING_BECAUSE.map((because) => [because, one[because] + other[because]]),
  ) as WaitingCounts;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0);
}
