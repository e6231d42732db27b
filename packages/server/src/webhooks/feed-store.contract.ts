/** The promises of `feed-store.ts`, tried on an engine. */
import assert from "node:assert/strict";
import { describe } from "node:test";
import type { GrantId } from "@trulinks/protocol";
import type { Storage } from "../storage/storage.ts";
import { acknowledging } from "./feed-ack.contract.ts";
import type { FeedEntry, FeedPage, FeedRequest } from "./feed-store.ts";
import { noteFailing } from "./health-store.contract.ts";
import type { NewEvent } from "./new-event.ts";
import {
  ANN,
  BOB,
  change,
  claiming,
  DELIVERED,
  eventOf,
  GREETER,
  grant,
  hookId,
  hookOf,
  ingestClaimed,
  ingestOne,
  makeHook,
  makeHooks,
  OF_ANN,
  OF_GREETER,
  type OpenedStorage,
  type Promised,
  pingAt,
  promisedOf,
  REFUSED,
  retryAt,
  START_MS,
  sealedOf,
  settleAs,
} from "./store-fixtures.contract.ts";

export function feedStoreContract(name: string, open: () => Promise<OpenedStorage>): void {
  const promised = promisedOf(open);
  describe(`the feed's store on ${name}`, () => {
    describe("reading", () => reading(promised));
    describe("what an entry says", () => entries(promised));
    describe("who hears of what is stored", () => newest(promised));
    describe("acknowledging", () => acknowledging(promised));
  });
}

type Page = Extract<FeedPage, { kind: "page" }>;

async function read(storage: Storage, hook: string, over: Partial<FeedRequest> = {}): Promise<FeedPage> {
  const request = { after: 0, countMax: 200, bytesMax: 1e9, nowMs: START_MS, ...over };
  return storage.feed.readFeed({ hookId: hookId(hook), ...request });
}

async function pageOf(storage: Storage, hook: string, over: Partial<FeedRequest> = {}): Promise<Page> {
  const page = await read(storage, hook, over);
  assert.ok(page.kind === "page", `the feed was ${page.kind}`);
  return page;
}

async function entryOf(storage: Storage, hook: string, sequence: number): Promise<FeedEntry> {
  const { entries: found } = await pageOf(storage, hook, { after: sequence - 1, countMax: 1 });
  assert.equal(found[0]?.sequence, sequence);
  return found[0];
}

const numbers = ({ entries: found }: Page): readonly number[] => found.map(({ sequence }) => sequence);

/** Stored for ann's own hook, which keeps them. */
async function storeMany(storage: Storage, count: number, over: Partial<NewEvent> = {}): Promise<void> {
  for (let from = 0; from < count; from += 500) {
    const events = Array.from({ length: Math.min(500, count - from) }, (_, index) =>
      eventOf(`evt_${from + index}`, { data: `{"number":${from + index}}`, ...over }),
    );
    await storage.webhooks.ingest(events, claiming());
  }
}

