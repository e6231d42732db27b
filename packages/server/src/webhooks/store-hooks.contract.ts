import assert from "node:assert/strict";
import type { AppId, UserId } from "@trulinks/protocol";
import { pagesOf } from "../base/pages-of.contract.ts";
import type { Hook } from "./hook.ts";
import type { HookChange } from "./store.ts";
import {
  claimAll,
  eventOf,
  findDelivery,
  GREETER,
  hookId,
  hookOf,
  ingestClaimed,
  ingestOne,
  listAll,
  makeHook,
  OF_ANN,
  OF_BOB,
  OF_GREETER,
  type Promised,
  pingAt,
  START_MS,
  sealedOf,
} from "./store-fixtures.contract.ts";

const UNUSUAL: Partial<Hook> = {
  url: "https://receiver.example/?q=Ω",
  events: ["issue.*", "pull_request.closed"],
  secretPer: "hook",
  signature: "github",
  verifyTls: false,
  ca: "-----BEGIN CERTIFICATE-----\nabc\n-----END CERTIFICATE-----\n",
  ackDeadlineMs: 29_999,
  retries: "none",
  inFlightMax: 1,
  state: "paused",
  createdAtMs: START_MS + 7,
};

const CHANGES: readonly HookChange[] = [
  { url: "https://elsewhere.example/" },
  { events: [] },
  { verifyTls: true },
  { ca: null },
  { ackDeadlineMs: 1_000 },
  { retries: "default" },
  { inFlightMax: 4 },
  { state: "active" },
  { url: "https://third.example/", state: "disabled" },
];

export function hooks(promised: Promised): void {
  promised("a hook that was made is found with every member", async (storage) => {
    for (const hook of [hookOf("hok_1", OF_ANN), hookOf("hok_2", OF_GREETER, UNUSUAL)]) {
      const made = await storage.webhooks.createHook(hook, sealedOf("x"), { ownedMax: 9, knock: null });
      assert.deepEqual(made, { kind: "made", hook });
      assert.deepEqual(await storage.webhooks.findHook(hook.id), hook);
    }
    assert.equal(await storage.webhooks.findHook(hookId("hok_none")), null);
  });

  promised("who is not known can own no hook", async ({ webhooks }) => {
    const owners = [
      { kind: "user", userId: "nobody" as UserId },
      { kind: "app", appId: "app_none" as AppId },
      // Ids of users and apps are apart: neither owns what the other's name says.
      { kind: "user", userId: GREETER as string as UserId },
    ] as const;
    for (const owner of owners) {
      const options = { ownedMax: 9, knock: { ping: pingAt(START_MS), hostMax: 9 } };
      assert.deepEqual(await webhooks.createHook(hookOf("hok", owner), sealedOf("x"), options), {
        kind: "unknown-owner",
      });
    }
    assert.equal(await webhooks.findNextDueMs([]), null);
  });

  promised("an owner has at most so many hooks, also when they are made at once", async ({ webhooks }) => {
    const create = (id: string, owner = OF_ANN) =>
      webhooks.createHook(hookOf(id, owner), sealedOf("x"), { ownedMax: 100, knock: null });
    const ids = Array.from({ length: 103 }, (_, n) => `hok_${n}`);
    const made = await Promise.all(ids.map((id) => create(id)));
    assert.equal(made.filter(({ kind }) => kind === "made").length, 100);
    assert.equal(made.filter(({ kind }) => kind === "too-many").length, 3);
    assert.equal((await create("hok_bob", OF_BOB)).kind, "made");
    const { items } = await webhooks.listHooks(OF_ANN, { after: null, countMax: 200 });
    assert.equal(items.length, 100);
    assert.ok(items[0]);
    await webhooks.deleteHook(items[0].id, START_MS);
    assert.equal((await create("hok_again")).kind, "made");
    assert.equal((await create("hok_one_more")).kind, "too-many");
  });

  promised("hooks are listed by id, all or one owner's, page by page", async (storage) => {
    const owners = [OF_ANN, OF_GREETER, OF_BOB];
    for (const n of [3, 1, 5, 2, 4, 6]) {
      const owner = owners[n % 3] ?? OF_ANN;
      await makeHook(storage, hookOf(`hok_${n}`, owner));
    }
    const idsOf = async (owner: Hook["owner"] | null) =>
      (await pagesOf(2, (page) => storage.webhooks.listHooks(owner, page))).map((page) =>
        page.map(({ id }) => id),
      );
    assert.deepEqual(await idsOf(null), [
      ["hok_1", "hok_2"],
      ["hok_3", "hok_4"],
      ["hok_5", "hok_6"],
    ]);
    assert.deepEqual(await idsOf(OF_ANN), [["hok_3", "hok_6"]]);
    assert.deepEqual(await idsOf(OF_GREETER), [["hok_1", "hok_4"]]);
  });

  promised("a change keeps what it leaves out", async (storage) => {
    let hook = await makeHook(storage, hookOf("hok", OF_GREETER, UNUSUAL));
    for (const change of [{}, ...CHANGES]) {
      hook = { ...hook, ...change };
      const options = { nowMs: START_MS, knock: null };
      assert.deepEqual(await storage.webhooks.changeHook(hook.id, change, options), {
        kind: "changed",
        hook,
      });
      assert.deepEqual(await storage.webhooks.findHook(hook.id), hook);
    }
    const none = await storage.webhooks.changeHook(hookId("hok_none"), {}, { nowMs: START_MS, knock: null });
    assert.deepEqual(none, { kind: "unknown-hook" });
  });

  promised("what waits goes out as the hook is now", async (storage) => {
    const hook = await makeHook(storage, hookOf("hok", OF_ANN));
    await ingestOne(storage, eventOf("evt_1"));
    await storage.webhooks.changeHook(
      hook.id,
      { url: "https://new.example/", events: [] },
      { nowMs: START_MS, knock: null },
    );
    const [claim] = await claimAll(storage, START_MS);
    assert.equal(claim?.hook.url, "https://new.example/");
  });

  deleted(promised);
  pings(promised);
}

