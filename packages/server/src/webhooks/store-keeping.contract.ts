import assert from "node:assert/strict";
import type { Storage } from "../storage/storage.ts";
import type { HookState } from "./hook.ts";
import {
  change,
  claimAll,
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
  pingAt,
  REFUSED,
  retryAt,
  START_MS,
  settleAs,
} from "./store-fixtures.contract.ts";

async function turn(storage: Storage, state: Exclude<HookState, "pending">, nowMs = START_MS): Promise<void> {
  assert.equal((await change(storage, "hok", { state }, nowMs)).state, state);
}

/** `<state> <because>` and when it is due, of everything. */
async function kept(storage: Storage): Promise<readonly (readonly [string, number | null])[]> {
  return (await listAll(storage)).map(({ state, because, dueAtMs }) => [`${state} ${because}`, dueAtMs]);
}

export function keeping(promised: Promised): void {
  for (const state of ["paused", "pending"] as const) {
    promised(`what is made for a ${state} hook is numbered, kept and not claimable`, async (storage) => {
      await makeHook(storage, hookOf("hok", OF_ANN, { state }));
      await ingestOne(storage, eventOf("evt_1"), { countMax: 5 });
      assert.deepEqual(await kept(storage), [[`waiting hook-${state}`, null]]);
      assert.equal((await listAll(storage))[0]?.sequence, 1);
      assert.deepEqual(await claimAll(storage, START_MS + 1e9), []);
      assert.equal(await storage.webhooks.findNextDueMs([]), null);
    });
  }

  for (const state of ["paused", "disabled"] as const) {
    promised(`what waits when a hook is ${state} is kept and not claimable`, async (storage) => {
      await makeHook(storage, hookOf("hok", OF_ANN));
      const retrying = await ingestClaimed(storage, eventOf("evt_1"));
      await settleAs(storage, retrying, retryAt(START_MS + 60_000), REFUSED);
      await ingestOne(storage, eventOf("evt_2"));
      await turn(storage, state);
      assert.deepEqual(await kept(storage), [
        ["waiting hook-paused", null],
        ["waiting hook-paused", null],
      ]);
      assert.deepEqual(await claimAll(storage, START_MS + 1e9), []);
      assert.equal(await storage.webhooks.findNextDueMs([]), null);
    });
  }

  promised("only the hook that is paused is kept from delivering", async (storage) => {
    await makeHook(storage, hookOf("hok", OF_ANN));
    await makeHook(storage, hookOf("other", OF_ANN));
    await ingestOne(storage, eventOf("evt_1"));
    await turn(storage, "paused");
    assert.deepEqual(
      (await claimAll(storage, START_MS)).map(({ hook }) => hook.id),
      ["other"],
    );
  });

  promised("to make an active hook active leaves retries where they are", async (storage) => {
    await makeHook(storage, hookOf("hok", OF_ANN));
    const claim = await ingestClaimed(storage, eventOf("evt_1"));
    await settleAs(storage, claim, retryAt(START_MS + 60_000), REFUSED);
    await turn(storage, "active", START_MS + 9);
    assert.deepEqual(await kept(storage), [["waiting retry", START_MS + 60_000]]);
  });

  underWay(promised);
  pings(promised);
}

function underWay(promised: Promised): void {
  promised("what is under way when its hook is paused may still be settled", async (storage) => {
    await makeHook(storage, hookOf("hok", OF_ANN));
    const claim = await ingestClaimed(storage, eventOf("evt_1"));
    await turn(storage, "paused");
    assert.equal(await settleAs(storage, claim, DELIVERED), true);
    assert.equal((await findDelivery(storage, claim.deliveryId)).state, "delivered");
  });

  promised("a retry that is settled for a paused hook is kept", async (storage) => {
    await makeHook(storage, hookOf("hok", OF_ANN));
    const claim = await ingestClaimed(storage, eventOf("evt_1"));
    await turn(storage, "paused");
    await settleAs(storage, claim, retryAt(START_MS + 60_000), REFUSED);
    assert.deepEqual(await kept(storage), [["waiting hook-paused", null]]);
    assert.deepEqual(await claimAll(storage, START_MS + 1e9), []);
  });

  promised(
    "what is given back, or whose lease runs out, while its hook is paused is kept",
    async (storage) => {
      await makeHook(storage, hookOf("hok", OF_ANN));
      const lost = await ingestClaimed(storage, eventOf("evt_1"));
      const released = await ingestClaimed(storage, eventOf("evt_2"));
      await turn(storage, "paused");
      await storage.webhooks.release([released], START_MS + 1);
      assert.deepEqual(await claimAll(storage, lost.leaseUntilMs), []);
      assert.equal(await storage.webhooks.findNextDueMs([]), null);
      assert.deepEqual(await kept(storage), [
        ["waiting hook-paused", null],
        ["waiting hook-paused", null],
      ]);
    },
  );

  promised("what is under way through a pause is not handed out twice", async (storage) => {
    await makeHook(storage, hookOf("hok", OF_ANN));
    const claim = await ingestClaimed(storage, eventOf("evt_1"));
    await turn(storage, "paused");
    await turn(storage, "active");
    assert.deepEqual(await claimAll(storage, claim.leaseUntilMs - 1), []);
    assert.equal(await settleAs(storage, claim, DELIVERED), true);
  });
}

function pings(promised: Promised): void {
  promised("a ping is kept by a disabled hook only", async (storage) => {
    await makeHook(storage, hookOf("hok", OF_ANN), pingAt(START_MS));
    await turn(storage, "paused");
    const [claim] = await claimAll(storage, START_MS);
    assert.equal(claim?.event.type, "ping");
    await settleAs(storage, claim, retryAt(START_MS + 5_000), REFUSED);
    assert.deepEqual(await kept(storage), [["waiting retry", START_MS + 5_000]]);
    await turn(storage, "disabled");
    assert.deepEqual(await claimAll(storage, START_MS + 5_000), []);
    assert.deepEqual(await kept(storage), [["waiting hook-paused", null]]);
  });
}
