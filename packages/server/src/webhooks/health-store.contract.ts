/** The promises of `health-store.ts`, tried on an engine. */
import assert from "node:assert/strict";
import { describe } from "node:test";
import type { Storage } from "../storage/storage.ts";
import type { Claim } from "./claim.ts";
import type { Step, StepBounds } from "./health.ts";
import type { FailingNote, SoundNote, SoundNoted } from "./health-store.ts";
import { releaseWhileFailing } from "./health-store-release.contract.ts";
import { type Hook, type HookHealth, SOUND } from "./hook.ts";
import {
  change,
  claimAll,
  DELIVERED,
  eventOf,
  GONE,
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
  START_MS,
  settleAs,
} from "./store-fixtures.contract.ts";

const FAILING: HookHealth = {
  failing: { sinceMs: START_MS, outcome: "refused", status: 500, toldAtMs: null },
  pausedBecause: null,
};
const URL_OF_HOK = hookOf("hok", OF_ANN).url;

export function noteFailing({ health }: Storage, over: Partial<FailingNote> = {}): Promise<boolean> {
  const url = hookOf(over.hookId ?? "hok", OF_ANN).url;
  return health.noteFailing({ hookId: hookId("hok"), url, nowMs: START_MS, ...REFUSED, ...over });
}

export function noteSound({ health }: Storage, over: Partial<SoundNote> = {}): Promise<SoundNoted> {
  const given = { hookId: hookId("hok"), url: URL_OF_HOK, nowMs: START_MS, isPing: false, releasePerS: 1 };
  return health.noteSound({ ...given, ...over });
}

async function healthOf({ webhooks }: Storage, id = "hok"): Promise<HookHealth | undefined> {
  return (await webhooks.findHook(hookId(id)))?.health;
}

const bounds = (over: Partial<StepBounds> = {}): StepBounds => ({
  ...{ tellSinceMs: START_MS, pauseSinceMs: START_MS, pauseToldMs: START_MS + 10 },
  ...over,
});

const take = (
  { health }: Storage,
  step: Step,
  nowMs: number,
  of = bounds(),
  id = "hok",
): Promise<Hook | null> => health.takeStep({ hookId: hookId(id), step }, of, nowMs);

const pause = async (storage: Storage, nowMs = START_MS + 20): Promise<void> => {
  await noteFailing(storage);
  assert.ok(await take(storage, "tell", START_MS + 10));
  assert.ok(await take(storage, "pause", nowMs));
};

/** `<hook> <type> <number> <because>` of the platform's events. */
async function told(storage: Storage): Promise<readonly string[]> {
  const all = (await listAll(storage)).filter(({ type }) => type.startsWith("hook."));
  return all.map(({ hookId: id, type, sequence, because }) => `${id} ${type} ${sequence} ${because}`).sort();
}

/** `open` gives an empty storage each time. */
export function healthStoreContract(name: string, open: () => Promise<OpenedStorage>): void {
  const promised = promisedOf(open);
  describe(`hooks' health on ${name}`, () => {
    describe("what attempts show", () => notes(promised));
    describe("what others do to it", () => changes(promised));
    describe("the steps", () => steps(promised));
    describe("whom the platform tells", () => telling(promised));
    describe("what brings a hook back", () => resuming(promised));
    describe("what is released while a hook is failing", () => releaseWhileFailing(promised));
  });
}