function deleted(promised: Promised): void {
  promised("a deleted hook is gone: what waits is revoked, what ended stays on record", async (storage) => {
    const hook = await makeHook(storage, hookOf("hok", OF_ANN), pingAt(START_MS));
    const other = await makeHook(storage, hookOf("other", OF_BOB));
    await ingestOne(storage, eventOf("evt_bob", { userIds: ["bob" as UserId] }));
    const claim = await ingestClaimed(storage, eventOf("evt_1"));
    const { webhooks } = storage;
    assert.equal(await webhooks.deleteHook(hook.id, START_MS), true);
    assert.equal(await webhooks.deleteHook(hook.id, START_MS), false);
    assert.equal(await webhooks.findHook(hook.id), null);
    assert.equal(await webhooks.findSecrets(hook.id, START_MS), null);
    assert.deepEqual(await webhooks.changeHook(hook.id, {}, { nowMs: START_MS, knock: null }), {
      kind: "unknown-hook",
    });
    assert.equal(await webhooks.ping(hook.id, pingAt(START_MS)), false);

    const records = await listAll(storage, { hookId: hook.id });
    assert.deepEqual(
      records.map(({ state, because, dueAtMs, hookOwner }) => [state, because, dueAtMs, hookOwner]),
      [
        ["revoked", null, null, OF_ANN],
        ["revoked", null, null, OF_ANN],
      ],
    );
    assert.equal((await findDelivery(storage, claim.deliveryId)).state, "revoked");
    assert.equal((await listAll(storage, { hookId: other.id }))[0]?.state, "waiting");
  });
}

function pings(promised: Promised): void {
  promised("a ping is due with the hook that it is made with", async (storage) => {
    const ping = pingAt(START_MS + 3);
    const hook = await makeHook(storage, hookOf("hok", OF_GREETER), ping);
    const { attempts, ...delivery } = await findDelivery(storage, ping.deliveryId);
    assert.deepEqual(delivery, {
      id: ping.deliveryId,
      eventId: ping.eventId,
      type: "ping",
      hookId: hook.id,
      hookOwner: OF_GREETER,
      userId: null,
      grantId: null,
      sequence: null,
      state: "waiting",
      deliveredBy: null,
      because: "due",
      dueAtMs: START_MS + 3,
      createdAtMs: START_MS + 3,
      isPayloadGone: false,
      masked: [],
      key: null,
      expiresAtMs: null,
    });
    assert.deepEqual(attempts, []);
    const [claim] = await claimAll(storage, START_MS + 3);
    assert.deepEqual(claim?.event, {
      id: ping.eventId,
      type: "ping",
      action: "ping",
      data: "{}",
      atMs: START_MS + 3,
      trace: null,
      sensitive: [],
    });
  });

  promised("any hook can be pinged but a disabled one", async (storage) => {
    const { webhooks } = storage;
    for (const state of ["active", "paused", "pending", "disabled"] as const) {
      await makeHook(storage, hookOf(state, OF_ANN, { state }));
      assert.equal(await webhooks.ping(hookId(state), pingAt(START_MS)), state !== "disabled", state);
    }
    assert.equal(await webhooks.ping(hookId("hok_none"), pingAt(START_MS)), false);
    const due = await claimAll(storage, START_MS);
    assert.deepEqual(due.map(({ hook }) => hook.id).sort(), ["active", "paused", "pending"]);
  });

  promised("a ping takes no number from its hook", async (storage) => {
    const hook = await makeHook(storage, hookOf("hok", OF_ANN), pingAt(START_MS));
    await ingestOne(storage, eventOf("evt_1"));
    await storage.webhooks.ping(hook.id, pingAt(START_MS));
    await ingestOne(storage, eventOf("evt_2"));
    const numbers = (await listAll(storage)).map(({ sequence }) => sequence);
    assert.deepEqual(numbers.filter((number) => number !== null).sort(), [1, 2]);
    assert.equal(numbers.length, 4);
  });
}
