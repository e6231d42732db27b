import assert from "node:assert/strict";
import type { DeliveryId } from "@trulinks/protocol";
import type { Storage } from "../storage/storage.ts";
import type { Claim } from "./claim.ts";
import { ended, FAILED, HOUR_MS, LATER_MS, redeliver, registerType } from "./redelivery-fixtures.contract.ts";
import type { Next } from "./retry.ts";
import {
  ANN,
  BOB,
  change,
  claimAll,
  claiming,
  DELIVERED,
  eventOf,
  findDelivery,
  GONE,
  GREETER,
  grant,
  hookId,
  hookOf,
  ingestClaimed,
  ingestOne,
  listAll,
  makeHook,
  OF_ANN,
  OF_GREETER,
  OTHER_APP,
  type Promised,
  pingAt,
  REFUSED,
  retryAt,
  START_MS,
  settleAs,
} from "./store-fixtures.contract.ts";

export function redeliveries(promised: Promised): void {
  goesOut(promised);
  waits(promised);
  refuses(promised);
}

function goesOut(promised: Promised): void {
  for (const next of [DELIVERED, { kind: "rejected" }, FAILED] satisfies readonly Next[]) {
    promised(`what is ${next.kind} is due at once, the same in all but its attempt`, async (storage) => {
      const claim = await ended(storage, next);
      assert.deepEqual(await redeliver(storage, claim.deliveryId), { kind: "waiting" });
      const waiting = await findDelivery(storage, claim.deliveryId);
      assert.deepEqual([waiting.state, waiting.because, waiting.dueAtMs], ["waiting", "due", LATER_MS]);
      assert.deepEqual(await claimAll(storage, LATER_MS - 1), []);
      const [again, ...others] = await claimAll(storage, LATER_MS);
      assert.deepEqual(others, []);
      assert.ok(again && again.lease > claim.lease);
      const { lease: _, leaseUntilMs: __, ...rest } = again;
      const { lease: ___, leaseUntilMs: ____, ...before } = claim;
      assert.deepEqual(rest, { ...before, attempt: 2, triedBefore: 1, isReleased: true });
    });
  }

  promised("the schedule begins anew each time, and what was tried stays on record", async (storage) => {
    const { deliveryId } = await ended(storage, FAILED);
    const tried: (readonly [attempt: number, triedBefore: number])[] = [];
    for (const [round, next] of [FAILED, retryAt(LATER_MS + 5_000), FAILED].entries()) {
      const nowMs = LATER_MS + round * 60_000;
      if (round !== 2) await redeliver(storage, deliveryId, nowMs);
      const [claim] = await claimAll(storage, nowMs);
      assert.ok(claim);
      tried.push([claim.attempt, claim.triedBefore]);
      await settleAs(storage, claim, next, { ...REFUSED, nowMs });
    }
    assert.deepEqual(tried, [
      [2, 1],
      [3, 2],
      [4, 2],
    ]);
    const { state, attempts } = await findDelivery(storage, deliveryId);
    assert.deepEqual([state, attempts.map(({ number }) => number)], ["failed", [1, 2, 3, 4]]);
  });

  promised("what was never tried: expired, and replaced by a newer one", async (storage) => {
    await makeHook(storage, hookOf("hok", OF_ANN));
    await ingestOne(storage, eventOf("evt_1", { expiresAtMs: START_MS + 1_000 }));
    await ingestOne(storage, eventOf("evt_2", { key: "k" }));
    await ingestOne(storage, eventOf("evt_3", { key: "k", expiresAtMs: LATER_MS + 1_000 }));
    assert.equal(await storage.webhooks.expire(START_MS + 2_000, 10), 1);
    await claimAll(storage, START_MS);
    const states = new Map((await listAll(storage)).map((one) => [one.sequence, one]));
    assert.deepEqual(
      [1, 2, 3].map((number) => states.get(number)?.state),
      ["expired", "replaced", "waiting"],
    );
    for (const number of [1, 2]) {
      const id = states.get(number)?.id as DeliveryId;
      assert.deepEqual(await redeliver(storage, id), { kind: "waiting" });
    }
    const claims = await claimAll(storage, LATER_MS);
    const again = claims.filter(({ sequence }) => sequence !== 3);
    assert.deepEqual(
      again.map((claim) => [claim.sequence, claim.attempt, claim.isReleased, claim.expiresAtMs]).sort(),
      [
        [1, 1, true, null],
        [2, 1, true, null],
      ],
      "at the pace of what recovers; a time to live that has run out is lifted",
    );
  });

  promised("what waits already is due at once, and its time to live stays", async (storage) => {
    await makeHook(storage, hookOf("hok", OF_ANN));
    const claim = await ingestClaimed(storage, eventOf("evt_1", { expiresAtMs: LATER_MS + HOUR_MS * 9 }));
    await settleAs(storage, claim, retryAt(LATER_MS + HOUR_MS), REFUSED);
    assert.deepEqual(await redeliver(storage, claim.deliveryId), { kind: "waiting" });
    const [again] = await claimAll(storage, LATER_MS);
    assert.deepEqual([again?.attempt, again?.triedBefore], [2, 1]);
    assert.equal(again?.expiresAtMs, LATER_MS + HOUR_MS * 9);
  });

  promised("it counts as waiting from then on: bounds and sweeping leave it alone", async (storage) => {
    const { deliveryId } = await ended(storage, FAILED);
    await redeliver(storage, deliveryId);
    const bounds = { olderThanMs: LATER_MS - 1, bytesMax: 10_000, afterHook: null, hooksMax: 10 };
    const trimmed = await storage.webhooks.trim({ nowMs: LATER_MS, ...bounds });
    assert.deepEqual(trimmed, { expired: 0, afterHook: null });
    assert.equal(await storage.webhooks.sweep({ beforeMs: LATER_MS + HOUR_MS, countMax: 10 }), 0);
    const late = { ...bounds, nowMs: LATER_MS + HOUR_MS, olderThanMs: LATER_MS + 1 };
    assert.equal((await storage.webhooks.trim(late)).expired, 1, "it waited too long this time, too");
  });
}

