/** What verbs cost when much waits: what they touch, and not what there is. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { GrantId, GroupId, HookId, UserId } from "@trulinks/protocol";
import type { Storage } from "../storage.ts";
import {
  APP,
  type Cost,
  type Counting,
  claimUpTo,
  eventFor,
  HOOK,
  hookWith,
  NOW_MS,
  startCounting,
  wrote,
} from "./costs.contract.ts";

let counting: Counting;
before(async () => {
  counting = await startCounting();
  await counting.run(EVENTS, "ANALYZE");
});
after(() => counting.stop());

const EVENTS = `INSERT INTO events SELECT 'evt_' || n, 'issue.opened', 'opened', 1, NULL, 1, '[]', '[]', '{}'
  FROM generate_series(1, 20000) n`;

const CROWD_USERS = 100_000;
const CROWD = `
  INSERT INTO users SELECT 'c' || n, NULL, NULL, 1 FROM generate_series(1, ${CROWD_USERS}) n;
  INSERT INTO group_members SELECT 'crowd', 'c' || n FROM generate_series(1, ${CROWD_USERS}) n;
  INSERT INTO users SELECT 'o' || n, NULL, NULL, 1 FROM generate_series(1, 20000) n;
  INSERT INTO grants SELECT 'grn_o' || n, 'o' || n, '${APP}', '[]', 1 FROM generate_series(1, 20000) n;`;

function grantOf(userId: string): Parameters<Storage["accounts"]["grant"]>[0] {
  return { id: `grn_${userId}` as GrantId, userId: userId as UserId, appId: APP, scopes: [], nowMs: NOW_MS };
}

/** So many that were never tried, and a tenth as many retries, all due. */
function waitingFor(count: number): string {
  const columns = `id, event_id, type, hook_id, owner_app_id, user_id, sequence, state, because, next_at_ms, is_leased,
    lease, attempts_count, created_at_ms, data_bytes, round`;
  return `INSERT INTO deliveries (${columns})
    SELECT 'dlv_w' || lpad(n::text, 8, '0'), 'evt_' || n % 1000 + 1, 'issue.opened', '${HOOK}', '${APP}', 'u' || n % 1000,
      1000000 + n, 'waiting', 'due', ${NOW_MS} - ${count} + n, false, 0, CASE n % 11 WHEN 0 THEN 1 ELSE 0 END,
      ${NOW_MS} - ${count} + n, 1024, (SELECT round FROM hooks WHERE id = '${HOOK}') FROM generate_series(1, ${count}) n;
    UPDATE turns SET first_at_ms = 0, retry_at_ms = 0 WHERE hook_id = '${HOOK}';
    UPDATE hooks SET last_sequence = 1000000 + ${count} WHERE id = '${HOOK}'`;
}

test("an event for a group of many costs those of its members who can be reached", async () => {
  await counting.run(CROWD, "ANALYZE");
  const event = { ...eventFor("evt_crowd", "u50000"), userIds: [], groupIds: ["crowd" as GroupId] };
  const cost = await counting.costOf(async ({ accounts, webhooks }) => {
    for (const id of ["c7", "c70000"]) await accounts.grant(grantOf(id));
    const owner = { kind: "user", userId: "c77" as UserId } as const;
    const own = { ...hookWith("hok_own" as HookId), owner, state: "active" } as const;
    await webhooks.createHook(own, new Uint8Array(60), { ownedMax: 1, knock: null });
    const [ingested] = await webhooks.ingest([event], claimUpTo(0));
    assert.ok(ingested?.kind === "accepted");
    assert.equal(ingested.receipt.deliveries, 3);
  });
  assert.deepEqual(cost.readThrough, []);
  assert.equal(cost.written.group_members, 3);
  const read = cost.read.group_members ?? 0;
  assert.ok(read >= 3 && read < 30, `${read} of ${CROWD_USERS} memberships were read`);
});

test("claiming, and asking when, costs the same however much waits", async () => {
  const costs: Cost[] = [];
  for (const waiting of [500, 50_000]) {
    await counting.run("DELETE FROM deliveries", waitingFor(waiting), "VACUUM ANALYZE deliveries");
    costs.push(
      await counting.costOf(async ({ webhooks }) => {
        for (let round = 0; round < 10; round++) {
          const claims = await webhooks.claimDue({ ...claimUpTo(16), hookMax: 8 });
          assert.equal(claims.length, 8);
          assert.ok(claims.every(({ hook }) => hook.id === HOOK));
          assert.equal(await webhooks.findNextDueMs([HOOK]), null);
        }
      }),
    );
  }
  const [few, many] = costs.map((cost) => cost.read.deliveries ?? 0);
  assert.ok(few !== undefined && many !== undefined && few >= 80);
  assert.ok(many <= 2 * few, `${many} index entries were read where ${few} were with few waiting`);
  assert.ok(costs.every(({ written }) => written.deliveries === 80));
  assert.deepEqual(costs[1]?.readThrough, []);
});

for (const serial of [false, true]) {
  test(`what waits for a ${serial ? "serial " : ""}hook is looked at up to the bound, and so is a step of a walk`, async () => {
    await counting.run(`UPDATE hooks SET serial = ${serial} WHERE id = '${HOOK}'`);
    const own = await counting.costOf(async ({ backlog }) => {
      const [found] = await backlog.findBacklogs([HOOK], 100);
      assert.deepEqual([found?.waiting, found?.isMore], [100, true]);
    });
    const step = await counting.costOf(async ({ backlog }) => {
      const { next } = await backlog.findBacklogStep(null, 100);
      assert.ok(next);
      await backlog.findBacklogStep(next, 100);
    });
    await counting.run(`UPDATE hooks SET serial = false WHERE id = '${HOOK}'`);
    for (const { read, readThrough } of [own, step]) {
      assert.deepEqual(readThrough, []);
      assert.ok((read.deliveries ?? 0) < 1_000, `${read.deliveries} index entries were read`);
    }
  });
}

test("to pause a hook, to make it active and to release some of it touches what is released", async () => {
  const change = { nowMs: NOW_MS, knock: null };
  const paused = await counting.costOf(async ({ webhooks }) => {
    await webhooks.changeHook(HOOK, { state: "paused" }, change);
    await webhooks.changeHook(HOOK, { state: "active", releasePerS: null }, change);
  });
  wrote(paused, { hooks: 2, turns: 1 });
  const released = await counting.costOf(({ webhooks }) => webhooks.releaseHeld(NOW_MS, 20));
  wrote(released, { deliveries: 20, hooks: 1, turns: 1 });
  assert.ok((released.read.deliveries ?? 0) < 1_000, `${released.read.deliveries} index entries were read`);
});

test("what passes the bounds is found from the oldest, as far as one step goes", async () => {
  const trim = { nowMs: NOW_MS, olderThanMs: NOW_MS, bytesMax: 1e9, afterHook: null, hooksMax: 10 };
  const cost = await counting.costOf(async ({ webhooks }) => {
    assert.equal(await webhooks.expire(NOW_MS, 100), 0);
    assert.ok((await webhooks.trim({ ...trim, bytesMax: 100 * 1_024 })).expired <= 1_000);
  });
  assert.deepEqual(cost.readThrough, []);
  assert.ok((cost.read.deliveries ?? 0) < 5_000, `${cost.read.deliveries} index entries were read`);
});
