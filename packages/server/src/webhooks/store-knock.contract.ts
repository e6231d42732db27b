import assert from "node:assert/strict";
import type { Storage } from "../storage/storage.ts";
import type { Hook, HookOwner } from "./hook.ts";
import type { HookChange, HookMade } from "./store.ts";
import {
  change,
  claimAll,
  DELIVERED,
  eventOf,
  findDelivery,
  hookId,
  hookOf,
  ingestClaimed,
  ingestOne,
  listAll,
  makeHook,
  OF_ANN,
  OF_BOB,
  type Promised,
  pingAt,
  REFUSED,
  retryAt,
  START_MS,
  sealedOf,
  settleAs,
} from "./store-fixtures.contract.ts";

interface Knocking {
  readonly owner?: HookOwner;
  readonly hostMax?: number;
}

/** Makes a pending hook with that URL, whose id is `id`. */
async function knockAt(
  { webhooks }: Storage,
  [id, url]: readonly [id: string, url: string],
  { owner = OF_ANN, hostMax = 2 }: Knocking = {},
): Promise<HookMade["kind"]> {
  const hook = hookOf(id, owner, { url, state: "pending" });
  const knock = { ping: pingAt(START_MS), hostMax };
  return (await webhooks.createHook(hook, sealedOf(id), { ownedMax: 100, knock })).kind;
}

/** Changes a hook that has to answer a new ping. */
async function knockAgain(
  { webhooks }: Storage,
  id: string,
  changes: HookChange,
  hostMax = 2,
): Promise<Hook | string> {
  const options = { nowMs: START_MS + 9, knock: { ping: pingAt(START_MS + 9), hostMax } };
  const altered = await webhooks.changeHook(hookId(id), changes, options);
  return altered.kind === "changed" ? altered.hook : altered.kind;
}

const AT = "https://door.example/";

export function knocking(promised: Promised): void {
  promised("so many hooks at one host may be pending, whoever owns them", async (storage) => {
    assert.equal(await knockAt(storage, ["hok_1", `${AT}a`]), "made");
    assert.equal(await knockAt(storage, ["hok_2", `${AT}b?c`], { owner: OF_BOB }), "made");
    assert.equal(await knockAt(storage, ["hok_3", AT]), "too-many-pending");
    assert.equal(await storage.webhooks.findHook(hookId("hok_3")), null);
    assert.equal((await listAll(storage)).length, 2);
    assert.equal(await knockAt(storage, ["hok_3", AT], { hostMax: 3 }), "made");
  });

  promised("another name is another host; another port, path or spelling is not", async (storage) => {
    for (const [index, url] of [AT, "https://other.example/", "https://[2001:db8::1]/"].entries()) {
      assert.equal(await knockAt(storage, [`hok_${index}`, url], { hostMax: 1 }), "made", url);
    }
    for (const url of [
      AT,
      "https://DOOR.example:443/",
      "https://door.example:8443/",
      "https://door.example./a?b",
    ]) {
      assert.equal(await knockAt(storage, ["hok_9", url], { hostMax: 1 }), "too-many-pending", url);
    }
  });

  promised("hooks that are not pending, and those without a knock, do not count", async (storage) => {
    for (const state of ["active", "paused", "disabled"] as const) {
      await makeHook(storage, hookOf(`hok_${state}`, OF_ANN, { url: AT, state }));
    }
    assert.equal(await knockAt(storage, ["hok_1", AT], { hostMax: 1 }), "made");
    await makeHook(storage, hookOf("hok_operator", OF_ANN, { url: AT }));
    const pings = await claimAll(storage, START_MS);
    assert.deepEqual(
      pings.map(({ hook }) => hook.id),
      ["hok_1"],
    );
    assert.ok(pings[0]);
    await settleAs(storage, pings[0], DELIVERED);
    assert.equal(await knockAt(storage, ["hok_2", AT], { hostMax: 1 }), "made");
  });

  promised("of those who knock at once no more come in", async (storage) => {
    const made = await Promise.all(
      Array.from({ length: 12 }, (_, n) =>
        knockAt(storage, [`hok_${n}`, AT], { owner: n % 2 === 0 ? OF_ANN : OF_BOB, hostMax: 5 }),
      ),
    );
    assert.equal(made.filter((kind) => kind === "made").length, 5);
    assert.equal(made.filter((kind) => kind === "too-many-pending").length, 7);
  });

  promised("a ping brings the data it was made with", async (storage) => {
    const data = '{"challenge":"Ω \\u0000"}';
    await makeHook(storage, hookOf("hok", OF_ANN, { state: "pending" }), { ...pingAt(START_MS), data });
    assert.equal((await claimAll(storage, START_MS))[0]?.event.data, data);
    const again = { ...pingAt(START_MS), data: '{"again":1}' };
    await storage.webhooks.ping(hookId("hok"), again);
    const found = await storage.webhooks.findDelivery(again.deliveryId, { kind: "all" });
    assert.equal(found?.event?.data, '{"again":1}');
  });

  changed(promised);
}

