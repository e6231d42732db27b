/** What verbs cost when the tables are large: no verb reads a table from end to end, and few rows are written. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { AppId, EventId, GrantId, GroupId, HookId, UserId } from "@trulinks/protocol";
import pg from "pg";
import { type Postgres, usePostgres } from "../../../../../test/services/postgres.ts";
import { systemClock } from "../../base/clock.ts";
import { systemDice } from "../../base/dice.ts";
import { createLog } from "../../base/log.ts";
import { PAGE_COUNT_MAX } from "../../base/page.ts";
import type { Claim } from "../../webhooks/claim.ts";
import type { Hook } from "../../webhooks/hook.ts";
import type { NewEvent } from "../../webhooks/new-event.ts";
import type { Storage } from "../storage.ts";
import { openPostgres } from "./open.ts";

const GRANTS = 100_000;
const OLD_DELIVERIES = 20_000;
const NOW_MS = 1_790_000_000_000;
const APP = "app_large" as AppId;
const HOOK = "hok_large" as HookId;

let postgres: Postgres;
let url: string;
let observer: pg.Client;

before(async () => {
  postgres = await usePostgres();
  url = await postgres.createDatabase();
  observer = new pg.Client({ connectionString: url });
  await observer.connect();
  await withStorage(async ({ accounts, webhooks }) => {
    const client = { name: "large", owner: null, contact: null, clientId: "large", createdAtMs: 1 };
    await accounts.createApp({ id: APP, ...client }, new Uint8Array(32));
    await webhooks.createHook(hookWith(HOOK), new Uint8Array(60), { ownedMax: 100, knock: null });
  });
  await observer.query(FILL);
  await observer.query("ANALYZE");
});

after(async () => {
  await observer.end();
  await postgres.stop();
});

const FILL = `
  INSERT INTO users SELECT 'u' || n, NULL, NULL, 1 FROM generate_series(1, ${GRANTS}) n;
  INSERT INTO grants SELECT 'grn_' || n, 'u' || n, '${APP}', '[]', 1 FROM generate_series(1, ${GRANTS}) n;
  INSERT INTO tokens SELECT 'tok_' || n, sha256(n::text::bytea), 'u' || n, 'grn_' || n, '${APP}', NULL, 1, NULL
    FROM generate_series(1, ${OLD_DELIVERIES}) n;
  INSERT INTO group_members SELECT 'g' || n % 1000, 'u' || n FROM generate_series(1, ${OLD_DELIVERIES}) n;
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
  const cost = await costOf(({ webhooks }) =>
    webhooks.createHook(hookWith("hok_new" as HookId), new Uint8Array(60), { ownedMax: 100, knock: null }),
  );
  assert.deepEqual(cost, { written: { hooks: 1, hook_secrets: 1, turns: 1 }, readThrough: [] });
});

test("changing its URL is one write", async () => {
  const cost = await costOf(({ webhooks }) =>
    webhooks.changeHook(HOOK, { url: "https://new.example/" }, { nowMs: NOW_MS, knock: null }),
  );
  assert.deepEqual(cost, { written: { hooks: 1 }, readThrough: [] });
});

test("revoking one of its grants is one write, and one for each token of it", async () => {
  const cost = await costOf(({ accounts }) => accounts.revokeGrant("grn_17" as GrantId, NOW_MS));
  assert.deepEqual(cost, { written: { grants: 1, tokens: 1 }, readThrough: [] });
});

test("an event for one of its users is written and nothing else, however often its statements are planned", async () => {
  const rounds = 12;
  const cost = await costOf(async ({ webhooks }) => {
    for (let round = 0; round < rounds; round++) {
      const [ingested] = await webhooks.ingest([eventFor(`evt_new_${round}`, "u40000")], claimUpTo(1));
      assert.ok(ingested?.kind === "accepted");
      assert.equal(ingested.claims[0]?.sequence, OLD_DELIVERIES + round + 1);
    }
  });
  assert.deepEqual(cost, {
    written: { events: rounds, receipts: rounds, deliveries: rounds, hooks: rounds },
    readThrough: [],
  });
});

test("an event for a group reads its members only", async () => {
  const group = { ...eventFor("evt_group", "u50000"), groupIds: ["g7" as GroupId] };
  const cost = await costOf(({ webhooks }) => webhooks.ingest([group], claimUpTo(0)));
  assert.deepEqual(cost.readThrough, []);
});

test("claiming and settling touch what is claimed", async () => {
  const cost = await costOf(async ({ webhooks }) => {
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
  const hash = await observer.query("SELECT sha256('33'::bytea) AS hash");
  const cost = await costOf(async ({ accounts }) => {
    for (let round = 0; round < 12; round++)
      assert.ok(await accounts.findCredential(hash.rows[0].hash, NOW_MS));
  });
  assert.deepEqual(cost, { written: {}, readThrough: [] });
});

test("deleting a user touches what belonged to that user", async () => {
  const cost = await costOf(({ accounts }) => accounts.deleteUser("u19" as UserId, NOW_MS));
  assert.deepEqual(cost, { written: { users: 1, grants: 1, tokens: 1, group_members: 1 }, readThrough: [] });
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
    const cost = await costOf(({ webhooks }) =>
      webhooks.listDeliveries(filter, { after: null, countMax: PAGE_COUNT_MAX }),
    );
    assert.deepEqual(cost, { written: {}, readThrough: [] });
  });
}

interface Cost {
  /** Rows written, by table. */
  readonly written: Readonly<Record<string, number>>;
  /** Large tables that were read from end to end. */
  readonly readThrough: readonly string[];
}