function reading(promised: Promised): void {
  promised("page by page every number comes, each once, with what was stored under it", async (storage) => {
    await makeHook(storage, hookOf("hok", OF_ANN, { state: "paused" }));
    await storeMany(storage, 10_000);
    let after = 0;
    for (; after < 10_000; ) {
      const page = await pageOf(storage, "hok", { after });
      assert.equal(page.newest, 10_000);
      assert.equal(page.entries.length, 200);
      for (const { sequence, state, sent } of page.entries) {
        assert.equal(sequence, after + 1);
        assert.equal(state, "waiting");
        assert.equal(sent?.event.data, `{"number":${after}}`);
        after += 1;
      }
    }
    assert.deepEqual((await pageOf(storage, "hok", { after })).entries, []);
  });

  promised("no other hook's deliveries, and no pings, are among them", async (storage) => {
    await makeHook(storage, hookOf("hok_one", OF_ANN));
    await makeHook(storage, hookOf("hok_other", OF_ANN, { events: ["other"] }));
    await ingestOne(storage, eventOf("evt_1"));
    await ingestOne(storage, eventOf("evt_2", { type: "other" }));
    await storage.webhooks.ping(hookId("hok_other"), pingAt(START_MS));
    assert.deepEqual(numbers(await pageOf(storage, "hok_one")), [1, 2]);
    const other = await pageOf(storage, "hok_other");
    assert.deepEqual(numbers(other), [1]);
    assert.equal(other.entries[0]?.sent?.event.id, "evt_2");
  });

  promised("whatever a hook's state, it can be read", async (storage) => {
    for (const state of ["active", "paused", "pending", "disabled"] as const) {
      await makeHook(storage, hookOf(`hok_${state}`, OF_ANN, { serial: state === "active" }));
    }
    await ingestOne(storage, eventOf("evt_1"));
    for (const state of ["paused", "disabled"] as const) await change(storage, `hok_${state}`, { state });
    for (const state of ["active", "paused", "pending", "disabled"]) {
      assert.deepEqual(numbers(await pageOf(storage, `hok_${state}`)), [1], state);
    }
  });

  promised("a page ends at its bounds, and has one entry however large that is", async (storage) => {
    await makeHook(storage, hookOf("hok", OF_ANN, { state: "paused" }));
    const data = JSON.stringify("x".repeat(98));
    await storeMany(storage, 5, { data });
    for (const [why, over, count] of [
      ["its count", { countMax: 3 }, 3],
      ["exactly its bytes", { bytesMax: 300 }, 3],
      ["a byte less", { bytesMax: 299 }, 2],
      ["less than one", { bytesMax: 1 }, 1],
    ] as const) {
      assert.equal((await pageOf(storage, "hok", over)).entries.length, count, why);
    }
  });

  promised("beyond the newest there is nothing, and no error", async (storage) => {
    await makeHook(storage, hookOf("hok", OF_ANN));
    const { secrets, ...page } = await pageOf(storage, "hok");
    assert.deepEqual(page, { kind: "page", hook: hookOf("hok", OF_ANN), entries: [], newest: 0 });
    assert.deepEqual(
      secrets.map(({ sealed, untilMs }) => [Buffer.from(sealed), untilMs]),
      [[Buffer.from(sealedOf("hok")), null]],
    );
    await ingestOne(storage, eventOf("evt_1"));
    for (const after of [1, 2, 1_000_000]) {
      const page = await pageOf(storage, "hok", { after });
      assert.deepEqual([page.entries, page.newest], [[], 1]);
    }
    assert.deepEqual(await read(storage, "hok_none"), { kind: "unknown-hook" });
    await storage.webhooks.deleteHook(hookId("hok"), START_MS);
    assert.deepEqual(await read(storage, "hok"), { kind: "unknown-hook" });
  });

  promised(
    "where what was asked for is no longer kept, the oldest that is there is named",
    async (storage) => {
      await makeHook(storage, hookOf("hok", OF_ANN));
      // 1, 2 and 4 end and are forgotten; 3 and 5 wait.
      for (const [number, isEnded] of [true, true, false, true, false].entries()) {
        const claim = await ingestClaimed(storage, eventOf(`evt_${number}`));
        if (isEnded) await settleAs(storage, claim, DELIVERED);
      }
      const sweep = { beforeMs: START_MS + 1_000, countMax: 100 };
      assert.ok((await storage.webhooks.sweep(sweep)) > 0);
      for (const [after, expected] of [
        [0, { kind: "behind", oldest: 3 }],
        [1, { kind: "behind", oldest: 3 }],
        [2, [3]],
        [3, { kind: "behind", oldest: 5 }],
        [4, [5]],
        [5, []],
        [null, [3]],
      ] as const) {
        const page = await read(storage, "hok", { after });
        assert.deepEqual(page.kind === "page" ? numbers(page) : page, expected, `after ${after}`);
      }
    },
  );

  promised("where nothing is kept any more, it is what comes next that can be read", async (storage) => {
    await makeHook(storage, hookOf("hok", OF_ANN));
    await settleAs(storage, await ingestClaimed(storage, eventOf("evt_1")), DELIVERED);
    await storage.webhooks.sweep({ beforeMs: START_MS + 1_000, countMax: 100 });
    assert.deepEqual(await read(storage, "hok", { after: 0 }), { kind: "behind", oldest: 2 });
    assert.deepEqual((await pageOf(storage, "hok", { after: null })).entries, []);
    await ingestOne(storage, eventOf("evt_2"));
    assert.deepEqual(numbers(await pageOf(storage, "hok", { after: 1 })), [2]);
  });
}

