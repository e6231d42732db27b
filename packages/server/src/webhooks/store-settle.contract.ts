import assert from "node:assert/strict";
import type { Storage } from "../storage/storage.ts";
import type { Claim } from "./claim.ts";
import type { AttemptRecord } from "./delivery.ts";
import type { Next } from "./retry.ts";
import {
  ANN,
  claimAll,
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
  type Promised,
  pingAt,
  REFUSED,
  retryAt,
  START_MS,
  settleAs,
  TIMINGS,
} from "./store-fixtures.contract.ts";

const ENDS: readonly (readonly [Next, Partial<AttemptRecord>])[] = [
  [DELIVERED, { outcome: "accepted", status: 204 }],
  [{ kind: "rejected" }, { outcome: "rejected", status: 422 }],
  [
    { kind: "failed", because: "attempts-exhausted" },
    { outcome: "deadline", status: null, guideline: "ack-deadline" },
  ],
  [{ kind: "failed", because: "no-retries" }, REFUSED],
];

export function settle(promised: Promised): void {
  for (const [next, over] of ENDS) {
    const name = "because" in next ? `${next.kind} (${next.because})` : next.kind;
    promised(`${name} is an end, with its attempt on record`, async (storage) => {
      await makeHook(storage, hookOf("hok", OF_ANN));
      const claim = await ingestClaimed(storage, eventOf("evt_1"));
      assert.equal(await settleAs(storage, claim, next, over), true);
      const delivery = await findDelivery(storage, claim.deliveryId);
      assert.equal(delivery.state, next.kind);
      assert.equal(delivery.because, null);
      assert.equal(delivery.dueAtMs, null);
      assert.deepEqual(delivery.attempts, [
        {
          number: 1,
          atMs: START_MS + 1,
          guideline: null,
          timings: TIMINGS,
          exchange: null,
          ...over,
        },
      ]);
      assert.deepEqual(await claimAll(storage, claim.leaseUntilMs), []);
      assert.equal((await storage.webhooks.findHook(hookId("hok")))?.state, "active");
    });
  }

  promised("a retry waits for its time, and is the next attempt", async (storage) => {
    await makeHook(storage, hookOf("hok", OF_ANN));
    const claim = await ingestClaimed(storage, eventOf("evt_1"));
    assert.equal(await settleAs(storage, claim, retryAt(START_MS + 60_000), REFUSED), true);
    const waiting = await findDelivery(storage, claim.deliveryId);
    assert.deepEqual(
      [waiting.state, waiting.because, waiting.dueAtMs],
      ["waiting", "retry", START_MS + 60_000],
    );
    assert.deepEqual(await claimAll(storage, START_MS + 59_999), []);
    const [second] = await claimAll(storage, START_MS + 60_000);
    assert.equal(second?.attempt, 2);
    assert.equal(second.sequence, claim.sequence);
    assert.equal((await findDelivery(storage, claim.deliveryId)).dueAtMs, null);
    assert.equal(await settleAs(storage, second, DELIVERED), true);
    const { attempts } = await findDelivery(storage, claim.deliveryId);
    assert.deepEqual(
      attempts.map(({ number, outcome, status }) => [number, outcome, status]),
      [
        [1, "refused", 500],
        [2, "accepted", 200],
      ],
    );
  });

  promised("what was sent and answered is kept as it was", async (storage) => {
    await makeHook(storage, hookOf("hok", OF_ANN));
    const claim = await ingestClaimed(storage, eventOf("evt_1"));
    const exchange = {
      requestHeaders: [
        ["webhook-id", claim.deliveryId],
        ["x", ""],
      ],
      answerHeaders: [["set-cookie", "Ω"]],
      answerBody: `"\\\u{1f600}${"y".repeat(60_000)}`,
    } as const;
    await settleAs(storage, claim, DELIVERED, { exchange });
    assert.deepEqual((await findDelivery(storage, claim.deliveryId)).attempts[0]?.exchange, exchange);
    assert.equal((await listAll(storage))[0]?.attempts[0]?.exchange, null);
  });

  fences(promised);
  gone(promised);
  pings(promised);
}

/** Nobody's attempt is on record, and `state` is what it was. */
async function isUntouched(storage: Storage, claim: Claim, state: string): Promise<void> {
  const delivery = await findDelivery(storage, claim.deliveryId);
  assert.equal(delivery.state, state);
  assert.deepEqual(delivery.attempts, []);
}

