/** What verbs cost when the tables are large: no verb reads a table from end to end, and few rows are written. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { EventId, GrantId, GroupId, HookId, UserId } from "@trulinks/protocol";
import { PAGE_COUNT_MAX } from "../../base/page.ts";
import type { Claim } from "../../webhooks/claim.ts";
import type { Storage } from "../storage.ts";
import {
  APP,
  type Counting,
  claimUpTo,
  eventFor,
  HOOK,
  hookWith,
  NOW_MS,
  startCounting,
  wrote,
} from "./costs.contract.ts";

const GRANTS = 100_000;
const OLD_DELIVERIES = 20_000;

let counting: Counting;
before(async () => {
  counting = await startCounting();
  await counting.run(FILL, "ANALYZE");
});
after(() => counting.stop());

const FILL = `
  INSERT INTO users SELECT 'u' || n, NULL, NULL, 1 FROM generate_series(1, ${GRANTS}) n;
  INSERT INTO grants SELECT 'grn_' || n, 'u' || n, '${APP}', '[]', 1 FROM generate_series(1, ${GRANTS}) n;
  INSERT INTO tokens SELECT 'tok_' || n, sha256(n::text::bytea), 'u' || n, 'grn_' || n, '${APP}', NULL, 1, NULL
    FROM generate_series(1, ${OLD_DELIVERIES}) n;
  INSERT INTO group_members SELECT 'g' || n % 1000, 'u' || n, true FROM generate_series(1, ${OLD_DELIVERIES}) n;
  INSERT INTO events SELECT 'evt_' || n, 'old.event', 'event', 1, 'f', 1, '[]', '["id:evt_' || n || '"]', '{}'
    FROM generate_series(1, ${OLD_DELIVERIES}) n;
  INSERT INTO receipts SELECT 'id:evt_' || n, 'evt_' || n FROM generate_series(1, ${OLD_DELIVERIES}) n;
  INSERT INTO deliveries SELECT 'dlv_' || lpad(n::text, 8, '0'), 'evt_' || n, 'old.event', '${HOOK}', NULL, '${APP}',
      'u' || n, 'grn_' || n, n, CASE n % 50 WHEN 0 THEN 'failed' ELSE 'delivered' END, NULL, NULL, false, 1, 1,
      CASE n % 50 WHEN 0 THEN 500 ELSE 204 END, 1, ${NOW_MS}
    FROM generate_series(1, ${OLD_DELIVERIES}) n;
  INSERT INTO attempts SELECT 'dlv_' || lpad(n::text, 8, '0'), 1, 1, 'accepted', 204, NULL, 1, 1, NULL
    FROM generate_series(1, ${OLD_DELIVERIES}) n;
  UPDATE hooks SET last_sequence = ${OLD_DELIVERIES};`;

test("making an app's hook writes the hook, its turn and its secret, and reads no grant", async () => {
  const cost = await counting.costOf(({ webhooks }) =>
    webhooks.createHook(hookWith("hok_new" as HookId), new Uint8Array(60), { ownedMax: 100, knock: null }),
  );
  wrote(cost, { hooks: 1, hook_secrets: 1, turns: 1 });
});

test("changing its URL is one write", async () => {
  const cost = await counting.costOf(({ webhooks }) =>
    webhooks.changeHook(HOOK, { url: "https://new.example/" }, { nowMs: NOW_MS, knock: null }),
  );
  wrote(cost, { hooks: 1 });
});

test("revoking one of its grants is one write, and one for each token and membership", async () => {
  const cost = await counting.costOf(({ accounts }) => accounts.revokeGrant("grn_17" as GrantId, NOW_MS));
  wrote(cost, { grants: 1, tokens: 1, group_members: 1 });
});

test("an event for one of its users is written and nothing else, however often its statements are planned", async () => {
  const rounds = 12;
  const cost = await counting.costOf(async ({ webhooks }) => {
    for (let round = 0; round < rounds; round++) {
      const [ingested] = await webhooks.ingest([eventFor(`evt_new_${round}`, "u40000")], claimUpTo(1));
      assert.ok(ingested?.kind === "accepted");
      assert.equal(ingested.claims[0]?.sequence, OLD_DELIVERIES + round + 1);
    }
  });
  wrote(cost, { events: rounds, receipts: rounds, deliveries: rounds, hooks: rounds });
});

test("an event for a group reads its members only", async () => {
  const group = { ...eventFor("evt_group", "u50000"), groupIds: ["g7" as GroupId] };
  const cost = await counting.costOf(({ webhooks }) => webhooks.ingest([group], claimUpTo(0)));
  assert.deepEqual(cost.readThrough, []);
});

test("claiming and settling touch what is claimed", async () => {
  const cost = await counting.costOf(async ({ webhooks }) => {
    await webhooks.ingest(
      [eventFor("evt_claim_1", "u60000"), eventFor("evt_claim_2", "u60001")],
      claimUpTo(0),
    );
    await webhooks.findNextDueMs([]);
    await webhooks.findNextDueMs(["hok_new" as HookId]);
    const [first] = await webhooks.claimDue({
      ...claimUpTo(1),
      retriesMax: 10_000,
      hookMax: 10_000,
      exceptHooks: ["hok_new" as HookId],
    });
    const [second] = await webhooks.claimDue(claimUpTo(1));
    assert.ok(first && second);
    assert.equal(await settle(webhooks, first, { kind: "delivered" }), true);
    assert.equal(await settle(webhooks, second, { kind: "retry", atMs: NOW_MS + 5_000 }), true);
  });
  assert.deepEqual(cost.readThrough, []);
  assert.equal(cost.written.deliveries, 2 + 2 + 2);
});

test("a credential is found by its hash", async () => {
  const hash = (await counting.value("SELECT sha256('33'::bytea)")) as Uint8Array;
  const cost = await counting.costOf(async ({ accounts }) => {
    for (let round = 0; round < 12; round++) assert.ok(await accounts.findCredential(hash, NOW_MS));
  });
  wrote(cost, {});
});

test("deleting a user touches what belonged to that user", async () => {
  const cost = await counting.costOf(({ accounts }) => accounts.deleteUser("u19" as UserId, NOW_MS));
  wrote(cost, { users: 1, grants: 1, tokens: 1, group_members: 1, erasures: 1 });
});

const all = { kind: "all" } as const;
for (const [name, filter] of [
  ["by none", { reach: all }],
  ["by hook", { reach: all, hookId: HOOK }],
  ["by user", { reach: all, userId: "u99" as UserId }],
  ["by app", { reach: all, appId: APP }],
  ["by event", { reach: all, eventId: "evt_99" as EventId }],
  ["by a type that is rare", { reach: all, type: "issue.opened" }],
  ["by a type that nothing has", { reach: all, type: "none.such" }],
  ["by state waiting", { reach: all, state: "waiting" }],
  ["by state failed", { reach: all, state: "failed" }],
  ["by status", { reach: all, status: 500 }],
  ["by time", { reach: all, afterMs: NOW_MS - 10, beforeMs: NOW_MS + 10 }],
  ["within a grant's reach", { reach: { kind: "grant", grantId: "grn_99" as GrantId } }],
  ["within a user's reach", { reach: { kind: "user", userId: "u99" as UserId } }],
  ["within an app's reach", { reach: { kind: "app", appId: APP } }],
] as const) {
  test(`a list of deliveries ${name} has an index`, async () => {
    const cost = await counting.costOf(({ webhooks }) =>
      webhooks.listDeliveries(filter, { after: null, countMax: PAGE_COUNT_MAX }),
    );
    wrote(cost, {});
  });
}

function settle(
  webhooks: Storage["webhooks"],
  { deliveryId, lease, attempt: number }: Claim,
  next: Parameters<Storage["webhooks"]["settle"]>[0]["next"],
): Promise<boolean> {
  const timings = { dnsMs: null, connectMs: null, tlsMs: null, firstByteMs: 1, totalMs: 1 };
  const attempt = {
    number,
    atMs: NOW_MS,
    outcome: "accepted",
    status: 204,
    guideline: null,
    timings,
  } as const;
  return webhooks.settle({ deliveryId, lease, attempt: { ...attempt, exchange: null }, next, nowMs: NOW_MS });
}
