import assert from "node:assert/strict";
import type { Storage } from "../storage/storage.ts";
import type { Claim, ClaimRequest } from "./claim.ts";
import type { NewEvent } from "./new-event.ts";
import {
  claimAll,
  claiming,
  eventOf,
  hookId,
  hookOf,
  ingestOne,
  makeHook,
  OF_ANN,
  type Promised,
  pingAt,
  REFUSED,
  retryAt,
  START_MS,
  settleAs,
} from "./store-fixtures.contract.ts";

/** `<event>`, in the order of the names: within a turn the order is the engine's. */
const sorted = (claims: readonly Claim[]): readonly string[] => claims.map(({ event }) => event.id).sort();

function eventsFor(hook: string, count: number, from = 0): readonly NewEvent[] {
  return Array.from({ length: count }, (_, n) =>
    eventOf(`${hook}_${String(from + n).padStart(3, "0")}`, { type: `${hook}.x` }),
  );
}

async function makeHookFor(storage: Storage, hook: string): Promise<void> {
  await makeHook(storage, hookOf(hook, OF_ANN, { events: [`${hook}.*`] }));
}

/** Stores so many events for the hook `hook`, which is made. They are due at `nowMs`. */
async function makeWaiting(storage: Storage, hook: string, count: number, nowMs = START_MS): Promise<void> {
  await makeHookFor(storage, hook);
  await storage.webhooks.ingest(eventsFor(hook, count), claiming({ nowMs }));
}

/** Makes so many retries for the hook, due at `nowMs`. */
async function makeRetries(storage: Storage, hook: string, count: number, nowMs = START_MS): Promise<void> {
  await makeHookFor(storage, hook);
  const answers = await storage.webhooks.ingest(eventsFor(hook, count), claiming({ countMax: count }));
  const claims = answers.flatMap((answer) => (answer.kind === "accepted" ? answer.claims : []));
  assert.equal(claims.length, count);
  for (const claim of claims) await settleAs(storage, claim, retryAt(nowMs), REFUSED);
}

function claimSome({ webhooks }: Storage, over: Partial<ClaimRequest>): Promise<readonly Claim[]> {
  return webhooks.claimDue(claiming({ nowMs: START_MS + 1_000, countMax: 100, ...over }));
}

export function turns(promised: Promised): void {
  firstAttempts(promised);
  shares(promised);

  promised("an event's claims are of one hook at most so many, the rest is due at once", async (storage) => {
    await makeHookFor(storage, "one");
    await makeHookFor(storage, "two");
    const events = [...eventsFor("one", 3), ...eventsFor("two", 1)];
    const answers = await storage.webhooks.ingest(events, claiming({ countMax: 10, hookMax: 2 }));
    const taken = answers.flatMap((answer) => (answer.kind === "accepted" ? answer.claims : []));
    assert.deepEqual(sorted(taken), ["one_000", "one_001", "two_000"]);
    assert.deepEqual(sorted(await claimSome(storage, {})), ["one_002"]);
  });

  promised("a hook for which nothing more waits costs nobody a turn", async (storage) => {
    for (const hook of ["a", "b", "c", "d"]) await makeWaiting(storage, hook, 2, START_MS);
    for (const hook of ["a", "b", "c"]) await storage.webhooks.deleteHook(hookId(hook), START_MS);
    assert.deepEqual(sorted(await claimSome(storage, { countMax: 1, hookMax: 1 })), ["d_000"]);
    const nextMs = await storage.webhooks.findNextDueMs([]);
    assert.ok(nextMs !== null && nextMs <= START_MS + 1_000);
    assert.deepEqual(sorted(await claimSome(storage, { countMax: 1 })), ["d_001"]);
  });
}

