import assert from "node:assert/strict";
import type { Storage } from "../storage/storage.ts";
import {
  claimAll,
  claiming,
  DELIVERED,
  eventOf,
  findDelivery,
  hookOf,
  ingestClaimed,
  ingestOne,
  listAll,
  makeHook,
  OF_ANN,
  type Promised,
  REFUSED,
  retryAt,
  START_MS,
  settleAs,
} from "./store-fixtures.contract.ts";

const EXPIRES_MS = START_MS + 1_000;
const expiring = (id: string) => eventOf(id, { expiresAtMs: EXPIRES_MS });

/** `<event> <state>` of everything, sorted. */
async function states(storage: Storage): Promise<readonly string[]> {
  return (await listAll(storage)).map(({ eventId, state }) => `${eventId} ${state}`).sort();
}

export function expiry(promised: Promised): void {
  promised("what waits is ended at its time, as many as asked for", async (storage) => {
    await makeHook(storage, hookOf("hok", OF_ANN));
    await makeHook(storage, hookOf("paused", OF_ANN, { state: "paused" }));
    await storage.webhooks.ingest(["evt_1", "evt_2"].map(expiring), claiming());
    await ingestOne(storage, eventOf("evt_3"));
    const { webhooks } = storage;
    assert.equal(await webhooks.expire(EXPIRES_MS - 1, 10), 0);
    assert.equal(await webhooks.expire(EXPIRES_MS, 3), 3);
    assert.equal(await webhooks.expire(EXPIRES_MS, 3), 1);
    assert.equal(await webhooks.expire(EXPIRES_MS, 3), 0);
    assert.deepEqual(await states(storage), [
      ...["evt_1 expired", "evt_1 expired", "evt_2 expired", "evt_2 expired"],
      ...["evt_3 waiting", "evt_3 waiting"],
    ]);
    const [expired] = await listAll(storage, { state: "expired" });
    assert.deepEqual(
      [expired?.because, expired?.dueAtMs, expired?.expiresAtMs, expired?.attempts],
      [null, null, EXPIRES_MS, []],
    );
  });

  promised("claiming ends what has expired and takes what has not", async (storage) => {
    await makeHook(storage, hookOf("hok", OF_ANN));
    await storage.webhooks.ingest([expiring("evt_1"), eventOf("evt_2")], claiming());
    const claims = await storage.webhooks.claimDue(claiming({ nowMs: EXPIRES_MS, countMax: 1 }));
    assert.deepEqual(
      claims.map(({ event, expiresAtMs }) => [event.id, expiresAtMs]),
      [["evt_2", null]],
    );
    assert.deepEqual(await states(storage), ["evt_1 expired", "evt_2 waiting"]);
  });

  promised("a claim says when it expires", async (storage) => {
    await makeHook(storage, hookOf("hok", OF_ANN));
    const claim = await ingestClaimed(storage, expiring("evt_1"));
    assert.equal(claim.expiresAtMs, EXPIRES_MS);
    await storage.webhooks.release([claim], START_MS);
    assert.equal((await claimAll(storage, EXPIRES_MS - 1))[0]?.expiresAtMs, EXPIRES_MS);
  });

  promised("what has expired before it is stored is not leased", async (storage) => {
    await makeHook(storage, hookOf("hok", OF_ANN));
    const ingested = await ingestOne(storage, expiring("evt_1"), { nowMs: EXPIRES_MS, countMax: 1 });
    assert.ok(ingested.kind === "accepted");
    assert.deepEqual(ingested.claims, []);
    assert.deepEqual(await claimAll(storage, EXPIRES_MS), []);
    assert.deepEqual(await states(storage), ["evt_1 expired"]);
  });

  expiryUnderWay(promised);
}

function expiryUnderWay(promised: Promised): void {
  promised("what a worker has is left alone, and may be delivered late", async (storage) => {
    await makeHook(storage, hookOf("hok", OF_ANN));
    const claim = await ingestClaimed(storage, expiring("evt_1"));
    assert.equal(await storage.webhooks.expire(EXPIRES_MS, 10), 0);
    assert.equal(await settleAs(storage, claim, DELIVERED, { nowMs: EXPIRES_MS + 5 }), true);
    assert.deepEqual(await states(storage), ["evt_1 delivered"]);
  });

  promised("a lease that runs out after the time is not leased again", async (storage) => {
    await makeHook(storage, hookOf("hok", OF_ANN));
    const claim = await ingestClaimed(storage, expiring("evt_1"));
    assert.deepEqual(await claimAll(storage, claim.leaseUntilMs), []);
    assert.deepEqual(await states(storage), ["evt_1 expired"]);
    assert.equal(await settleAs(storage, claim, DELIVERED), false);
  });

  for (const [title, atMs, state] of [
    ["a retry that would come too late has expired", EXPIRES_MS, "expired"],
    ["a retry that comes just in time waits", EXPIRES_MS - 1, "waiting"],
  ] as const) {
    promised(`${title}, with its attempt on record`, async (storage) => {
      await makeHook(storage, hookOf("hok", OF_ANN));
      const claim = await ingestClaimed(storage, expiring("evt_1"));
      assert.equal(await settleAs(storage, claim, retryAt(atMs), REFUSED), true);
      const delivery = await findDelivery(storage, claim.deliveryId);
      assert.equal(delivery.state, state);
      assert.equal(delivery.dueAtMs, state === "waiting" ? atMs : null);
      assert.deepEqual(
        delivery.attempts.map(({ outcome, status }) => [outcome, status]),
        [["refused", 500]],
      );
      assert.equal((await claimAll(storage, EXPIRES_MS - 1)).length, state === "waiting" ? 1 : 0);
    });
  }

  promised("what has expired is forgotten like anything that ended", async (storage) => {
    await makeHook(storage, hookOf("hok", OF_ANN));
    await ingestOne(storage, expiring("evt_1"));
    await storage.webhooks.expire(EXPIRES_MS + 3, 10);
    const { webhooks } = storage;
    assert.equal(await webhooks.sweep({ beforeMs: EXPIRES_MS + 3, countMax: 10 }), 0);
    assert.ok((await webhooks.sweep({ beforeMs: EXPIRES_MS + 4, countMax: 10 })) > 0);
    assert.deepEqual(await states(storage), []);
  });
}