function notes(promised: Promised): void {
  promised("a hook is failing since the first attempt that failed, and claims say so", async (storage) => {
    await makeHook(storage, hookOf("hok", OF_ANN));
    assert.deepEqual(await healthOf(storage), SOUND);
    assert.deepEqual((await ingestClaimed(storage, eventOf("evt_1"))).hook.health, SOUND);
    assert.equal(await noteFailing(storage), true);
    assert.equal(await noteFailing(storage, { nowMs: START_MS + 9, outcome: "reset", status: null }), false);
    assert.deepEqual(await healthOf(storage), FAILING);
    assert.deepEqual((await ingestClaimed(storage, eventOf("evt_2"))).hook.health, FAILING);
  });

  promised("it is sound again once an attempt was answered well", async (storage) => {
    await makeHook(storage, hookOf("hok", OF_ANN));
    await noteFailing(storage, { outcome: "reset", status: null });
    assert.equal(await noteSound(storage), "sound");
    assert.equal(await noteSound(storage), "unchanged");
    assert.deepEqual(await healthOf(storage), SOUND);
    assert.deepEqual((await ingestClaimed(storage, eventOf("evt_1"))).hook.health, SOUND);
    assert.equal(await noteFailing(storage, { nowMs: START_MS + 7 }), true);
    assert.equal((await healthOf(storage))?.failing?.sinceMs, START_MS + 7);
  });

  promised("an attempt at another receiver, or at no hook, says nothing", async (storage) => {
    await makeHook(storage, hookOf("hok", OF_ANN));
    assert.equal(await noteFailing(storage, { url: "https://elsewhere.example/" }), false);
    assert.equal(await noteFailing(storage, { hookId: hookId("hok_none") }), false);
    await noteFailing(storage);
    assert.equal(await noteSound(storage, { url: "https://elsewhere.example/" }), "unchanged");
    assert.equal(await noteSound(storage, { hookId: hookId("hok_none") }), "unchanged");
    assert.deepEqual(await healthOf(storage), FAILING);
  });

  for (const state of ["paused", "pending"] as const) {
    promised(`a ${state} hook does not become failing`, async (storage) => {
      await makeHook(storage, hookOf("hok", OF_ANN, { state }));
      assert.equal(await noteFailing(storage), false);
      assert.deepEqual(await healthOf(storage), SOUND);
    });
  }
}

function changes(promised: Promised): void {
  const cases = [
    ["another URL begins anew", { url: "https://elsewhere.example/" }, SOUND],
    ["its owner vouches for it", { state: "active" }, SOUND],
    ["what else changes says nothing", { serial: true }, FAILING],
    ["paused by hand it is", { state: "paused" }, { ...FAILING, pausedBecause: "asked" }],
    ["disabled it is neither", { state: "disabled" }, SOUND],
  ] as const;
  for (const [reason, changed, expected] of cases) {
    promised(`a failing hook is changed: ${reason}`, async (storage) => {
      await makeHook(storage, hookOf("hok", OF_ANN));
      await noteFailing(storage);
      assert.deepEqual((await change(storage, "hok", changed)).health, expected);
      assert.deepEqual(await healthOf(storage), expected);
    });
  }

  promised("a receiver that is gone leaves nothing to be failing", async (storage) => {
    await makeHook(storage, hookOf("hok", OF_ANN));
    const claim = await ingestClaimed(storage, eventOf("evt_1"));
    await noteFailing(storage);
    await settleAs(storage, claim, GONE, { outcome: "refused", status: 410 });
    assert.deepEqual(await healthOf(storage), SOUND);
  });

  promised("one that failing had paused is paused by hand when its owner says so", async (storage) => {
    await makeHook(storage, hookOf("hok", OF_ANN));
    await pause(storage);
    await change(storage, "hok", { serial: true });
    assert.equal((await healthOf(storage))?.pausedBecause, "failing");
    await change(storage, "hok", { state: "paused" });
    assert.equal((await healthOf(storage))?.pausedBecause, "asked");
    assert.equal(await noteSound(storage, { isPing: true }), "unchanged");
  });
}