function waits(promised: Promised): void {
  promised("for a paused hook it is kept, and released with the others in order", async (storage) => {
    const { deliveryId } = await ended(storage, FAILED);
    await change(storage, "hok", { state: "paused" });
    await ingestOne(storage, eventOf("evt_2"));
    assert.deepEqual(await redeliver(storage, deliveryId), { kind: "waiting" });
    const kept = await findDelivery(storage, deliveryId);
    assert.deepEqual([kept.state, kept.because, kept.dueAtMs], ["waiting", "hook-paused", null]);
    assert.deepEqual(await claimAll(storage, LATER_MS), []);
    await change(storage, "hok", { state: "active", releasePerS: 1 }, LATER_MS);
    await storage.webhooks.releaseHeld(LATER_MS, 10);
    assert.deepEqual(sequences(await claimAll(storage, LATER_MS)), [1]);
    await storage.webhooks.releaseHeld(LATER_MS + 1_000, 10);
    assert.deepEqual(sequences(await claimAll(storage, LATER_MS + 1_000)), [2]);
  });

  promised("at a serial hook it stands in line, and the line goes on behind it", async (storage) => {
    const { deliveryId } = await ended(storage, FAILED, { serial: true });
    const second = await ingestClaimed(storage, eventOf("evt_2"), LATER_MS);
    assert.deepEqual(await redeliver(storage, deliveryId), { kind: "waiting" });
    await ingestOne(storage, eventOf("evt_3"), { nowMs: LATER_MS });
    assert.deepEqual(await claimAll(storage, LATER_MS), [], "another is under way");
    for (const [claim, next] of [
      [second, 1],
      [null, 3],
    ] as const) {
      const under = claim ?? (await claimAll(storage, LATER_MS))[0];
      if (under === undefined) break;
      await settleAs(storage, under, DELIVERED, { nowMs: LATER_MS });
      const found = await findDelivery(storage, deliveryId);
      assert.ok(next === 3 || found.state === "waiting");
    }
    assert.deepEqual(sequences(await claimAll(storage, LATER_MS)), [3]);
  });

  promised("at a serial hook where nobody waits it is due at once", async (storage) => {
    const { deliveryId } = await ended(storage, FAILED, { serial: true });
    await redeliver(storage, deliveryId);
    assert.deepEqual(sequences(await claimAll(storage, LATER_MS)), [1]);
  });

  promised("what was never tried comes before it, whatever its time", async (storage) => {
    const { deliveryId } = await ended(storage, FAILED);
    await redeliver(storage, deliveryId);
    await ingestOne(storage, eventOf("evt_2"), { nowMs: LATER_MS + 1 });
    const [first] = await storage.webhooks.claimDue(claiming({ nowMs: LATER_MS + 1, countMax: 1 }));
    assert.equal(first?.sequence, 2);
  });

  promised("its grant takes it along when it ends", async (storage) => {
    await makeHook(storage, hookOf("hok", OF_GREETER));
    const id = await grant(storage, ANN, GREETER);
    const claim = await ingestClaimed(storage, eventOf("evt_1"));
    await settleAs(storage, claim, FAILED, REFUSED);
    await redeliver(storage, claim.deliveryId);
    await storage.accounts.revokeGrant(id, LATER_MS);
    assert.equal((await findDelivery(storage, claim.deliveryId)).state, "revoked");
    assert.deepEqual(await claimAll(storage, LATER_MS), []);
  });
}