function fences(promised: Promised): void {
  promised("a lease that ended and was taken by nobody still settles", async (storage) => {
    await makeHook(storage, hookOf("hok", OF_ANN));
    const claim = await ingestClaimed(storage, eventOf("evt_1"));
    assert.equal(await settleAs(storage, claim, DELIVERED, { nowMs: claim.leaseUntilMs + 1 }), true);
  });

  promised("a lease that another took settles nothing", async (storage) => {
    await makeHook(storage, hookOf("hok", OF_ANN));
    const late = await ingestClaimed(storage, eventOf("evt_1"));
    const [current] = await claimAll(storage, late.leaseUntilMs);
    assert.ok(current);
    assert.equal(await settleAs(storage, late, GONE), false);
    await isUntouched(storage, late, "waiting");
    assert.equal((await storage.webhooks.findHook(hookId("hok")))?.state, "active");
    assert.equal(await settleAs(storage, current, DELIVERED), true);
    assert.equal(await settleAs(storage, current, DELIVERED), false);
    assert.equal((await findDelivery(storage, late.deliveryId)).attempts.length, 1);
  });

  const endings: readonly (readonly [string, (storage: Storage) => Promise<unknown>])[] = [
    ["its grant was revoked", async (s) => s.accounts.revokeGrant(await grant(s, ANN, GREETER), START_MS)],
    ["its user was deleted", (s) => s.accounts.deleteUser(ANN, START_MS)],
    ["its app was deleted", (s) => s.accounts.deleteApp(GREETER, START_MS)],
    ["its hook was deleted", (s) => s.webhooks.deleteHook(hookId("hok"), START_MS)],
  ];
  for (const [title, end] of endings) {
    promised(`a delivery under way is revoked when ${title}, and then settles nothing`, async (storage) => {
      await makeHook(storage, hookOf("hok", OF_GREETER));
      await grant(storage, ANN, GREETER);
      const claim = await ingestClaimed(storage, eventOf("evt_1"));
      await end(storage);
      for (const next of [retryAt(START_MS), DELIVERED, GONE]) {
        assert.equal(await settleAs(storage, claim, next), false);
      }
      await isUntouched(storage, claim, "revoked");
      await storage.webhooks.release([claim], START_MS);
      assert.deepEqual(await claimAll(storage, claim.leaseUntilMs), []);
    });
  }

  promised("of two who settle the same claim at once, one does", async (storage) => {
    await makeHook(storage, hookOf("hok", OF_ANN));
    const claim = await ingestClaimed(storage, eventOf("evt_1"));
    const settled = await Promise.all([1, 2, 3].map(() => settleAs(storage, claim, DELIVERED)));
    assert.deepEqual(settled.sort(), [false, false, true]);
  });
}

function gone(promised: Promised): void {
  promised("410 disables the hook and fails all that waits for it, and only that", async (storage) => {
    await makeHook(storage, hookOf("hok", OF_ANN));
    await makeHook(storage, hookOf("other", OF_ANN));
    const claimOf = async (id: string): Promise<Claim> => {
      const ingested = await ingestOne(storage, eventOf(id), { countMax: 1 });
      assert.ok(ingested.kind === "accepted" && ingested.claims[0]?.hook.id === "hok");
      return ingested.claims[0];
    };
    const retrying = await claimOf("evt_1");
    await settleAs(storage, retrying, retryAt(START_MS + 9_000), REFUSED);
    const underWay = await claimOf("evt_2");
    await ingestOne(storage, eventOf("evt_3"));
    const last = await claimOf("evt_4");
    assert.equal(await settleAs(storage, last, GONE, { outcome: "refused", status: 410 }), true);

    assert.equal((await storage.webhooks.findHook(hookId("hok")))?.state, "disabled");
    const states = (await listAll(storage)).map(({ hookId: id, state }) => `${id} ${state}`).sort();
    assert.deepEqual(states, [...Array(4).fill("hok failed"), ...Array(4).fill("other waiting")]);
    assert.equal(await settleAs(storage, underWay, DELIVERED), false);
    const due = await claimAll(storage, START_MS + 99_000);
    assert.ok(due.every(({ hook }) => hook.id === "other"));
    const later = await ingestOne(storage, eventOf("evt_5"));
    assert.ok(later.kind === "accepted" && later.receipt.deliveries === 1);
  });
}

function pings(promised: Promised): void {
  promised("a ping that was delivered makes its pending hook active", async (storage) => {
    const ping = pingAt(START_MS);
    await makeHook(storage, hookOf("hok", OF_ANN, { state: "pending" }), ping);
    await ingestOne(storage, eventOf("evt_1"));
    const [claim, ...more] = await claimAll(storage, START_MS);
    assert.ok(claim);
    assert.deepEqual(more, []);
    assert.equal(claim.deliveryId, ping.deliveryId);
    assert.deepEqual(
      [claim.user, claim.sequence, claim.event.type, claim.event.data],
      [null, null, "ping", "{}"],
    );
    assert.equal(await settleAs(storage, claim, DELIVERED, { nowMs: START_MS + 5 }), true);
    assert.equal((await storage.webhooks.findHook(hookId("hok")))?.state, "active");
  });

  promised("a ping that was not delivered leaves its hook pending, and is tried again", async (storage) => {
    await makeHook(storage, hookOf("hok", OF_ANN, { state: "pending" }), pingAt(START_MS));
    await ingestOne(storage, eventOf("evt_1"));
    const [claim] = await claimAll(storage, START_MS);
    assert.ok(claim);
    await settleAs(storage, claim, retryAt(START_MS + 5_000), REFUSED);
    assert.equal((await storage.webhooks.findHook(hookId("hok")))?.state, "pending");
    const [second, ...more] = await claimAll(storage, START_MS + 5_000);
    assert.deepEqual(more, []);
    assert.equal(second?.attempt, 2);
    await settleAs(storage, second, { kind: "failed", because: "attempts-exhausted" }, REFUSED);
    assert.equal((await storage.webhooks.findHook(hookId("hok")))?.state, "pending");
    assert.deepEqual(await claimAll(storage, START_MS + 99_000), []);
  });

  promised("a ping that was delivered does not wake a paused hook", async (storage) => {
    await makeHook(storage, hookOf("hok", OF_ANN, { state: "paused" }), pingAt(START_MS));
    await ingestOne(storage, eventOf("evt_1"));
    const [claim] = await claimAll(storage, START_MS);
    assert.ok(claim);
    await settleAs(storage, claim, DELIVERED);
    assert.equal((await storage.webhooks.findHook(hookId("hok")))?.state, "paused");
    assert.deepEqual(await claimAll(storage, START_MS + 9_000), []);
  });
}