function steps(promised: Promised): void {
  const due = ({ health }: Storage, of: Partial<StepBounds> = {}, countMax = 10) =>
    health.listSteps(bounds(of), countMax);

  promised("its owner is told once, and later it is paused once", async (storage) => {
    await makeHook(storage, hookOf("hok", OF_ANN));
    assert.deepEqual(await due(storage), []);
    await noteFailing(storage);
    assert.deepEqual(await due(storage, { tellSinceMs: START_MS - 1 }), []);
    assert.deepEqual(await due(storage), [{ hookId: "hok", step: "tell" }]);
    const asked = [take(storage, "tell", START_MS + 10), take(storage, "tell", START_MS + 10)];
    assert.equal((await Promise.all(asked)).filter((hook) => hook !== null).length, 1);
    assert.equal((await healthOf(storage))?.failing?.toldAtMs, START_MS + 10);
    assert.deepEqual(await due(storage, { pauseToldMs: START_MS + 9 }), []);
    assert.deepEqual(await due(storage, { pauseSinceMs: START_MS - 1 }), []);
    assert.deepEqual(await due(storage), [{ hookId: "hok", step: "pause" }]);
    const again = [take(storage, "pause", START_MS + 20), take(storage, "pause", START_MS + 20)];
    const [paused, ...more] = (await Promise.all(again)).filter((hook) => hook !== null);
    assert.deepEqual(more, []);
    assert.equal(paused?.state, "paused");
    assert.deepEqual(paused, await storage.webhooks.findHook(hookId("hok")));
    assert.equal(paused.health.pausedBecause, "failing");
    assert.deepEqual(await due(storage), []);
    assert.deepEqual(await told(storage), [
      "hok hook.failing 1 hook-paused",
      "hok hook.paused 2 hook-paused",
    ]);
  });

  promised("it is never paused before its owner was told, nor when it has recovered", async (storage) => {
    await makeHook(storage, hookOf("hok", OF_ANN));
    await noteFailing(storage);
    assert.equal(await take(storage, "pause", START_MS + 20), null);
    await noteSound(storage);
    assert.equal(await take(storage, "tell", START_MS + 20), null);
    await noteFailing(storage);
    assert.ok(await take(storage, "tell", START_MS + 10));
    await noteSound(storage);
    assert.equal(await take(storage, "pause", START_MS + 20), null);
    await noteFailing(storage);
    assert.equal(await take(storage, "pause", START_MS + 20), null);
    assert.deepEqual(await told(storage), ["hok hook.failing 1 due"]);
  });

  promised("a hook that somebody paused takes no step", async (storage) => {
    await makeHook(storage, hookOf("hok", OF_ANN));
    await noteFailing(storage);
    await change(storage, "hok", { state: "paused" });
    assert.deepEqual(await due(storage), []);
    assert.equal(await take(storage, "tell", START_MS + 10), null);
  });

  promised("there are no more than asked for, and the longest failing come first", async (storage) => {
    for (const [index, id] of ["hok_a", "hok_b", "hok_c"].entries()) {
      await makeHook(storage, hookOf(id, OF_ANN));
      await noteFailing(storage, { hookId: hookId(id), nowMs: START_MS - index });
    }
    const two = (await due(storage, {}, 2)).map((step) => step.hookId);
    assert.deepEqual(two, ["hok_c", "hok_b"]);
    for (const id of ["hok_b", "hok_c"]) await take(storage, "tell", START_MS + 5, bounds(), id);
    const all = (await due(storage)).map(({ hookId: id, step }) => `${id} ${step}`);
    assert.deepEqual([...all].sort(), ["hok_a tell", "hok_b pause", "hok_c pause"]);
  });

  promised(
    "what waits for a hook that is paused so is kept, and what is under way comes back",
    async (storage) => {
      await makeHook(storage, hookOf("hok", OF_ANN, { events: ["issue.*"] }));
      const claim = await ingestClaimed(storage, eventOf("evt_1"));
      await ingestOne(storage, eventOf("evt_2"));
      await pause(storage);
      assert.deepEqual(await claimAll(storage, START_MS + 1e6), []);
      await settleAs(storage, claim, { kind: "retry", atMs: START_MS + 60_000 }, REFUSED);
      const waiting = (await listAll(storage)).map(({ state, because }) => `${state} ${because}`);
      assert.deepEqual(waiting, ["waiting hook-paused", "waiting hook-paused"]);
    },
  );
}

