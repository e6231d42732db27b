/** How a release stops at the first sign of trouble, and how it goes on. */
import assert from "node:assert/strict";
import { PROBE_MS } from "../storage/pace.ts";
import type { Storage } from "../storage/storage.ts";
import {
  change,
  claimAll,
  eventOf,
  hookId,
  hookOf,
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

const HOK = hookOf("hok", OF_ANN, { events: ["issue.*"] });
const { id: hookOfAnn, url } = HOK;
const at = (afterMs: number): number => START_MS + afterMs;

const fail = ({ health }: Storage, nowMs: number) =>
  health.noteFailing({ hookId: hookOfAnn, url, nowMs, ...REFUSED });
const recover = ({ health }: Storage, nowMs: number) =>
  health.noteSound({ hookId: hookOfAnn, url, nowMs, isPing: false, releasePerS: 1 });

/** So many are kept, and the release of one a second has begun. */
async function beginRelease(
  storage: Storage,
  kept: number,
  over: Parameters<typeof hookOf>[2] = {},
): Promise<void> {
  await makeHook(storage, { ...HOK, ...over, state: "paused" });
  for (let n = 1; n <= kept; n++) await ingestOne(storage, eventOf(`evt_${n}`));
  await change(storage, "hok", { state: "active", releasePerS: 1 });
  await storage.webhooks.releaseHeld(at(0), 10);
}

async function keptCount(storage: Storage): Promise<number> {
  const waiting = await listAll(storage, { hookId: hookId("hok"), state: "waiting" });
  return waiting.filter(({ because }) => because === "limit").length;
}

export function releaseWhileFailing(promised: Promised): void {
  promised("nothing, while something of it is still to be tried", async (storage) => {
    await beginRelease(storage, 5);
    assert.equal(await keptCount(storage), 4);
    await fail(storage, at(500));
    assert.equal(await storage.webhooks.releaseHeld(at(9_000), 10), at(500 + PROBE_MS));
    assert.equal(await keptCount(storage), 4);
    assert.equal(await storage.webhooks.releaseHeld(at(500 + PROBE_MS), 10), at(500 + 2 * PROBE_MS));
    assert.equal(await keptCount(storage), 4);
  });

  promised("nothing, while an attempt is under way or its time has not come", async (storage) => {
    await beginRelease(storage, 3);
    const [claim] = await claimAll(storage, at(0));
    assert.ok(claim);
    await fail(storage, at(0));
    await storage.webhooks.releaseHeld(at(PROBE_MS), 10);
    assert.equal(await keptCount(storage), 2);
    await settleAs(storage, claim, retryAt(at(1e9)), REFUSED);
    await storage.webhooks.releaseHeld(at(2 * PROBE_MS), 10);
    assert.equal(await keptCount(storage), 2);
  });

  promised("it goes on at its pace once an attempt was answered well", async (storage) => {
    await beginRelease(storage, 5);
    await fail(storage, at(500));
    assert.equal(await recover(storage, at(60_000)), "going-on");
    assert.equal(await storage.webhooks.releaseHeld(at(60_000), 10), at(61_000));
    assert.equal(await keptCount(storage), 3);
    assert.equal(await storage.webhooks.releaseHeld(at(61_000), 10), at(62_000));
    assert.equal(await keptCount(storage), 2);
  });

  promised("it goes on when its owner gives it another URL", async (storage) => {
    await beginRelease(storage, 3);
    await fail(storage, at(500));
    await change(storage, "hok", { url: "https://elsewhere.example/" }, at(600));
    await storage.webhooks.releaseHeld(at(600), 10);
    assert.equal(await keptCount(storage), 1);
  });

  promised("where nothing is left to be tried one is released now and then, to find out", async (storage) => {
    await beginRelease(storage, 4, { retries: "none" });
    const [claim] = await claimAll(storage, at(0));
    assert.ok(claim);
    await settleAs(storage, claim, { kind: "failed", because: "no-retries" }, REFUSED);
    await fail(storage, at(1));
    assert.equal(await storage.webhooks.releaseHeld(at(PROBE_MS), 10), at(1 + PROBE_MS));
    assert.equal(await keptCount(storage), 3);
    const againMs = await storage.webhooks.releaseHeld(at(1 + PROBE_MS), 10);
    assert.equal(againMs, at(1 + 2 * PROBE_MS));
    assert.equal(await keptCount(storage), 2);
    assert.equal((await claimAll(storage, at(1 + PROBE_MS))).length, 1);
  });

  promised("others, as if it were not there", async (storage) => {
    await beginRelease(storage, 3);
    await makeHook(storage, hookOf("hok_2", OF_ANN, { state: "paused" }));
    await ingestOne(storage, eventOf("evt_x"));
    await fail(storage, at(500));
    await change(storage, "hok_2", { state: "active" }, at(600));
    await storage.webhooks.releaseHeld(at(600), 10);
    const [other] = await listAll(storage, { hookId: hookId("hok_2") });
    assert.equal(other?.because, "due");
    assert.equal(await keptCount(storage), 2);
  });

  promised("nothing more, of what failing has paused", async (storage) => {
    await beginRelease(storage, 3);
    await fail(storage, at(0));
    const bounds = { tellSinceMs: at(0), pauseSinceMs: at(0), pauseToldMs: at(9) };
    for (const step of ["tell", "pause"] as const) {
      assert.ok(await storage.health.takeStep({ hookId: hookOfAnn, step }, bounds, at(9)));
    }
    assert.equal(await storage.webhooks.releaseHeld(at(1e9), 10), null);
    const kept = await listAll(storage, { hookId: hookOfAnn, state: "waiting" });
    assert.ok(kept.every(({ because }) => because === "hook-paused"));
    assert.equal(kept.length, 3);
  });
}