function refuses(promised: Promised): void {
  const refused = async (storage: Storage, id: DeliveryId, because: string): Promise<void> => {
    const before = await findDelivery(storage, id);
    assert.deepEqual(await redeliver(storage, id), { kind: "refused", because });
    assert.deepEqual(await findDelivery(storage, id), before, "nothing changed");
  };

  promised("what was revoked with its grant never goes out again", async (storage) => {
    await makeHook(storage, hookOf("hok", OF_GREETER));
    const id = await grant(storage, ANN, GREETER);
    const claim = await ingestClaimed(storage, eventOf("evt_1"));
    await storage.accounts.revokeGrant(id, START_MS);
    await refused(storage, claim.deliveryId, "revoked");
  });

  promised(
    "nor does what was delivered under a grant that has ended, even if there is a new one",
    async (storage) => {
      await makeHook(storage, hookOf("hok", OF_GREETER));
      const id = await grant(storage, ANN, GREETER);
      const claim = await ingestClaimed(storage, eventOf("evt_1"));
      await settleAs(storage, claim, DELIVERED);
      await storage.accounts.revokeGrant(id, START_MS);
      await grant(storage, ANN, GREETER);
      await refused(storage, claim.deliveryId, "grant-ended");
    },
  );

  promised("nor what the grant's scopes no longer allow", async (storage) => {
    await registerType(storage, { scopes: ["issues"] });
    await makeHook(storage, hookOf("hok", OF_GREETER));
    const id = await grant(storage, ANN, GREETER, ["issues"]);
    const claim = await ingestClaimed(storage, eventOf("evt_1"));
    await settleAs(storage, claim, DELIVERED);
    await storage.accounts.changeGrant(id, ["users"]);
    await refused(storage, claim.deliveryId, "scopes-lacking");
  });

  promised("what is under way is left alone", async (storage) => {
    await makeHook(storage, hookOf("hok", OF_ANN));
    const claim = await ingestClaimed(storage, eventOf("evt_1"), LATER_MS);
    await refused(storage, claim.deliveryId, "under-way");
    assert.ok(await settleAs(storage, claim, DELIVERED));
  });

  promised("nothing goes to a hook that is gone or disabled", async (storage) => {
    const { deliveryId } = await ended(storage, GONE);
    await refused(storage, deliveryId, "hook-disabled");
    await storage.webhooks.deleteHook(hookId("hok"), START_MS);
    await refused(storage, deliveryId, "hook-gone");
  });

  promised("nothing leaves whose payload is no longer kept", async (storage) => {
    const { deliveryId } = await ended(storage, FAILED);
    assert.equal(await storage.record.endPayloads({ beforeMs: LATER_MS, countMax: 10 }), 1);
    await refused(storage, deliveryId, "payload-gone");
  });

  promised("a ping goes out again, but not to a hook that is pending", async (storage) => {
    const ping = pingAt(START_MS);
    await makeHook(storage, hookOf("hok", OF_ANN, { state: "pending" }), ping);
    const [claim] = await claimAll(storage, START_MS);
    assert.ok(claim);
    await settleAs(storage, claim, FAILED, REFUSED);
    await refused(storage, ping.deliveryId, "hook-pending");
    await change(storage, "hok", { state: "active" });
    assert.deepEqual(await redeliver(storage, ping.deliveryId), { kind: "waiting" });
    const [again] = await claimAll(storage, LATER_MS);
    assert.deepEqual([again?.deliveryId, again?.sequence, again?.attempt], [ping.deliveryId, null, 2]);
  });

  promised("what is not within reach is not known", async (storage) => {
    await makeHook(storage, hookOf("hok", OF_GREETER));
    const grantId = await grant(storage, ANN, GREETER);
    const { deliveryId, ...claim } = await ingestClaimed(storage, eventOf("evt_1"));
    await settleAs(storage, { deliveryId, ...claim }, DELIVERED);
    const others = [
      { kind: "user", userId: ANN },
      { kind: "user", userId: BOB },
      { kind: "app", appId: OTHER_APP },
    ] as const;
    for (const reach of others) {
      assert.deepEqual(await storage.replays.redeliver(deliveryId, reach, LATER_MS), { kind: "unknown" });
    }
    assert.deepEqual(await redeliver(storage, "dlv_none" as DeliveryId), { kind: "unknown" });
    assert.equal((await findDelivery(storage, deliveryId)).state, "delivered");
    for (const reach of [{ kind: "app", appId: GREETER } as const, { kind: "grant", grantId } as const]) {
      assert.deepEqual(await storage.replays.redeliver(deliveryId, reach, LATER_MS), { kind: "waiting" });
    }
  });
}

function sequences(claims: readonly Claim[]): readonly (number | null)[] {
  return claims.map(({ sequence }) => sequence);
}