function firstAttempts(promised: Promised): void {
  promised("what was never tried comes first, however long retries have been due", async (storage) => {
    await makeRetries(storage, "old", 3, START_MS);
    await makeWaiting(storage, "new", 2, START_MS + 900);
    assert.deepEqual(sorted(await claimSome(storage, { countMax: 3, retriesMax: 0 })), [
      "new_000",
      "new_001",
    ]);
    assert.deepEqual(sorted(await claimSome(storage, { countMax: 2 })), ["old_000", "old_001"]);
  });

  promised("not more retries come than there are places for them", async (storage) => {
    await makeRetries(storage, "old", 5, START_MS);
    await makeWaiting(storage, "new", 2, START_MS + 900);
    const claims = await claimSome(storage, { countMax: 6, retriesMax: 3 });
    assert.deepEqual(sorted(claims), ["new_000", "new_001", "old_000", "old_001", "old_002"]);
    assert.deepEqual(
      claims.map(({ attempt }) => attempt),
      [1, 1, 2, 2, 2],
    );
    assert.deepEqual(await claimSome(storage, { retriesMax: 0 }), []);
    assert.deepEqual(sorted(await claimSome(storage, { retriesMax: 1 })), ["old_003"]);
  });

  promised("retries that are due longest come first", async (storage) => {
    await makeRetries(storage, "later", 1, START_MS + 500);
    await makeRetries(storage, "sooner", 1, START_MS + 400);
    await makeRetries(storage, "future", 1, START_MS + 1_001);
    assert.deepEqual(sorted(await claimSome(storage, { retriesMax: 1 })), ["sooner_000"]);
    assert.deepEqual(sorted(await claimSome(storage, {})), ["later_000"]);
    assert.equal(await storage.webhooks.findNextDueMs([hookId("later"), hookId("sooner")]), START_MS + 1_001);
  });

  promised("a lease that ran out before any attempt, and a ping, were never tried", async (storage) => {
    await makeRetries(storage, "old", 2, START_MS);
    await makeHookFor(storage, "lost");
    const [event] = eventsFor("lost", 1);
    assert.ok(event);
    const ingested = await ingestOne(storage, event, { countMax: 1 });
    assert.ok(ingested.kind === "accepted" && ingested.claims[0]);
    await storage.webhooks.ping(hookId("lost"), pingAt(START_MS));
    const nowMs = ingested.claims[0].leaseUntilMs;
    const claims = await claimSome(storage, { nowMs, countMax: 2 });
    assert.deepEqual(claims.map(({ event: { type } }) => type).sort(), ["lost.x", "ping"]);
    assert.equal((await claimAll(storage, nowMs)).length, 2);
  });

  promised("a hook's bound is one for first attempts and retries together", async (storage) => {
    await makeRetries(storage, "one", 2, START_MS);
    await storage.webhooks.ingest(eventsFor("one", 2, 2), claiming());
    await makeRetries(storage, "two", 2, START_MS);
    const claims = await claimSome(storage, { hookMax: 3 });
    assert.deepEqual(sorted(claims), ["one_000", "one_002", "one_003", "two_000", "two_001"]);
  });
}

function shares(promised: Promised): void {
  promised("of one hook no more come than asked for, its oldest", async (storage) => {
    await makeWaiting(storage, "one", 5);
    await makeWaiting(storage, "two", 1, START_MS + 5);
    const claims = await claimSome(storage, { hookMax: 2 });
    assert.deepEqual(sorted(claims), ["one_000", "one_001", "two_000"]);
    assert.deepEqual(sorted(await claimSome(storage, { hookMax: 2 })), ["one_002", "one_003"]);
  });

  promised(
    "whoever has waited longest has its turn first, and then all others before it",
    async (storage) => {
      await makeWaiting(storage, "third", 2, START_MS + 3);
      await makeWaiting(storage, "first", 3, START_MS + 1);
      await makeWaiting(storage, "second", 2, START_MS + 2);
      const order: string[] = [];
      for (let turn = 0; turn < 7; turn++) {
        const nowMs = START_MS + 1_000 + turn;
        order.push(...sorted(await claimSome(storage, { nowMs, countMax: 1, hookMax: 1 })));
      }
      assert.deepEqual(
        order.map((name) => name.split("_")[0]),
        ["first", "second", "third", "first", "second", "third", "first"],
      );
    },
  );

  promised("what is given back does not bring its hook forward", async (storage) => {
    await makeWaiting(storage, "dead", 9, START_MS);
    await makeWaiting(storage, "quiet", 1, START_MS + 900);
    const some = { countMax: 1, hookMax: 1 };
    const claims = await claimSome(storage, some);
    assert.deepEqual(sorted(claims), ["dead_000"]);
    await storage.webhooks.release(claims, START_MS + 1_001);
    assert.deepEqual(sorted(await claimSome(storage, { ...some, nowMs: START_MS + 1_002 })), ["quiet_000"]);
  });

  promised("of the hooks that are named something comes out of turn, and of nobody else", async (storage) => {
    for (const hook of ["one", "two", "three", "four"]) await makeWaiting(storage, hook, 3, START_MS);
    await makeRetries(storage, "five", 2, START_MS);
    const onlyHooks = ["two", "four", "five", "four", "none"].map(hookId);
    const named = { onlyHooks, exceptHooks: [hookId("two")] };
    const few = await claimSome(storage, { ...named, countMax: 3, hookMax: 2 });
    assert.deepEqual(sorted(few), ["five_000", "four_000", "four_001"]);
    assert.deepEqual(sorted(await claimSome(storage, named)), ["five_001", "four_002"]);
    assert.deepEqual(await claimSome(storage, named), []);
    assert.equal((await claimSome(storage, {})).length, 9);
  });

  promised("a hook for which thousands wait does not hold up one for which one does", async (storage) => {
    await makeWaiting(storage, "crowded", 3_000, START_MS);
    await makeWaiting(storage, "quiet", 1, START_MS + 900);
    const claims = await claimSome(storage, { countMax: 20, hookMax: 8 });
    assert.equal(claims.length, 9);
    assert.ok(sorted(claims).includes("quiet_000"));
    // And a hook that is left out keeps nobody from being found.
    await storage.webhooks.ingest(eventsFor("quiet", 1, 1), claiming({ nowMs: START_MS + 950 }));
    const exceptHooks = [hookId("crowded")];
    assert.equal(await storage.webhooks.findNextDueMs(exceptHooks), START_MS + 950);
    assert.deepEqual(sorted(await claimSome(storage, { exceptHooks })), ["quiet_001"]);
  });
}
