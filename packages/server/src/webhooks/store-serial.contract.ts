import assert from "node:assert/strict";
import type { Storage } from "../storage/storage.ts";
import type { Claim } from "./claim.ts";
import type { NewEvent } from "./new-event.ts";
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
  ingestOne,
  inOrder,
  listAll,
  makeHook,
  OF_ANN,
  OF_GREETER,
  type Promised,
  pingAt,
  REFUSED,
  retryAt,
  START_MS,
  settleAs,
} from "./store-fixtures.contract.ts";

const HOK = hookId("hok");

/** A serial hook, and so many events for it. */
async function makeLine(storage: Storage, count: number): Promise<void> {
  await makeHook(storage, hookOf("hok", OF_ANN, { serial: true }));
  await add(storage, 1, count);
}

async function add(storage: Storage, from: number, count: number, countMax = 0): Promise<readonly Claim[]> {
  const events = Array.from({ length: count }, (_, n) => eventOf(`evt_${from + n}`));
  const answers = await storage.webhooks.ingest(events, claiming({ countMax }));
  return answers.flatMap((answer) => (answer.kind === "accepted" ? answer.claims : []));
}

const numbersOf = (claims: readonly Claim[]): readonly (number | null)[] =>
  claims.map(({ sequence }) => sequence);

/** Claims what is due; it must be the one with that number. */
async function claimNumber(storage: Storage, number: number, nowMs = START_MS + 1): Promise<Claim> {
  const claims = await claimAll(storage, nowMs);
  assert.deepEqual(numbersOf(claims), [number]);
  return claims[0] as Claim;
}

/** `<number> <state> <because>` and when it is due, in the order of the numbers. */
async function line(storage: Storage): Promise<readonly string[]> {
  const made = inOrder(await listAll(storage, { hookId: HOK }));
  return made.map(({ sequence, state, because, dueAtMs }) => {
    const due = dueAtMs === null ? "" : ` +${dueAtMs - START_MS}`;
    return `${sequence} ${state} ${because}${due}`;
  });
}

export function serial(promised: Promised): void {
  promised("one is claimable at a time, in the order of the numbers", async (storage) => {
    await makeLine(storage, 3);
    assert.deepEqual(await line(storage), ["1 waiting due +0", "2 waiting limit", "3 waiting limit"]);
    for (const number of [1, 2, 3]) {
      const claim = await claimNumber(storage, number);
      assert.deepEqual(await claimAll(storage, claim.leaseUntilMs - 1), []);
      assert.equal(await settleAs(storage, claim, DELIVERED), true);
    }
    assert.equal(await storage.webhooks.findNextDueMs([]), null);
  });

  promised("a retry holds the line until it has ended", async (storage) => {
    await makeLine(storage, 2);
    const claim = await claimNumber(storage, 1);
    await settleAs(storage, claim, retryAt(START_MS + 60_000), REFUSED);
    assert.deepEqual(await line(storage), ["1 waiting retry +60000", "2 waiting limit"]);
    assert.equal(await storage.webhooks.findNextDueMs([]), START_MS + 60_000);
    assert.deepEqual(await claimAll(storage, START_MS + 59_999), []);
    const again = await claimNumber(storage, 1, START_MS + 60_000);
    const failed = { kind: "failed", because: "attempts-exhausted" } as const;
    await settleAs(storage, again, failed, { ...REFUSED, nowMs: START_MS + 60_001 });
    assert.equal((await claimNumber(storage, 2, START_MS + 60_001)).attempt, 1);
  });

  promised("a lease that ran out, or was given back, is the head of the line again", async (storage) => {
    await makeLine(storage, 2);
    const claim = await claimNumber(storage, 1);
    const again = await claimNumber(storage, 1, claim.leaseUntilMs);
    await storage.webhooks.release([again], claim.leaseUntilMs + 1);
    await claimNumber(storage, 1, claim.leaseUntilMs + 1);
  });

  promised("other hooks do not stand in its line, nor do pings", async (storage) => {
    await makeLine(storage, 2);
    await makeHook(storage, hookOf("other", OF_ANN));
    await add(storage, 3, 2);
    await storage.webhooks.ping(HOK, pingAt(START_MS));
    const claims = await claimAll(storage, START_MS);
    const names = claims.map(({ hook, event }) => `${hook.id} ${event.type}`).sort();
    assert.deepEqual(names, ["hok issue.opened", "hok ping", "other issue.opened", "other issue.opened"]);
  });

  atIngest(promised);
  ends(promised);
  turned(promised);
}

function atIngest(promised: Promised): void {
  promised("an event's first delivery is leased only if nothing is before it", async (storage) => {
    await makeHook(storage, hookOf("hok", OF_ANN, { serial: true }));
    const [first, ...more] = await add(storage, 1, 3, 10);
    assert.ok(first);
    assert.deepEqual(more, []);
    assert.equal(first.sequence, 1);
    assert.deepEqual(await add(storage, 4, 1, 10), []);
    assert.deepEqual(
      (await line(storage)).slice(1),
      [2, 3, 4].map((number) => `${number} waiting limit`),
    );
    await settleAs(storage, first, DELIVERED);
    for (const number of [2, 3, 4]) {
      await settleAs(storage, await claimNumber(storage, number), DELIVERED);
    }
    assert.deepEqual(numbersOf(await add(storage, 5, 1, 10)), [5]);
  });
}