function changed(promised: Promised): void {
  for (const state of ["active", "paused", "disabled", "pending"] as const) {
    promised(`a knock makes a hook that is ${state} pending, and stores its ping`, async (storage) => {
      await makeHook(storage, hookOf("hok", OF_ANN, { state }));
      const hook = await knockAgain(storage, "hok", { url: AT });
      assert.deepEqual(hook, hookOf("hok", OF_ANN, { url: AT, state: "pending" }));
      assert.deepEqual(await storage.webhooks.findHook(hookId("hok")), hook);
      const [ping, ...more] = await claimAll(storage, START_MS + 9);
      assert.deepEqual(more, []);
      assert.deepEqual([ping?.event.type, ping?.hook.url], ["ping", AT]);
      assert.ok(ping);
      await settleAs(storage, ping, DELIVERED, { nowMs: START_MS + 10 });
      assert.equal((await storage.webhooks.findHook(hookId("hok")))?.state, "active");
    });
  }

  promised("what waits for it is kept until the ping is answered", async (storage) => {
    await makeHook(storage, hookOf("hok", OF_ANN));
    const retried = await ingestClaimed(storage, eventOf("evt_1"));
    await ingestOne(storage, eventOf("evt_2"));
    await knockAgain(storage, "hok", { url: AT });
    await settleAs(storage, retried, retryAt(START_MS + 60_000), REFUSED);
    const [ping, ...more] = await claimAll(storage, START_MS + 1e6);
    assert.deepEqual(more, []);
    assert.equal(ping?.event.type, "ping");
    const kept = (await listAll(storage)).filter(({ type }) => type !== "ping");
    assert.deepEqual(
      kept.map(({ because, dueAtMs }) => [because, dueAtMs]),
      [
        ["hook-pending", null],
        ["hook-pending", null],
      ],
    );
    await settleAs(storage, ping, DELIVERED);
    assert.equal(await storage.webhooks.releaseHeld(START_MS + 1e6, 10), null);
    assert.equal((await claimAll(storage, START_MS + 1e6)).length, 2);
  });

  promised("an older ping says nothing of the new URL", async (storage) => {
    await makeHook(storage, hookOf("hok", OF_ANN, { state: "pending" }), pingAt(START_MS));
    const [older] = await claimAll(storage, START_MS);
    assert.ok(older);
    await storage.webhooks.ping(hookId("hok"), pingAt(START_MS + 1));
    await knockAgain(storage, "hok", { url: AT });
    assert.equal(await settleAs(storage, older, DELIVERED), false);
    assert.equal((await findDelivery(storage, older.deliveryId)).state, "replaced");
    assert.equal((await storage.webhooks.findHook(hookId("hok")))?.state, "pending");
    assert.equal((await claimAll(storage, START_MS + 1e6)).length, 1);
  });

  promised("nothing changes at a host where too many are pending", async (storage) => {
    await knockAt(storage, ["hok_1", AT]);
    await knockAt(storage, ["hok_2", `${AT}b`]);
    const hook = await makeHook(storage, hookOf("hok", OF_ANN, { url: "https://mine.example/" }));
    assert.equal(await knockAgain(storage, "hok", { url: `${AT}c`, inFlightMax: 1 }), "too-many-pending");
    assert.deepEqual(await storage.webhooks.findHook(hook.id), hook);
    assert.equal((await claimAll(storage, START_MS + 1e6)).length, 2);
    // The hook itself is not one of the others, and without a knock nothing is counted.
    assert.notEqual(await knockAgain(storage, "hok_1", {}), "too-many-pending");
    assert.equal((await change(storage, "hok", { url: AT })).url, AT);
    assert.equal(await knockAgain(storage, "hok_none", { url: AT }), "unknown-hook");
  });
}
