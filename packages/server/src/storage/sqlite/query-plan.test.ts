/** No verb that runs often reads a table from end to end. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type {
  AppId,
  DeliveryId,
  EventId,
  GrantId,
  GroupId,
  HookId,
  ReplayId,
  TokenId,
  UserId,
} from "@trulinks/protocol";
import { type AttemptRecord, DELIVERY_STATES } from "../../webhooks/delivery.ts";
import { type Hook, SOUND } from "../../webhooks/hook.ts";
import type { ReplayFilter } from "../../webhooks/replay.ts";
import type { DeliveryFilter, DeliveryReach } from "../../webhooks/store.ts";
import { openRecorder } from "./recorder.contract.ts";
import type { Verbs } from "./verbs.ts";

const ANN = "ann" as UserId;
const APP = "app_1" as AppId;
const HOK = "hok_1" as HookId;
const PAGE = { after: "a", countMax: 50 };
const ALL: DeliveryReach = { kind: "all" };

const HOOK: Hook = {
  ...{ id: HOK, owner: { kind: "app", appId: APP }, url: "https://receiver.example/", events: ["*"] },
  ...{ secretPer: "user", signature: "standard", verifyTls: true, ca: null, ackDeadlineMs: 10_000 },
  ...{
    retries: "default",
    inFlightMax: 8,
    serial: false,
    filter: [],
    include: null,
    state: "active",
    health: SOUND,
    createdAtMs: 1,
  },
};

const { database, verbs, takeTexts } = openRecorder();
const { accounts, webhooks, health, backlog, idempotency, feed, replays } = verbs;
prepare(verbs);

/** How SQLite would go about the statements that `run` runs. */
function plansOf(run: () => unknown): readonly string[] {
  takeTexts();
  run();
  return [...new Set(takeTexts())].flatMap((text) =>
    database
      .all<{ readonly detail: string }>(`EXPLAIN QUERY PLAN ${text}`)
      .map(({ detail }) => `${detail}   in   ${text}`),
  );
}