const ENDS: readonly (readonly [string, Partial<NewEvent>, (storage: Storage) => Promise<unknown>])[] = [
  ["its user is deleted", {}, (storage) => storage.accounts.deleteUser(ANN, START_MS)],
  [
    "it expires",
    { expiresAtMs: START_MS + 30_000 },
    ({ webhooks }) => webhooks.expire(START_MS + 30_000, 10),
  ],
  [
    "a newer one takes its place",
    { userIds: [BOB], key: "k" },
    (storage) => ingestOne(storage, eventOf("evt_newer", { userIds: [BOB], key: "k" })),
  ],
  [
    "it passes the bounds",
    { atMs: START_MS - 1 },
    (storage) =>
      storage.webhooks.trim({
        ...{ nowMs: START_MS + 10, olderThanMs: START_MS, bytesMax: 1e6 },
        ...{ afterHook: null, hooksMax: 10 },
      }),
  ],
];

function ends(promised: Promised): void {
  for (const [title, over, end] of ENDS) {
    promised(`the next one's turn comes when the one before ends because ${title}`, async (storage) => {
      await makeHook(storage, hookOf("hok", OF_GREETER, { serial: true }));
      await grant(storage, ANN, GREETER);
      await grant(storage, BOB, GREETER);
      await ingestOne(storage, eventOf("evt_first", over));
      await ingestOne(storage, eventOf("evt_second", { userIds: [BOB] }));
      await settleAs(storage, await claimNumber(storage, 1), retryAt(START_MS + 25_000), REFUSED);
      assert.deepEqual(await line(storage), ["1 waiting retry +25000", "2 waiting limit"]);
      assert.deepEqual(await claimAll(storage, START_MS + 20_000), []);
      await end(storage);
      const claims = await claimAll(storage, START_MS + 30_000);
      assert.deepEqual(
        claims.map(({ event }) => event.id),
        ["evt_second"],
      );
    });
  }

  promised("the next one's turn comes when the one before is found expired at its turn", async (storage) => {
    await makeHook(storage, hookOf("hok", OF_ANN, { serial: true }));
    await ingestOne(storage, eventOf("evt_1", { expiresAtMs: START_MS + 5 }));
    await add(storage, 2, 1);
    await claimNumber(storage, 2, START_MS + 5);
    assert.deepEqual(await line(storage), ["1 expired null", "2 waiting due"]);
  });

  promised(
    "the next one's turn comes when a retry before it is found expired at its turn",
    async (storage) => {
      await makeHook(storage, hookOf("hok", OF_ANN, { serial: true }));
      await ingestOne(storage, eventOf("evt_1", { expiresAtMs: START_MS + 30_000 }));
      await add(storage, 2, 1);
      await settleAs(storage, await claimNumber(storage, 1), retryAt(START_MS + 25_000), REFUSED);
      assert.deepEqual(await claimAll(storage, START_MS + 20_000), []);
      await claimNumber(storage, 2, START_MS + 30_000);
    },
  );
}

function turned(promised: Promised): void {
  promised("a hook that becomes serial has one under way at a time from there on", async (storage) => {
    await makeHook(storage, hookOf("hok", OF_ANN));
    const under = await add(storage, 1, 3, 3);
    assert.equal(under.length, 3);
    await add(storage, 4, 2);
    await change(storage, "hok", { serial: true });
    assert.deepEqual((await line(storage)).slice(3), ["4 waiting limit", "5 waiting limit"]);
    assert.deepEqual(await claimAll(storage, START_MS), []);
    const [first, second, third] = under;
    assert.ok(first && second && third);
    await settleAs(storage, first, retryAt(START_MS + 50), REFUSED);
    await settleAs(storage, second, DELIVERED);
    // Its turn has come, but another is still under way.
    assert.deepEqual(await claimAll(storage, START_MS + 50), []);
    await settleAs(storage, third, DELIVERED);
    await settleAs(storage, await claimNumber(storage, 1, START_MS + 50), DELIVERED);
    await settleAs(storage, await claimNumber(storage, 4, START_MS + 50), DELIVERED);
    await claimNumber(storage, 5, START_MS + 50);
  });

  promised("a hook that is serial no longer has all of them due", async (storage) => {
    await makeLine(storage, 3);
    await settleAs(storage, await claimNumber(storage, 1), retryAt(START_MS + 60_000), REFUSED);
    await change(storage, "hok", { serial: false }, START_MS + 5);
    assert.ok((await line(storage)).slice(1).every((of) => /^[23] waiting due \+\d$/.test(of)));
    const both = await claimAll(storage, START_MS + 5);
    assert.deepEqual([...numbersOf(both)].sort(), [2, 3]);
    for (const claim of both) await settleAs(storage, claim, DELIVERED);
    await claimNumber(storage, 1, START_MS + 60_000);
  });

  promised("one that is paused keeps, and is released in order, nothing overtaking", async (storage) => {
    await makeLine(storage, 3);
    await change(storage, "hok", { state: "paused" });
    const keptLines = [1, 2, 3].map((number) => `${number} waiting hook-paused`);
    assert.deepEqual(await line(storage), keptLines);
    assert.deepEqual(await claimAll(storage, START_MS), []);
    await change(storage, "hok", { state: "active", releasePerS: 2 });
    assert.deepEqual(await add(storage, 4, 1, 5), []);
    assert.deepEqual(await claimAll(storage, START_MS), []);
    assert.equal(await storage.webhooks.releaseHeld(START_MS, 100), START_MS + 500);
    const behind = [2, 3, 4].map((number) => `${number} waiting limit`);
    assert.deepEqual(await line(storage), ["1 waiting due +0", ...behind]);
    await settleAs(storage, await claimNumber(storage, 1), DELIVERED);
    assert.deepEqual(await claimAll(storage, START_MS), []);
    assert.equal(await storage.webhooks.releaseHeld(START_MS + 1_000, 100), null);
    for (const number of [2, 3, 4]) {
      const claim = await claimNumber(storage, number, START_MS + 1_000);
      await settleAs(storage, claim, DELIVERED, { nowMs: START_MS + 1_000 });
    }
  });
}