// These have few rows here as in life, and reading them whole is then the best plan.
const SMALL = new Set([
  "apps",
  "hooks",
  "turns",
  "hook_secrets",
  "user_secrets",
  "schema_version",
  "settings",
  "idempotency",
]);

async function costOf(run: (storage: Storage) => Promise<unknown>): Promise<Cost> {
  const earlier = await counters();
  await withStorage(run);
  const later = await counters();
  const changed = [...later].map(([table, [written, read]]) => {
    const [writtenBefore, readBefore] = earlier.get(table) ?? [0, 0];
    return { table, written: written - writtenBefore, read: read - readBefore };
  });
  return {
    written: Object.fromEntries(changed.filter((of) => of.written > 0).map((of) => [of.table, of.written])),
    readThrough: changed.filter((of) => of.read > 0 && !SMALL.has(of.table)).map((of) => of.table),
  };
}

/** By table: rows written, and rows read by scans of the whole table. */
async function counters(): Promise<ReadonlyMap<string, readonly [number, number]>> {
  const found = await observer.query<{ table: string; written: string; read: string }>(
    `SELECT relname AS table, n_tup_ins + n_tup_upd + n_tup_del AS written, seq_tup_read AS read
     FROM pg_stat_user_tables`,
  );
  return new Map(found.rows.map((row) => [row.table, [Number(row.written), Number(row.read)]]));
}

/** A connection hands its counts in when it ends; so we wait until all have ended. */
async function withStorage(run: (storage: Storage) => Promise<unknown>): Promise<void> {
  const log = createLog({ level: "error" });
  const storage = await openPostgres({ url, clock: systemClock, dice: systemDice, log });
  try {
    await run(storage);
  } finally {
    await storage.close();
  }
  const others = `SELECT FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()
    AND backend_type = 'client backend'`;
  while ((await observer.query(others)).rowCount !== 0) await systemClock.sleep(5);
}

function eventFor(id: string, userId: string): NewEvent {
  return {
    id: id as EventId,
    receiptKeys: [`id:${id}`],
    fingerprint: id,
    type: "issue.opened",
    action: "opened",
    data: "{}",
    userIds: [userId as UserId],
    groupIds: [],
    key: null,
    expiresAtMs: null,
    sensitive: [],
    scopes: null,
    fieldScopes: [],
    trace: null,
    atMs: NOW_MS,
  };
}

function claimUpTo(countMax: number): {
  nowMs: number;
  countMax: number;
  retriesMax: 10_000;
  hookMax: 10_000;
  exceptHooks: [];
} {
  return { nowMs: NOW_MS, countMax, retriesMax: 10_000, hookMax: 10_000, exceptHooks: [] };
}

function settle(
  webhooks: Storage["webhooks"],
  { deliveryId, lease, attempt: number }: Claim,
  next: Parameters<Storage["webhooks"]["settle"]>[0]["next"],
): Promise<boolean> {
  const timings = { firstByteMs: 1, totalMs: 1 };
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

function hookWith(id: HookId): Hook {
  return {
    id,
    owner: { kind: "app", appId: APP },
    url: "https://receiver.example/",
    events: ["issue.*"],
    secretPer: "user",
    signature: "standard",
    verifyTls: true,
    ca: null,
    ackDeadlineMs: 10_000,
    retries: "default",
    inFlightMax: 8,
    serial: false,
    filter: [],
    include: null,
    state: id === HOOK ? "active" : "disabled",
    createdAtMs: NOW_MS,
  };
}
