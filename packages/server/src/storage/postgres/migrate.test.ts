import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { DeliveryId, EventId, GroupId, HookId, UserId } from "@trulinks/protocol";
import { type Postgres, usePostgres } from "../../../../../test/services/postgres.ts";
import { systemClock } from "../../base/clock.ts";
import { systemDice } from "../../base/dice.ts";
import { createLog } from "../../base/log.ts";
import { eventFor, hookWith } from "./costs.contract.ts";
import { connect, type Database } from "./database.ts";
import { MIGRATIONS, migrate, NewerSchema } from "./migrate.ts";
import { openPostgres } from "./open.ts";

let postgres: Postgres;
before(async () => {
  postgres = await usePostgres();
});
after(() => postgres.stop());

const STEPS = ["CREATE TABLE first (n int);", "CREATE TABLE second (n int); INSERT INTO second VALUES (2);"];

async function onEmpty(
  use: (databases: readonly [Database, ...Database[]]) => Promise<void>,
  count = 1,
): Promise<void> {
  const url = await postgres.createDatabase();
  const world = { clock: systemClock, dice: systemDice, log: createLog({ level: "error" }) };
  const databases = Array.from({ length: count }, () => connect({ url, ...world }));
  const [first, ...others] = databases;
  assert.ok(first);
  try {
    await use([first, ...others]);
  } finally {
    for (const database of databases) await database.close();
  }
}

test("an empty database gets the schema, and a second start changes nothing", () =>
  onEmpty(async ([database]) => {
    await migrate(database);
    await migrate(database);
    const version = await database.all("SELECT number FROM schema_version");
    assert.deepEqual(version, [{ number: MIGRATIONS.length }]);
    assert.deepEqual(await database.all("SELECT id FROM deliveries"), []);
  }));

test("an older schema is brought up to date, and what it holds stays", () =>
  onEmpty(async ([database]) => {
    await migrate(database, STEPS.slice(0, 1));
    await database.run("INSERT INTO first VALUES (1)");
    await migrate(database, STEPS);
    assert.deepEqual(await database.all("SELECT n FROM first UNION ALL SELECT n FROM second"), [
      { n: 1 },
      { n: 2 },
    ]);
  }));

test("a newer schema is refused, and left as it is", () =>
  onEmpty(async ([database]) => {
    await migrate(database, STEPS);
    await assert.rejects(migrate(database, STEPS.slice(0, 1)), new NewerSchema(2, 1));
    assert.equal(
      new NewerSchema(7, 5).message,
      "This data was written by a newer version (schema 7; this one knows 5). Start the newer version.",
    );
    assert.deepEqual(await database.all("SELECT number FROM schema_version"), [{ number: 2 }]);
  }));

test("of nodes that start at once, one migrates and the others find it done", () =>
  onEmpty(async (databases) => {
    await Promise.all(databases.map((database) => migrate(database, STEPS)));
    assert.deepEqual(await databases[0].all("SELECT n FROM second"), [{ n: 2 }]);
  }, 5));

test("a migration that fails changes nothing", () =>
  onEmpty(async ([database]) => {
    await migrate(database, STEPS.slice(0, 1));
    const broken = [STEPS[0] ?? "", "CREATE TABLE second (n int); SELECT no_such_column FROM first;"];
    await assert.rejects(migrate(database, broken), /no_such_column/);
    assert.deepEqual(await database.all("SELECT number FROM schema_version"), [{ number: 1 }]);
    await migrate(database, STEPS);
  }));

const EVENT = eventFor("evt_2", "ann");
const HOOK = { ...hookWith("hok_new" as HookId), owner: { kind: "user", userId: "eve" as UserId } } as const;
const PING = { eventId: "evt_ping" as EventId, deliveryId: "dlv_ping" as DeliveryId };