// Of these a statement makes its own few rows, and of replays only so many may be open. A SCAN of a table by an index is
// still a walk over all of it.
const OWN_ROWS = /^SCAN (json_each|waiting|CONSTANT ROW|\(subquery|replays USING INDEX replays_open)/;

function scansOf(run: () => unknown): readonly string[] {
  return plansOf(run).filter((plan) => plan.startsWith("SCAN") && !OWN_ROWS.test(plan));
}

const REPLAYED: readonly Partial<ReplayFilter>[] = [
  {},
  { hookId: HOK, after: 0 },
  { userId: ANN, sinceMs: 0 },
  { appId: APP },
  { type: "issue.opened" },
];

const OFTEN: Readonly<Record<string, () => unknown>> = {
  ingest: () =>
    webhooks.ingest([eventOf("evt_x")], {
      nowMs: 9,
      countMax: 1,
      retriesMax: 10_000,
      hookMax: 10_000,
      exceptHooks: [],
    }),
  claimDue: () =>
    webhooks.claimDue({ nowMs: 9, countMax: 5, retriesMax: 10_000, hookMax: 10_000, exceptHooks: [] }),
  release: () => webhooks.release([{ deliveryId: "d" as DeliveryId, lease: 1 }], 9),
  settle: () => {
    const [claim] = webhooks.claimDue({
      nowMs: 1e12,
      countMax: 1,
      retriesMax: 10_000,
      hookMax: 10_000,
      exceptHooks: [],
    });
    assert.ok(claim);
    const attempt: AttemptRecord = {
      ...{ number: 1, atMs: 1, outcome: "refused", status: 500, guideline: null, exchange: null },
      timings: { dnsMs: null, connectMs: null, tlsMs: null, firstByteMs: null, totalMs: 1 },
    };
    const { deliveryId, lease } = claim;
    webhooks.settle({ deliveryId, lease, attempt, next: { kind: "failed", because: "gone" }, nowMs: 9 });
  },
  findNextDueMs: () => webhooks.findNextDueMs([]),
  findCredential: () => accounts.findCredential(new Uint8Array(32), 9),
  findAppByClientId: () => accounts.findAppByClientId("c"),
  createToken: () =>
    accounts.createToken({
      ...{ id: "tok_x" as TokenId, hash: Uint8Array.of(7), userId: ANN, appId: APP, scopes: null },
      ...{ newGrantId: "grn_x" as GrantId, nowMs: 9, expiresAtMs: null },
    }),
  changeHook: () => webhooks.changeHook(HOK, { state: "paused" }, { nowMs: 9, knock: null }),
  releaseHeld: () => webhooks.releaseHeld(99, 5),
  noteFailing: () =>
    health.noteFailing({ hookId: HOK, url: HOOK.url, outcome: "reset", status: null, nowMs: 9 }),
  "health.listSteps": () => health.listSteps({ tellSinceMs: 9, pauseSinceMs: 9, pauseToldMs: 9 }, 5),
  "changeHook to active": () => webhooks.changeHook(HOK, { state: "active" }, { nowMs: 9, knock: null }),
  ping: () =>
    webhooks.ping(HOK, { eventId: "e" as EventId, deliveryId: "p" as DeliveryId, atMs: 9, data: "{}" }),
  rotateSecret: () => webhooks.rotateSecret(HOK, new Uint8Array(9), { nowMs: 9, oldUntilMs: 99 }),
  rotateUserSecret: () => webhooks.rotateUserSecret(HOK, ANN, { nowMs: 9, oldUntilMs: 99 }),
  redeliver: () => {
    const failed = "SELECT id FROM deliveries WHERE state = 'failed' AND hook_id = ? ORDER BY key";
    const [delivery] = database.all<{ readonly id: DeliveryId }>(failed, HOK);
    takeTexts();
    assert.ok(delivery);
    assert.equal(replays.redeliver(delivery.id, { kind: "app", appId: APP }, 9).kind, "waiting");
  },
  createReplay: () => {
    for (const [index, filter] of REPLAYED.entries()) {
      const made = replays.createReplay({
        ...{ id: `rpl_${index}` as ReplayId, reach: ALL, perS: null, nowMs: 9, ownedMax: 50, countMax: 50 },
        filter: { states: ["failed", "delivered"], ...filter },
      });
      assert.equal(made.kind, "made");
    }
  },
  advanceReplays: () => {
    // Finds hooks, counts, makes due and ends, for each of them.
    for (let step = 0; replays.advanceReplays(9 + step).nextMs !== null; step++) assert.ok(step < 100);
    assert.equal(replays.findReplay("rpl_0" as ReplayId, ALL)?.state, "done");
  },
  listReplays: () => replays.listReplays({ kind: "app", appId: APP }, PAGE),
  sweepReplays: () => assert.equal(replays.sweepReplays(1e13, 5), 5),
  "startErasure and erase": () => {
    verbs.record.startErasure(ANN, 9);
    verbs.record.erase(9, 5);
  },
  endPayloads: () => verbs.record.endPayloads({ beforeMs: 1e13, countMax: 5 }),
  "webhooks.sweep": () => webhooks.sweep({ beforeMs: 99, countMax: 5 }),
  "idempotency.begin": () => idempotency.begin(keyOf("k")),
  "idempotency.sweep": () => idempotency.sweep(9, 5),
  findBacklogs: () => backlog.findBacklogs([HOK], 1),
  findBacklogStep: () => backlog.findBacklogStep(JSON.stringify(["hok_1", 1]), 5),
  listUsers: () => accounts.listUsers(PAGE),
  listApps: () => accounts.listApps(PAGE),
  listGrants: () => accounts.listGrants({ appId: APP }, PAGE),
  "listGrants of a user": () => accounts.listGrants({ userId: ANN }, PAGE),
  listTokens: () => accounts.listTokens({ userId: ANN }, PAGE, 9),
  "listTokens of a grant": () => accounts.listTokens({ grantId: "grn_1" as GrantId }, PAGE, 9),
  listGroups: () => accounts.listGroups(PAGE),
  listGroupUsers: () => accounts.listGroupUsers("g" as GroupId, PAGE),
  listHooks: () => webhooks.listHooks({ kind: "app", appId: APP }, PAGE),
  findDelivery: () => webhooks.findDelivery("d" as DeliveryId, { kind: "app", appId: APP }),
  readFeed: () => feed.readFeed({ hookId: HOK, after: 0, countMax: 5, bytesMax: 1e6, nowMs: 9 }),
  acknowledge: () => feed.acknowledge({ hookId: HOK, through: 1, nowMs: 9, countMax: 5 }),
  findNewer: () => feed.findNewer([{ hookId: HOK, after: 0 }]),
  revokeGrant: () => accounts.revokeGrant("grn_1" as GrantId, 9),
  deleteHook: () => webhooks.deleteHook(HOK, 9),
  deleteUser: () => accounts.deleteUser(ANN, 9),
  deleteApp: () => accounts.deleteApp(APP, 9),
};

/** Reads a table, or sorts. What was looked at for a page is bounded, and its rows are run through as they come. */
const isWalk = (plan: string): boolean => /^SCAN (?!looked)|TEMP B-TREE/.test(plan) && !OWN_ROWS.test(plan);

describe("no table is read from end to end by", () => {
  const filters: readonly Omit<DeliveryFilter, "reach">[] = [
    { hookId: HOK },
    { userId: ANN },
    { appId: APP },
    { type: "issue.opened" },
    { eventId: "evt_1" as EventId },
    ...[200, 204, 500].map((status) => ({ status })),
    ...DELIVERY_STATES.map((state) => ({ state })),
    { afterMs: 5 },
    { beforeMs: 5 },
  ];
  const reaches: readonly DeliveryReach[] = [
    ALL,
    { kind: "grant", grantId: "grn_1" as GrantId },
    { kind: "user", userId: ANN },
    { kind: "app", appId: APP },
  ];
  for (const reach of reaches) {
    test(`listDeliveries by every filter and every two, within the reach of ${reach.kind}`, () => {
      for (const one of filters) {
        for (const other of filters) {
          const filter = { reach, ...one, ...other };
          const plans = plansOf(() => webhooks.listDeliveries(filter, PAGE));
          const title = JSON.stringify(filter);
          assert.ok(
            plans.some((plan) => /^SEARCH deliveries USING (COVERING )?INDEX/.test(plan)),
            title,
          );
          assert.deepEqual(plans.filter(isWalk), [], title);
        }
      }
    });
  }

  // These end what those look for.
  for (const [name, run] of Object.entries(OFTEN)) {
    test(name, () => assert.deepEqual(scansOf(run), []));
  }

  test("but the check itself does see a scan", () => {
    assert.equal(scansOf(() => database.all("SELECT * FROM events WHERE action = 'x'")).length, 1);
  });
});

test("what waits is read from one index, without a look at the rows", () => {
  const plans = plansOf(() => [backlog.findBacklogs([HOK], 1), backlog.findBacklogStep(null, 1)]);
  const looks = plans.filter((plan) => /^(SEARCH|SCAN) deliveries.* in {3}SELECT/.test(plan));
  assert.ok(looks.length >= 3, looks.join("\n"));
  assert.deepEqual(
    looks.filter(
      (plan) => !plan.includes("USING COVERING INDEX deliveries_waiting") && !plan.includes("deliveries_due"),
    ),
    [],
  );
  assert.deepEqual(
    plansOf(() => backlog.findHookCounts()).filter(
      (plan) => !plan.includes("USING COVERING INDEX hooks_by_state"),
    ),
    [],
  );
});

test("claiming runs the same statements however much waits, and none for hooks that are left out", () => {
  const statements = [5, 1_001].map((waiting) => {
    const { verbs: engine, takeTexts: take } = openRecorder();
    prepare(engine);
    const backlog = Array.from({ length: waiting }, (_, n) => eventOf(`evt_b${n}`));
    const claim = { nowMs: 9, countMax: 5, retriesMax: 5, hookMax: 5, exceptHooks: [] };
    engine.webhooks.ingest(backlog, { ...claim, nowMs: 1, countMax: 0 });
    engine.webhooks.findNextDueMs([]);
    take();
    assert.deepEqual(engine.webhooks.claimDue({ ...claim, exceptHooks: [HOK] }), []);
    const passing = take();
    assert.equal(engine.webhooks.claimDue(claim).length, 5);
    return [passing, take()];
  });
  assert.deepEqual(statements[0], statements[1]);
  assert.deepEqual(statements[0]?.[0], []);
  assert.ok((statements[0]?.[1]?.length ?? 0) > 5);
});

function prepare({ accounts, webhooks }: Verbs): void {
  accounts.createUser({ id: ANN, name: null, email: null, createdAtMs: 1 });
  const app = { id: APP, name: "a", owner: null, contact: null, clientId: "c", createdAtMs: 1 };
  accounts.createApp(app, new Uint8Array(32));
  accounts.grant({ id: "grn_1" as GrantId, userId: ANN, appId: APP, scopes: [], nowMs: 1 });
  webhooks.createHook(HOOK, new Uint8Array(32), { ownedMax: 9, knock: null });
  for (const id of ["evt_1", "evt_2"]) {
    webhooks.ingest([eventOf(id)], {
      nowMs: 1,
      countMax: 0,
      retriesMax: 10_000,
      hookMax: 10_000,
      exceptHooks: [],
    });
  }
}

function eventOf(id: string) {
  return {
    ...{ id: id as EventId, receiptKeys: [`id:${id}`], fingerprint: "f", type: "issue.opened" },
    ...{
      action: "opened",
      data: "{}",
      userIds: [ANN],
      groupIds: ["g" as GroupId],
      key: null,
      expiresAtMs: null,
      sensitive: [],
      scopes: null,
      fieldScopes: [],
      trace: null,
      atMs: 1,
    },
  };
}

function keyOf(key: string) {
  return { scope: "s", key, fingerprint: "f", nowMs: 1, heldUntilMs: 2, expiresAtMs: 3 };
}
