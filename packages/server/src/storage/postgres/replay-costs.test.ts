/** What delivering once more reads and writes does not depend on how much lies on record. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { type DeliveryId, makeId, type ReplayId } from "@trulinks/protocol";
import { REPLAY_READ_MAX, type ReplayFilter } from "../../webhooks/replay.ts";
import type { Storage } from "../storage.ts";
import { type Counting, HOOK, NOW_MS, startCounting } from "./costs.contract.ts";

const ROWS = 100_000;
const FAILED = 100;
const ALL = { kind: "all" } as const;
const LATER_MS = NOW_MS + 2 * ROWS;

let counting: Counting;
before(async () => {
  counting = await startCounting();
  await counting.run(
    `INSERT INTO events (id, type, action, at_ms, deliveries, unknown, receipt_keys, data)
       SELECT 'evt_' || n, 'a.b', 'b', ${NOW_MS}, 1, '[]', '[]', '{}' FROM generate_series(1, ${ROWS}) AS n`,
    // The last ones have failed. Ids sort as numbers do, and so tell times: each its number's millisecond.
    `INSERT INTO deliveries (id, event_id, type, hook_id, owner_app_id, sequence, state, is_leased, lease,
         attempts_count, created_at_ms, ended_at_ms)
       SELECT 'dlv_' || lpad(n::text, 10, '0'), 'evt_' || n, 'a.b', '${HOOK}', 'app_large', n,
         CASE WHEN n > ${ROWS - FAILED} THEN 'failed' ELSE 'delivered' END, false, 1, 1, ${NOW_MS} + n, ${NOW_MS} + n
       FROM generate_series(1, ${ROWS}) AS n`,
    `UPDATE hooks SET last_sequence = ${ROWS} WHERE id = '${HOOK}'`,
    "VACUUM ANALYZE deliveries",
    "VACUUM ANALYZE events",
  );
});
after(() => counting.stop());

// So many rows are read by a look at a few things: those of the verb, and those by which it goes on.
const FEW = 60;

async function replay({ replays }: Storage, filter: Omit<ReplayFilter, "states">): Promise<void> {
  const id: ReplayId = makeId("replay", LATER_MS, new Uint8Array(16));
  const bounds = { perS: null, nowMs: LATER_MS, ownedMax: 9, countMax: 9 };
  const made = await replays.createReplay({
    id,
    reach: ALL,
    filter: { ...filter, states: ["failed"] },
    ...bounds,
  });
  assert.equal(made.kind, "made");
  let nowMs = LATER_MS;
  for (let steps = 0; steps < 50; steps++) {
    const { nextMs } = await replays.advanceReplays(nowMs);
    if (nextMs === null) break;
    nowMs = Math.max(nowMs, nextMs);
  }
  const { state, done } = (await replays.findReplay(id, ALL)) ?? {};
  assert.deepEqual([state, done], ["done", FAILED]);
}

test("one is found, judged and made to wait with a few looks", async () => {
  const cost = await counting.costOf(({ replays }) =>
    replays.redeliver(`dlv_${String(ROWS - 5).padStart(10, "0")}` as DeliveryId, ALL, LATER_MS),
  );
  assert.deepEqual(cost.readThrough, []);
  assert.ok((cost.read["deliveries"] ?? 0) <= FEW, JSON.stringify(cost.read));
  assert.deepEqual([cost.written["deliveries"], cost.written["turns"]], [1, 1]);
  await counting.run("UPDATE deliveries SET state = 'failed', next_at_ms = NULL WHERE state = 'waiting'");
});

test("a replay from a number on reads what comes after it, and writes what it makes due", async () => {
  const cost = await counting.costOf((storage) => replay(storage, { hookId: HOOK, after: ROWS - 150 }));
  assert.deepEqual(cost.readThrough, []);
  assert.equal(cost.written["deliveries"], FAILED);
  // It is counted, then made due in steps that each read on for a while, and each row is looked at some times.
  const rowsMax = 150 + 8 * REPLAY_READ_MAX + 8 * FAILED;
  assert.ok((cost.read["deliveries"] ?? 0) <= rowsMax, `${cost.read["deliveries"]} of ${rowsMax}`);
  assert.ok((cost.read["events"] ?? 0) <= 2 * FAILED);
});