// What version 1 left: a user with a hook that is paused and one that is not, an app's pending hook, and what waits for them.
const VERSION_1 = `
  INSERT INTO users VALUES ('ann', NULL, NULL, 1), ('bob', NULL, NULL, 1), ('eve', NULL, NULL, 1);
  INSERT INTO apps VALUES ('app_1', 'one', NULL, NULL, 'one', '', 1);
  INSERT INTO grants VALUES ('grn_1', 'bob', 'app_1', '[]', 1);
  INSERT INTO group_members VALUES ('crew', 'ann'), ('crew', 'bob'), ('crew', 'eve');
  INSERT INTO hooks (id, owner_user_id, owner_app_id, state, last_sequence, url, events, secret_per, signature,
    verify_tls, ca, ack_deadline_ms, retries, in_flight_max, created_at_ms)
  SELECT id, owner, app, state, numbers, 'https://Host.example:8443/x?y', ARRAY['*'], 'hook', 'standard', true, NULL,
    10000, 'default', 8, 1
  FROM (VALUES ('hok_paused', 'ann', NULL, 'paused', 2), ('hok_active', 'ann', NULL, 'active', 3),
    ('hok_pending', NULL, 'app_1', 'pending', 1)) AS made (id, owner, app, state, numbers);
  INSERT INTO hook_secrets SELECT id, 1, '', NULL FROM hooks;
  INSERT INTO events VALUES ('evt_1', 'issue.opened', 'opened', 1, 'f', 6, '[]', '[]', '{"text":"Ω"}');
  INSERT INTO deliveries (id, event_id, type, hook_id, sequence, state, because, next_at_ms, is_leased, lease,
    attempts_count, created_at_ms, ended_at_ms)
  SELECT 'dlv_' || hook_id || sequence, 'evt_1', 'issue.opened', hook_id, sequence, state, because, next_at_ms,
    is_leased, lease, attempts_count, 1, ended_at_ms
  FROM (VALUES
    ('hok_paused', 1, 'waiting', 'hook-paused', NULL::bigint, false, 1, 1, NULL::bigint),
    ('hok_paused', 2, 'waiting', 'hook-paused', NULL, false, 0, 0, NULL),
    ('hok_active', 1, 'delivered', NULL, NULL, false, 1, 1, 5),
    ('hok_active', 2, 'waiting', 'due', 3, false, 0, 0, NULL),
    ('hok_active', 3, 'waiting', 'due', 15000, true, 1, 0, NULL),
    ('hok_pending', 1, 'waiting', 'hook-pending', NULL, false, 0, 0, NULL)
  ) AS made (hook_id, sequence, state, because, next_at_ms, is_leased, lease, attempts_count, ended_at_ms);
  UPDATE deliveries SET owner_user_id = 'ann', user_id = 'ann' WHERE hook_id <> 'hok_pending';
  UPDATE deliveries SET owner_app_id = 'app_1', user_id = 'bob' WHERE hook_id = 'hok_pending';`;

test("what waited under the first version is kept, released and claimed as before", async () => {
  const url = await postgres.createDatabase();
  const world = { clock: systemClock, dice: systemDice, log: createLog({ level: "error" }) };
  const database = connect({ url, ...world });
  await migrate(database, MIGRATIONS.slice(0, 1));
  await database.transact((transaction) => transaction.exec(VERSION_1));
  await database.close();

  const storage = await openPostgres({ url, ...world });
  const { webhooks } = storage;
  const claim = async (nowMs: number): Promise<readonly string[]> =>
    (await webhooks.claimDue({ nowMs, countMax: 9, retriesMax: 9, hookMax: 9, exceptHooks: [] })).map(
      ({ deliveryId, attempt }) => `${deliveryId} ${attempt}`,
    );
  const listed = await webhooks.listDeliveries(
    { reach: { kind: "all" }, state: "waiting" },
    { after: null, countMax: 9 },
  );
  assert.deepEqual(listed.items.map(({ id, because, dueAtMs }) => `${id} ${because} ${dueAtMs}`).sort(), [
    "dlv_hok_active2 due 3",
    "dlv_hok_active3 due null",
    "dlv_hok_paused1 hook-paused null",
    "dlv_hok_paused2 hook-paused null",
    "dlv_hok_pending1 hook-pending null",
  ]);
  assert.deepEqual(await claim(10), ["dlv_hok_active2 1"]);
  assert.deepEqual(await claim(15_000), ["dlv_hok_active3 1"]);
  await webhooks.changeHook("hok_paused" as HookId, { state: "active" }, { nowMs: 15_001, knock: null });
  assert.equal(await webhooks.releaseHeld(15_001, 9), null);
  assert.deepEqual((await claim(15_001)).toSorted(), ["dlv_hok_paused1 2", "dlv_hok_paused2 1"]);
  const trim = { nowMs: 15_002, olderThanMs: 0, afterHook: null, hooksMax: 9 };
  assert.equal((await webhooks.trim({ ...trim, bytesMax: 13 })).expired, 0);
  assert.equal((await webhooks.trim({ ...trim, bytesMax: 12 })).expired, 1);
  const members = { ...EVENT, userIds: [], groupIds: ["crew" as GroupId] };
  const none = { nowMs: 15_003, countMax: 0, retriesMax: 0, hookMax: 0, exceptHooks: [] };
  const [ingested] = await webhooks.ingest([members], none);
  assert.ok(ingested?.kind === "accepted");
  assert.equal(ingested.receipt.deliveries, 3);
  const hosts = { url: "https://host.example:8443/", state: "pending" } as const;
  const knock = { ping: { ...PING, data: "{}", atMs: 15_004 }, hostMax: 1 };
  const made = await webhooks.createHook({ ...HOOK, ...hosts }, new Uint8Array(60), { ownedMax: 9, knock });
  assert.equal(made.kind, "too-many-pending");
  await storage.close();
});
