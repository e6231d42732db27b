import assert from "node:assert/strict";
import type { HookId } from "@trulinks/protocol";
import type { Storage } from "../storage/storage.ts";
import {
  claiming,
  DELIVERED,
  eventOf,
  hookOf,
  ingestClaimed,
  ingestOne,
  listAll,
  makeHook,
  OF_ANN,
  type Promised,
  pingAt,
  START_MS,
  settleAs,
} from "./store-fixtures.contract.ts";
import type { Trim } from "./trim.ts";

/** `<event> <state>` of everything, sorted. */
async function states(storage: Storage): Promise<readonly string[]> {
  return (await listAll(storage)).map(({ eventId, state }) => `${eventId} ${state}`).sort();
}

const UNBOUNDED: Omit<Trim, "afterHook"> = {
  nowMs: START_MS + 100_000,
  olderThanMs: 0,
  bytesMax: Number.MAX_SAFE_INTEGER,
  hooksMax: 100,
};

/** Trims to the last hook; gives how many were expired and in how many steps. */
async function trimAll(
  { webhooks }: Storage,
  over: Partial<Trim>,
): Promise<{ readonly expired: number; readonly steps: number }> {
  let expired = 0;
  let afterHook: HookId | null = null;
  for (let steps = 1; steps <= 100; steps++) {
    const step: { readonly expired: number; readonly afterHook: HookId | null } = await webhooks.trim({
      ...UNBOUNDED,
      ...over,
      afterHook,
    });
    expired += step.expired;
    afterHook = step.afterHook;
    if (afterHook === null) return { expired, steps };
  }
  throw new Error("trimming does not end");
}

/** So many events of 100 bytes for every hook of Ann's, a millisecond apart. */
async function fill(storage: Storage, count: number): Promise<void> {
  const data = JSON.stringify({ text: "Ω".repeat(44) });
  assert.equal(Buffer.byteLength(data), 99);
  const events = Array.from({ length: count }, (_, n) =>
    eventOf(`evt_${n}`, { data: ` ${data}`, atMs: START_MS + n }),
  );
  await storage.webhooks.ingest(events, claiming({ nowMs: START_MS + count }));
}

export function trim(promised: Promised): void {
  promised("what was made before the time is expired, the rest is not", async (storage) => {
    await makeHook(storage, hookOf("a", OF_ANN));
    await makeHook(storage, hookOf("b", OF_ANN, { state: "paused" }));
    await fill(storage, 4);
    assert.equal((await trimAll(storage, { olderThanMs: START_MS + 2 })).expired, 4);
    assert.deepEqual(await states(storage), [
      ...["evt_0 expired", "evt_0 expired", "evt_1 expired", "evt_1 expired"],
      ...["evt_2 waiting", "evt_2 waiting", "evt_3 waiting", "evt_3 waiting"],
    ]);
    assert.equal((await trimAll(storage, { olderThanMs: START_MS + 2 })).expired, 0);
  });

  for (const [bytesMax, left] of [
    [500, 5],
    [499, 4],
    [100, 1],
    [99, 0],
  ] as const) {
    promised(`of what waits for one hook the newest ${bytesMax} bytes stay`, async (storage) => {
      await makeHook(storage, hookOf("a", OF_ANN));
      await makeHook(storage, hookOf("b", OF_ANN, { state: "paused", events: ["none"] }));
      await fill(storage, 6);
      assert.equal((await trimAll(storage, { bytesMax })).expired, 6 - left);
      const waiting = await listAll(storage, { state: "waiting" });
      assert.deepEqual(
        waiting.map(({ eventId }) => eventId),
        [5, 4, 3, 2, 1].slice(0, left).map((n) => `evt_${n}`),
      );
    });
  }

  promised("what a worker has, what has ended, and pings are left alone", async (storage) => {
    await makeHook(storage, hookOf("a", OF_ANN), pingAt(START_MS));
    const ended = await ingestClaimed(storage, eventOf("evt_ended"));
    await settleAs(storage, ended, DELIVERED);
    await ingestClaimed(storage, eventOf("evt_leased"));
    await ingestOne(storage, eventOf("evt_waiting"));
    assert.equal((await trimAll(storage, { olderThanMs: START_MS + 1, bytesMax: 0 })).expired, 1);
    const made = (await listAll(storage)).map(({ type, eventId, state }) =>
      type === "ping" ? `ping ${state}` : `${eventId} ${state}`,
    );
    assert.deepEqual(made.sort(), [
      "evt_ended delivered",
      "evt_leased waiting",
      "evt_waiting expired",
      "ping waiting",
    ]);
  });

  promised("so many hooks are looked at in one step, in the order of their ids", async (storage) => {
    for (const id of ["a", "b", "c", "d", "e"]) await makeHook(storage, hookOf(id, OF_ANN));
    await fill(storage, 1);
    const { webhooks } = storage;
    const bounds = { ...UNBOUNDED, olderThanMs: START_MS + 1, hooksMax: 2 };
    const first = await webhooks.trim({ ...bounds, afterHook: null });
    assert.deepEqual(first, { expired: 2, afterHook: "b" });
    const hooks = (await listAll(storage, { state: "expired" })).map(({ hookId }) => hookId).sort();
    assert.deepEqual(hooks, ["a", "b"]);
    assert.deepEqual(await webhooks.trim({ ...bounds, afterHook: first.afterHook }), {
      expired: 2,
      afterHook: "d",
    });
    assert.equal((await trimAll(storage, bounds)).expired, 1);
    assert.deepEqual(await webhooks.trim({ ...UNBOUNDED, afterHook: null, hooksMax: 100 }), {
      expired: 0,
      afterHook: null,
    });
  });

  promised("thousands for one hook are expired, in steps", async (storage) => {
    await makeHook(storage, hookOf("a", OF_ANN, { state: "paused" }));
    await makeHook(storage, hookOf("b", OF_ANN));
    await fill(storage, 3_000);
    assert.equal((await trimAll(storage, { bytesMax: 300 })).expired, 2 * 2_997);
    const waiting = await listAll(storage, { state: "waiting" });
    assert.deepEqual(waiting.map(({ eventId }) => eventId).sort(), [
      ...["evt_2997", "evt_2997", "evt_2998", "evt_2998", "evt_2999", "evt_2999"],
    ]);
  });
}
