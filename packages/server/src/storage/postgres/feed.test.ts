/** What reading and acknowledging a feed touches where there is much, and what two nodes make of it at once. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Storage } from "../storage.ts";
import { type Counting, HOOK, NOW_MS, startCounting } from "./costs.contract.ts";
import { claimsOf, events, HOOK as NODES_HOOK, NONE, onTwoNodes, settleAs } from "./nodes.contract.ts";

let counting: Counting;
before(async () => {
  counting = await startCounting();
  await counting.run(EVENTS, "ANALYZE");
});
after(() => counting.stop());

const EVENTS = `INSERT INTO events (id, type, action, at_ms, deliveries, unknown, receipt_keys, data)
  SELECT 'evt_' || n, 'issue.opened', 'opened', 1, 1, '[]', '[]', '{}' FROM generate_series(1, 20000) n`;

/** So many that have arrived, and behind them so many that wait. */
function deliveries(delivered: number, waiting: number): string {
  return `DELETE FROM deliveries;
    INSERT INTO deliveries (id, event_id, type, hook_id, owner_app_id, user_id, sequence, state, because, next_at_ms,
      is_leased, lease, attempts_count, created_at_ms, ended_at_ms, data_bytes)
    SELECT 'dlv_' || lpad(n::text, 8, '0'), 'evt_' || n % 20000 + 1, 'issue.opened', '${HOOK}', 'app_large', 'u1', n,
      CASE WHEN n <= ${delivered} THEN 'delivered' ELSE 'waiting' END, CASE WHEN n > ${delivered} THEN 'due' END,
      CASE WHEN n > ${delivered} THEN ${NOW_MS} END, n > ${delivered} AND n % 100 = 0, 0, 0, 1,
      CASE WHEN n <= ${delivered} THEN 1 END, 2
    FROM generate_series(1, ${delivered + waiting}) n;
    UPDATE hooks SET last_sequence = ${delivered + waiting} WHERE id = '${HOOK}'`;
}

async function readsOf(run: (storage: Storage) => Promise<unknown>): Promise<number> {
  const { read, readThrough } = await counting.costOf(run);
  assert.deepEqual(readThrough, []);
  return read.deliveries ?? 0;
}

test("a page, and what is settled in a step, cost the same however much has arrived before", async () => {
  const costs: { readonly page: number; readonly step: number }[] = [];
  for (const delivered of [2_000, 100_000]) {
    await counting.run(deliveries(delivered, 2_000), "VACUUM ANALYZE deliveries");
    const page = await readsOf(async ({ feed }) => {
      const request = { hookId: HOOK, after: delivered - 50, countMax: 100, bytesMax: 1e6, nowMs: NOW_MS };
      const read = await feed.readFeed(request);
      assert.ok(read.kind === "page");
      assert.equal(read.entries.length, 100);
    });
    const step = await readsOf(async ({ feed }) => {
      const through = delivered + 1_000;
      const settled = await feed.acknowledge({ hookId: HOOK, through, nowMs: NOW_MS, countMax: 100 });
      assert.deepEqual(settled, { kind: "settled", settled: 100, isMore: true });
    });
    costs.push({ page, step });
  }
  const [few, many] = costs;
  assert.ok(few !== undefined && many !== undefined && few.page >= 100 && few.step >= 100);
  assert.ok(many.page <= 2 * few.page, `a page read ${many.page} index entries, and ${few.page} with few`);
  assert.ok(many.step <= 2 * few.step, `a step read ${many.step} index entries, and ${few.step} with few`);
});

onTwoNodes(
  "what one node settles and the other acknowledges ends once, whoever comes first",
  async ([one, other]) => {
    const count = 200;
    const claims = (await one.webhooks.ingest(events("evt", count), { ...NONE, countMax: count })).flatMap(
      claimsOf,
    );
    assert.equal(claims.length, count);
    const settled = claims.map((claim) => settleAs(one, claim, { kind: "delivered" }));
    const acknowledge = (node: Storage) =>
      node.feed.acknowledge({ hookId: NODES_HOOK, through: count, nowMs: NOW_MS, countMax: count });
    const acknowledged = await Promise.all([acknowledge(other), acknowledge(one)]);
    const bySender = (await Promise.all(settled)).filter((isSettled) => isSettled).length;
    const byFeed = acknowledged.reduce((sum, step) => sum + (step.kind === "settled" ? step.settled : 0), 0);
    assert.equal(bySender + byFeed, count);
  },
);