function entries(promised: Promised): void {
  promised("an entry has all that an attempt made now would have", async (storage) => {
    await makeHooks(storage);
    await storage.accounts.grant({
      ...{
        id: "grn_unused" as GrantId,
        userId: ANN,
        appId: GREETER,
        scopes: ["read", "write"],
        nowMs: START_MS,
      },
    });
    await storage.webhooks.rotateUserSecret(hookId("hok_greeter"), ANN, {
      nowMs: START_MS,
      oldUntilMs: START_MS + 10,
    });
    const event = eventOf("evt_1", {
      ...{
        sensitive: ["/mail"],
        data: '{"mail":"a","number":1}',
        trace: `00-${"1".repeat(32)}-${"2".repeat(16)}-01`,
      },
      fieldScopes: [{ pointer: "/number", scopes: ["admin"] }],
    });
    await ingestOne(storage, event);
    const claims = await storage.webhooks.claimDue(claiming({ countMax: 10 }));
    const claim = claims.find(({ hook }) => hook.id === "hok_greeter");
    assert.ok(claim);
    await settleAs(storage, claim, retryAt(START_MS + 99), REFUSED);

    const page = await pageOf(storage, "hok_greeter");
    assert.deepEqual(page.entries, [
      {
        ...{ sequence: 1, state: "waiting", expiresAtMs: null },
        sent: {
          ...{ deliveryId: claim.deliveryId, attempt: 2, event: claim.event, user: claim.user },
          ...{ view: claim.view, grantScopes: ["read", "write"] },
        },
      },
    ]);
    assert.deepEqual([page.hook, page.secrets], [claim.hook, claim.secrets]);
    assert.equal(claim.user?.versions.length, 2);
    // The old version has ended by then.
    const later = await pageOf(storage, "hok_greeter", { nowMs: START_MS + 10 });
    assert.equal(later.entries[0]?.sent?.user?.versions.length, 1);
    assert.equal((await entryOf(storage, "hok_ann", 1)).sent?.grantScopes, null);
  });

  promised("the state is that of now, and only what may be given has a payload", async (storage) => {
    await makeHook(storage, hookOf("hok", OF_ANN));
    const claimed = (id: string, over: Partial<NewEvent> = {}) => ingestClaimed(storage, eventOf(id, over));
    await settleAs(storage, await claimed("evt_1"), DELIVERED);
    await settleAs(storage, await claimed("evt_2"), { kind: "rejected" });
    await settleAs(storage, await claimed("evt_3"), { kind: "failed", because: "attempts-exhausted" });
    await ingestOne(storage, eventOf("evt_4", { expiresAtMs: START_MS + 5 }));
    await storage.webhooks.expire(START_MS + 5, 10);
    await ingestOne(storage, eventOf("evt_5", { key: "k" }));
    await ingestOne(storage, eventOf("evt_6", { key: "k", expiresAtMs: START_MS + 50 }));
    await claimed("evt_7");
    const { entries: found } = await pageOf(storage, "hok");
    assert.deepEqual(
      found.map(({ state, sent, expiresAtMs }) => [state, sent !== null, expiresAtMs]),
      [
        ["delivered", true, null],
        ["rejected", false, null],
        ["failed", true, null],
        ["expired", false, START_MS + 5],
        ["replaced", false, null],
        ["waiting", true, START_MS + 50],
        ["waiting", true, null],
      ],
    );
  });

  promised("when a grant ends what waited is revoked, and of the rest it is said", async (storage) => {
    await makeHook(storage, hookOf("hok", OF_GREETER));
    const grantId = await grant(storage, ANN, GREETER);
    await grant(storage, BOB, GREETER, ["read"]);
    await settleAs(storage, await ingestClaimed(storage, eventOf("evt_1")), DELIVERED);
    await ingestOne(storage, eventOf("evt_2"));
    await ingestOne(storage, eventOf("evt_3", { userIds: [BOB] }));
    await storage.accounts.revokeGrant(grantId, START_MS);
    const found = async () =>
      (await pageOf(storage, "hok")).entries.map(({ state, sent }) => [state, sent?.grantScopes ?? null]);
    assert.deepEqual(await found(), [
      ["delivered", "ended"],
      ["revoked", null],
      ["waiting", ["read"]],
    ]);
    // Whoever grants anew is read again, but for what was revoked.
    await grant(storage, ANN, GREETER, ["other"]);
    assert.deepEqual(await found(), [
      ["delivered", ["other"]],
      ["revoked", null],
      ["waiting", ["read"]],
    ]);
  });

  promised("of what was purged there is no payload, and its number stays", async (storage) => {
    await makeHook(storage, hookOf("hok", OF_ANN));
    await settleAs(storage, await ingestClaimed(storage, eventOf("evt_1")), DELIVERED);
    await ingestOne(storage, eventOf("evt_2"));
    assert.equal(await storage.record.endPayloads({ beforeMs: START_MS + 1_000, countMax: 10 }), 1);
    const page = await pageOf(storage, "hok", { bytesMax: 12 });
    assert.deepEqual(
      page.entries.map(({ state, sent }) => [state, sent?.event.id ?? null]),
      [
        ["delivered", null],
        ["waiting", "evt_2"],
      ],
    );
  });

  promised(
    "what the platform itself tells an app concerns nobody, and is bound by no grant",
    async (storage) => {
      await makeHook(storage, hookOf("hok", OF_GREETER));
      await noteFailing(storage);
      const bounds = { tellSinceMs: START_MS, pauseSinceMs: 0, pauseToldMs: 0 };
      assert.ok(await storage.health.takeStep({ hookId: hookId("hok"), step: "tell" }, bounds, START_MS));
      const { sent } = await entryOf(storage, "hok", 1);
      assert.deepEqual([sent?.event.type, sent?.user, sent?.grantScopes], ["hook.failing", null, null]);
    },
  );

  promised("reading changes nothing", async (storage) => {
    await makeHook(storage, hookOf("hok", OF_ANN));
    await ingestOne(storage, eventOf("evt_1"));
    const first = await pageOf(storage, "hok");
    assert.deepEqual(await pageOf(storage, "hok"), first);
    const [claim] = await storage.webhooks.claimDue(claiming({ countMax: 1 }));
    assert.ok(claim);
    assert.equal((await pageOf(storage, "hok")).entries[0]?.sent?.deliveryId, claim.deliveryId);
    assert.equal(await settleAs(storage, claim, DELIVERED), true);
  });
}