function telling(promised: Promised): void {
  promised("all hooks of the owner that want it, and nobody else's", async (storage) => {
    await makeHook(storage, hookOf("hok", OF_ANN, { events: ["issue.*"] }));
    await makeHook(storage, hookOf("hok_all", OF_ANN));
    await makeHook(storage, hookOf("hok_types", OF_ANN, { events: ["hook.*"] }));
    const filter = [{ pointer: "/outcome", in: ["reset"] }];
    await makeHook(storage, hookOf("hok_filter", OF_ANN, { filter }));
    await makeHook(storage, hookOf("hok_gone", OF_ANN, { state: "disabled" }));
    await makeHook(storage, hookOf("hok_bob", OF_BOB));
    await makeHook(storage, hookOf("hok_app", OF_GREETER));
    await pause(storage);
    const types = ["hook.failing 1 due", "hook.paused 2 due"];
    const expected = ["hok_all", "hok_types"].flatMap((id) => types.map((type) => `${id} ${type}`));
    assert.deepEqual(await told(storage), expected);
  });

  promised("of a user's hook it says whose it is, of an app's it concerns nobody", async (storage) => {
    await makeHook(storage, hookOf("hok", OF_ANN));
    await makeHook(storage, hookOf("hok_app", OF_GREETER));
    for (const id of ["hok", "hok_app"]) {
      await noteFailing(storage, { hookId: hookId(id) });
      await take(storage, "tell", START_MS + 10, bounds(), id);
    }
    const claims = new Map((await claimAll(storage, START_MS + 10)).map((claim) => [claim.hook.id, claim]));
    const [ofUser, ofApp] = [claims.get(hookId("hok")), claims.get(hookId("hok_app"))] as Claim[];
    assert.equal(ofUser?.user?.id, "ann");
    assert.equal(ofApp?.user, null);
    assert.equal(ofApp?.sequence, 1);
    const data = { hook: "hok_app", url: "receiver.example", since: new Date(START_MS).toISOString() };
    assert.deepEqual(JSON.parse(ofApp?.event.data ?? ""), { ...data, outcome: "refused", status: 500 });
    assert.deepEqual([ofApp?.event.type, ofApp?.event.action], ["hook.failing", "failing"]);
    assert.equal(ofApp && (await settleAs(storage, ofApp, DELIVERED)), true);
  });

  promised("an app reads what concerns nobody, and a grant does not", async (storage) => {
    await makeHook(storage, hookOf("hok", OF_GREETER));
    await pause(storage);
    const appId = "app_greeter" as never;
    const page = { after: null, countMax: 10 };
    const ofApp = await storage.webhooks.listDeliveries({ reach: { kind: "app", appId } }, page);
    assert.equal(ofApp.items.length, 2);
    const grantId = "grn_none" as never;
    const ofGrant = await storage.webhooks.listDeliveries({ reach: { kind: "grant", grantId } }, page);
    assert.deepEqual(ofGrant.items, []);
  });
}

function resuming(promised: Promised): void {
  promised("an accepted ping, with its owner told, and what was kept at a pace", async (storage) => {
    await makeHook(storage, hookOf("hok", OF_ANN));
    await ingestOne(storage, eventOf("evt_1"));
    await ingestOne(storage, eventOf("evt_2"));
    await pause(storage);
    assert.equal(await noteSound(storage), "unchanged");
    assert.equal(await noteSound(storage, { isPing: true, nowMs: START_MS + 30 }), "resumed");
    assert.equal(await noteSound(storage, { isPing: true }), "unchanged");
    const hook = await storage.webhooks.findHook(hookId("hok"));
    assert.deepEqual([hook?.state, hook?.health], ["active", SOUND]);
    const claims = await claimAll(storage, START_MS + 30);
    assert.deepEqual(
      claims.map(({ event }) => event.type),
      ["hook.resumed"],
    );
    assert.equal(await storage.webhooks.releaseHeld(START_MS + 30, 10), START_MS + 1_030);
    assert.equal(await storage.webhooks.releaseHeld(START_MS + 1_030, 10), START_MS + 2_030);
    assert.equal((await claimAll(storage, START_MS + 1_030)).length, 2);
  });

  promised("its owner, who is told as well", async (storage) => {
    await makeHook(storage, hookOf("hok", OF_ANN));
    await makeHook(storage, hookOf("hok_2", OF_ANN, { events: ["hook.resumed"] }));
    await pause(storage);
    const resumed = await change(storage, "hok", { state: "active", releasePerS: 1 }, START_MS + 30);
    assert.deepEqual(resumed.health, SOUND);
    assert.equal((await told(storage)).filter((of) => of.includes("hook.resumed")).length, 2);
    await change(storage, "hok", { state: "active" }, START_MS + 31);
    assert.equal((await told(storage)).filter((of) => of.includes("hook.resumed")).length, 2);
  });

  promised("nobody is told of a hook that was paused by hand", async (storage) => {
    await makeHook(storage, hookOf("hok", OF_ANN), pingAt(START_MS));
    await change(storage, "hok", { state: "paused" });
    assert.equal(await noteSound(storage, { isPing: true }), "unchanged");
    await change(storage, "hok", { state: "active" });
    assert.deepEqual(await told(storage), []);
  });
}
