/** No search of deliveries walks through more of an index than it may, whatever the planner thinks of the filter. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { type EventId, type GrantId, makeId, type UserId } from "@trulinks/protocol";
import type { DeliveryFilter, DeliveryReach } from "../../webhooks/store.ts";
import { LOOKED_AT_MAX, PROBED_MAX } from "../delivery-search.ts";
import { APP, type Counting, HOOK, NOW_MS, startCounting } from "./costs.contract.ts";

// Far more than what `AT_ONCE` searches may look at together, so that one that reads them all cannot hide.
const ROWS = 300_000;
const AT_ONCE = 10;
const WAYS_MAX = 8;
const READ_MAX = 2 * LOOKED_AT_MAX + WAYS_MAX * PROBED_MAX;

let counting: Counting;

before(async () => {
  counting = await startCounting();
  const alphabet = "0123456789abcdefghjkmnpqrstvwxyz";
  assert.equal(makeId("delivery", NOW_MS, new Uint8Array()).slice(4, 14).length, 10);
  await counting.run(
    `CREATE FUNCTION id_at(at_ms bigint) RETURNS text LANGUAGE sql IMMUTABLE AS $$
       SELECT 'dlv_' || string_agg(substr('${alphabet}', ((at_ms >> (5 * (9 - place))) & 31)::integer + 1, 1), '' ORDER BY place)
       FROM generate_series(0, 9) AS place $$`,
    `INSERT INTO users (id, created_at_ms) SELECT 'u' || n, 1 FROM generate_series(0, 19999) AS n`,
    `INSERT INTO grants (id, user_id, app_id, scopes, created_at_ms)
       SELECT 'grn_' || n, 'u' || n, '${APP}', '[]', 1 FROM generate_series(0, 19999) AS n`,
    // Each rare value stands far back, among ones that have been common ever since.
    `INSERT INTO deliveries (id, event_id, type, hook_id, owner_user_id, owner_app_id, user_id, grant_id, sequence, state,
         is_leased, lease, attempts_count, last_status, created_at_ms, ended_at_ms)
       SELECT id_at(${NOW_MS} + n) || '0000000000000000', 'evt_' || n / 3,
         CASE WHEN n < 20 THEN 'rare.type' WHEN n % 2 = 0 THEN 'even.type' ELSE 'odd.type' END,
         CASE WHEN n % 4 = 0 THEN 'hok_own' ELSE '${HOOK}' END,
         CASE WHEN n % 4 = 0 THEN 'u1' END, CASE WHEN n % 4 <> 0 THEN '${APP}' END,
         'u' || CASE WHEN n % 4 = 0 THEN 1 ELSE n % 50 END,
         CASE WHEN n % 4 <> 0 THEN 'grn_' || n % 50 END, n,
         CASE WHEN n < 900 THEN 'waiting' WHEN n % 4 = 0 AND n < 9000 THEN 'failed' ELSE 'delivered' END, false, 0, 1,
         CASE WHEN n < 30 THEN 204 WHEN n % 4 = 0 AND n < 9000 THEN 500 ELSE 200 END,
         ${NOW_MS} + n, CASE WHEN n >= 900 THEN ${NOW_MS} + n END
       FROM generate_series(0, ${ROWS - 1}) AS n`,
    "VACUUM ANALYZE deliveries",
    "ANALYZE grants",
  );
});
after(() => counting.stop());

const FILTERS: readonly Omit<DeliveryFilter, "reach">[] = [
  { hookId: HOOK },
  { userId: "u7" as UserId },
  { appId: APP },
  { type: "rare.type" },
  { type: "odd.type" },
  { eventId: "evt_9" as EventId },
  ...([200, 204, 500] as const).map((status) => ({ status })),
  ...(["waiting", "failed", "delivered", "revoked"] as const).map((state) => ({ state })),
  { beforeMs: NOW_MS + 50 },
  { afterMs: NOW_MS + ROWS - 50 },
];

const REACHES: readonly DeliveryReach[] = [
  { kind: "all" },
  { kind: "grant", grantId: "grn_7" as GrantId },
  { kind: "user", userId: "u1" as UserId },
  { kind: "app", appId: APP },
];

const pairs = FILTERS.flatMap((one, index) => FILTERS.slice(index).map((other) => ({ ...one, ...other })));
const PAGE = { after: null, countMax: 50 };

for (const mode of ["force_custom_plan", "force_generic_plan"]) {
  describe(`with ${mode}`, () => {
    before(() =>
      counting.run(
        `DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET plan_cache_mode = ${mode}', current_database()); END $$`,
      ),
    );
    for (const reach of REACHES) {
      test(`within the reach of ${reach.kind}, each filter and every two`, async () => {
        for (let from = 0; from < pairs.length; from += AT_ONCE) {
          const filters = pairs.slice(from, from + AT_ONCE);
          const cost = await counting.costOf(async ({ webhooks }) => {
            for (const filter of filters) await webhooks.listDeliveries({ reach, ...filter }, PAGE);
          });
          const title = JSON.stringify(filters);
          assert.deepEqual(cost.readThrough, [], title);
          assert.ok(
            (cost.read["deliveries"] ?? 0) <= AT_ONCE * READ_MAX,
            `${cost.read["deliveries"]}: ${title}`,
          );
        }
      });
    }
  });
}

test("what is rare is found at once", async () => {
  const found: unknown[] = [];
  await counting.costOf(async ({ webhooks }) => {
    for (const filter of [
      { type: "rare.type", hookId: HOOK },
      { status: 204, type: "rare.type" },
      { status: 204, state: "waiting" },
      { beforeMs: NOW_MS + 50 },
    ] as const) {
      const page = await webhooks.listDeliveries({ reach: { kind: "all" }, ...filter }, PAGE);
      found.push([page.items.length, page.next]);
    }
  });
  assert.deepEqual(found, [
    [15, null],
    [20, null],
    [30, null],
    [50, null],
  ]);
});