function newest(promised: Promised): void {
  promised("the hooks that have something newer, or are gone, are found", async (storage) => {
    await makeHook(storage, hookOf("hok_1", OF_ANN));
    await makeHook(storage, hookOf("hok_2", OF_ANN, { events: ["other"] }));
    await storeMany(storage, 3);
    const newer = async (...places: readonly (readonly [string, number])[]) =>
      (await storage.feed.findNewer(places.map(([id, after]) => ({ hookId: hookId(id), after })))).toSorted();
    assert.deepEqual(await newer(["hok_1", 2], ["hok_2", 0], ["hok_none", 7]), ["hok_1", "hok_none"]);
    assert.deepEqual(await newer(["hok_1", 3], ["hok_2", 5]), []);
    assert.deepEqual(await newer(["hok_1", 0]), ["hok_1"]);
    assert.deepEqual(await newer(), []);
  });

  promised("whoever stores hears of which hooks there is more than was claimed", async (storage) => {
    await makeHook(storage, hookOf("hok_active", OF_ANN));
    await makeHook(storage, hookOf("hok_paused", OF_ANN, { state: "paused" }));
    await makeHook(storage, hookOf("hok_pending", OF_ANN, { state: "pending", events: ["other"] }));
    const storing = async (type: string, countMax: number) => {
      const ingested = await ingestOne(storage, eventOf(`evt_${type}_${countMax}`, { type }), { countMax });
      assert.ok(ingested.kind === "accepted");
      return [ingested.claims.map(({ hook }) => hook.id), [...new Set(ingested.left)].toSorted()];
    };
    assert.deepEqual(await storing("issue.opened", 9), [["hok_active"], ["hok_paused"]]);
    assert.deepEqual(await storing("issue.opened", 0), [[], ["hok_active", "hok_paused"]]);
    assert.deepEqual(await storing("other", 9), [["hok_active"], ["hok_paused", "hok_pending"]]);
  });
}
