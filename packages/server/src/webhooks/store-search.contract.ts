import assert from "node:assert/strict";
import { pagesOf } from "../base/pages-of.contract.ts";
import { LOOKED_AT_MAX, PROBED_MAX } from "../storage/delivery-search.ts";
import type { Storage } from "../storage/storage.ts";
import type { DeliveryFilter, DeliveryReach } from "./store.ts";
import {
  ANN,
  BOB,
  claiming,
  eventOf,
  GREETER,
  grant,
  hookId,
  hookOf,
  listAll,
  makeHook,
  OF_ANN,
  OF_BOB,
  OF_GREETER,
  type Promised,
  START_MS,
} from "./store-fixtures.contract.ts";

const ALL: DeliveryReach = { kind: "all" };
const MANY = LOOKED_AT_MAX + 100;
const SOME = PROBED_MAX + 100;
const STEP = 500;

/** Ann's hook has `MANY` deliveries of one type, bob's `SOME` of another, and the first ones and the last are mixed. */
async function makeMany(storage: Storage): Promise<void> {
  await makeHook(storage, hookOf("ann", OF_ANN));
  await makeHook(storage, hookOf("bob", OF_BOB));
  const ofAnn = Array.from({ length: MANY }, (_, n) =>
    eventOf(`a${n}`, { type: n === 5 ? "rare.thing" : "first.type", atMs: START_MS + n }),
  );
  const ofBob = Array.from({ length: SOME }, (_, n) =>
    eventOf(`b${n}`, { type: "second.type", userIds: [BOB], atMs: START_MS + n * 3 }),
  );
  const events = [...ofAnn, ...ofBob];
  for (let from = 0; from < events.length; from += STEP) {
    await storage.webhooks.ingest(events.slice(from, from + STEP), claiming());
  }
}

export function search(promised: Promised): void {
  promised("a page looks at no more than it may, and says where to go on", async (storage) => {
    await makeMany(storage);
    const meetsNothing: DeliveryFilter = { reach: ALL, hookId: hookId("ann"), type: "second.type" };
    const pages = await pagesOf(50, (page) => storage.webhooks.listDeliveries(meetsNothing, page));
    assert.deepEqual(pages, [[], []]);
  });

  promised("what is rare is found at once, beside whatever is common", async (storage) => {
    await makeMany(storage);
    for (const filter of [
      { hookId: hookId("ann"), type: "rare.thing" },
      { userId: ANN, type: "rare.thing" },
      { type: "rare.thing", state: "waiting" },
      { hookId: hookId("ann"), beforeMs: START_MS + 6, afterMs: START_MS + 4 },
      { hookId: hookId("ann"), type: "first.type", beforeMs: START_MS + 1 },
      { eventId: "a5" as never, hookId: hookId("ann"), state: "waiting" },
    ] as const) {
      const page = await storage.webhooks.listDeliveries(
        { reach: ALL, ...filter },
        { after: null, countMax: 50 },
      );
      assert.deepEqual([page.items.length, page.next], [1, null], JSON.stringify(filter));
    }
  });

  promised("pages that look at little still hold everything, once and newest first", async (storage) => {
    await makeMany(storage);
    for (const [filter, count] of [
      [{ type: "first.type", hookId: hookId("ann") }, MANY - 1],
      [{ userId: ANN, state: "waiting" }, MANY],
      [{ userId: BOB, type: "second.type" }, SOME],
      [{ state: "waiting" }, MANY + SOME],
      [{}, MANY + SOME],
      [{ state: "delivered" }, 0],
    ] as const) {
      const ids = (await listAll(storage, filter)).map(({ id }) => id);
      assert.equal(ids.length, count, JSON.stringify(filter));
      assert.deepEqual(ids, [...new Set(ids)].sort().reverse(), JSON.stringify(filter));
    }
  });

  promised(
    "what concerns a user is found through apps' hooks and through its own, page by page",
    async (storage) => {
      await makeHook(storage, hookOf("own", OF_ANN));
      await makeHook(storage, hookOf("app", OF_GREETER));
      await grant(storage, ANN, GREETER);
      for (let n = 0; n < 7; n++) {
        await storage.webhooks.ingest([eventOf(`e${n}`, { atMs: START_MS + n })], claiming());
      }
      const pages = await pagesOf(3, (page) =>
        storage.webhooks.listDeliveries({ reach: ALL, userId: ANN }, page),
      );
      assert.deepEqual(
        pages.map((page) => page.length),
        [3, 3, 3, 3, 2],
      );
      assert.equal(new Set(pages.flat().map(({ id }) => id)).size, 14);
    },
  );

  promised("an id is itself, and no pattern of others", async (storage) => {
    for (const id of ["h_k", "hxk", "h.k"]) await makeHook(storage, hookOf(id, OF_ANN));
    await storage.webhooks.ingest([eventOf("e", { type: "a_b" })], claiming());
    await storage.webhooks.ingest([eventOf("f", { type: "axb" })], claiming());
    const ofHook = await listAll(storage, { hookId: hookId("h_k") });
    assert.deepEqual(ofHook.map(({ hookId: hook, type }) => `${hook} ${type}`).sort(), [
      "h_k a_b",
      "h_k axb",
    ]);
    assert.equal((await listAll(storage, { type: "a_b" })).length, 3);
  });
}
