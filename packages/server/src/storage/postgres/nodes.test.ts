/** Several nodes over one database: what the contract of one node cannot show. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { AppId, DeliveryId, EventId, HookId, UserId } from "@trulinks/protocol";
import { matchesAny } from "@trulinks/protocol";
import { type Postgres, usePostgres } from "../../../../../test/services/postgres.ts";
import { systemClock } from "../../base/clock.ts";
import { systemDice } from "../../base/dice.ts";
import { createLog } from "../../base/log.ts";
import { Unavailable } from "../../base/unavailable.ts";
import type { Claim } from "../../webhooks/claim.ts";
import type { Hook } from "../../webhooks/hook.ts";
import type { Ingested, NewEvent } from "../../webhooks/new-event.ts";
import type { Storage } from "../storage.ts";
import { openPostgres } from "./open.ts";

const WORLD = { clock: systemClock, dice: systemDice, log: createLog({ level: "error" }) };
const NOW_MS = 1_790_000_000_000;
const ANN = "ann" as UserId;
const APP = "app_1" as AppId;
const HOOK = "hok_1" as HookId;
const NONE = { nowMs: NOW_MS, countMax: 0, retriesMax: 10_000, hookMax: 10_000, exceptHooks: [] };
const FIRST_PAGE = { after: null, countMax: 200 };

let postgres: Postgres;
before(async () => {
  postgres = await usePostgres();
});
after(() => postgres.stop());

type Nodes = readonly [Storage, Storage];

/** Two nodes over an empty database with one user, one app, its grant and its hook. */
function onTwoNodes(title: string, use: (nodes: Nodes) => Promise<void>): void {
  test(title, async () => {
    const url = await postgres.createDatabase();
    const nodes = await Promise.all([openPostgres({ url, ...WORLD }), openPostgres({ url, ...WORLD })]);
    try {
      const [{ accounts, webhooks }] = nodes;
      await accounts.createUser({ id: ANN, name: null, email: null, createdAtMs: 1 });
      const app = { id: APP, name: "one", owner: null, contact: null, clientId: "one", createdAtMs: 1 };
      await accounts.createApp(app, new Uint8Array(32));
      await grantAnn(nodes[0], "grn_1");
      await webhooks.createHook(hookFor(["*"]), new Uint8Array(60), { ownedMax: 10, knock: null });
      await use(nodes);
    } finally {
      for (const node of nodes) await node.close();
    }
  });
}

onTwoNodes("two nodes never claim the same delivery, and leave none", async ([one, other]) => {
  await one.webhooks.ingest(events("a", 60), NONE);
  const claimed: DeliveryId[] = [];
  const claimAll = async ({ webhooks }: Storage): Promise<void> => {
    for (;;) {
      const claims = await webhooks.claimDue({
        nowMs: NOW_MS,
        countMax: 7,
        retriesMax: 10_000,
        hookMax: 10_000,
        exceptHooks: [],
      });
      if (claims.length === 0) return;
      claimed.push(...claims.map((claim) => claim.deliveryId));
    }
  };
  await Promise.all([claimAll(one), claimAll(other), claimAll(one), claimAll(other)]);
  // A round may find nothing only because the other node has it locked just then.
  await claimAll(one);
  assert.equal(claimed.length, 60);
  assert.equal(new Set(claimed).size, 60);
});

onTwoNodes("a hook's numbers have no holes when two nodes give them out", async ([one, other]) => {
  const batches = Array.from({ length: 30 }, (_, n) =>
    (n % 2 === 0 ? one : other).webhooks.ingest(events(`b${n}`, 3), { ...NONE, countMax: 3 }),
  );
  const sequences = (await Promise.all(batches))
    .flat()
    .flatMap(claimsOf)
    .map((claim) => claim.sequence ?? 0);
  assert.deepEqual(
    sequences.sort((left, right) => left - right),
    Array.from({ length: 90 }, (_, n) => n + 1),
  );
});

onTwoNodes("the same event at two nodes at once is one event", async ([one, other]) => {
  const batch = events("c", 5).map((event) => ({ ...event, receiptKeys: [`id:${event.id}`] }));
  const answers = await Promise.all([
    one.webhooks.ingest(batch, NONE),
    other.webhooks.ingest(batch.toReversed(), NONE),
    other.webhooks.ingest(batch, NONE),
  ]);
  const kinds = answers
    .flat()
    .map((answer) => answer.kind)
    .sort();
  assert.deepEqual(kinds, [...Array(5).fill("accepted"), ...Array(10).fill("repeated")]);
  assert.equal((await one.webhooks.listDeliveries({ reach: { kind: "all" } }, FIRST_PAGE)).items.length, 5);
});

onTwoNodes("one key for two events at two nodes is one event and one refusal", async ([one, other]) => {
  const [first, second] = events("d", 2).map((event) => ({ ...event, receiptKeys: ["key:k"] }));
  assert.ok(first && second);
  const answers = await Promise.all([
    one.webhooks.ingest([first], NONE),
    other.webhooks.ingest([second], NONE),
  ]);
  assert.deepEqual(
    answers
      .flat()
      .map((answer) => answer.kind)
      .sort(),
    ["accepted", "reused"],
  );
});

onTwoNodes(
  "an event that cannot be stored does not hurt those it shares a transaction with",
  async ([one]) => {
    const [first, bad, last] = events("e", 3);
    assert.ok(first && bad && last);
    const answers = await Promise.allSettled([
      one.webhooks.ingest(events("before", 1), NONE),
      one.webhooks.ingest(events("beside", 1), NONE),
      one.webhooks.ingest([first], NONE),
      one.webhooks.ingest([{ ...bad, data: "\u0000" }], NONE),
      one.webhooks.ingest([last], NONE),
    ]);
    assert.deepEqual(
      answers.map((answer) => answer.status),
      ["fulfilled", "fulfilled", "fulfilled", "rejected", "fulfilled"],
    );
  },
);

onTwoNodes(
  "no delivery outlives a grant, a user or a hook that ends at another node",
  async ([one, other]) => {
    for (const [round, end] of [
      () => other.accounts.revokeGrant(`grn_1` as never, NOW_MS),
      () => other.accounts.deleteUser(ANN, NOW_MS),
      () => other.webhooks.deleteHook(HOOK, NOW_MS),
    ].entries()) {
      if (round === 2) {
        await one.accounts.createUser({ id: ANN, name: null, email: null, createdAtMs: 1 });
        await grantAnn(one, "grn_3");
      }
      const send = (n: number): Promise<unknown> => one.webhooks.ingest(events(`f${round}_${n}`, 2), NONE);
      await Promise.all([send(1), send(2), end(), send(3), send(4)]);
      const waiting = await one.webhooks.listDeliveries(
        { reach: { kind: "all" }, state: "waiting" },
        FIRST_PAGE,
      );
      assert.deepEqual(waiting.items, []);
      if (round === 0) await grantAnn(one, "grn_2");
    }
  },
);

// Each round, the hook becomes active at one node just while the other looks at it paused: what then entered the round
// that ended would never be released.
for (const [reason, comeBack] of [
  [
    "attempts come back",
    (node: Storage, claims: readonly Claim[]) => claims.map((claim) => settleRetry(node, claim)),
  ],
  ["leases run out", (node: Storage) => [1, 2, 3].map(() => claimUpTo(node, 4, NOW_MS + 15_001))],
] as const) {
  onTwoNodes(`nothing is stuck when a hook is resumed while ${reason}`, async (nodes) => {
    const [one, other] = nodes;
    for (let round = 0; round < 15; round++) {
      await one.webhooks.ingest(events(`g${round}`, 12), NONE);
      const claims = await claimUpTo(one, 12, NOW_MS);
      assert.equal(claims.length, 12);
      await other.webhooks.changeHook(HOOK, { state: "paused" }, { nowMs: NOW_MS, knock: null });
      const back = comeBack(one, claims);
      await Promise.all([
        ...back,
        other.webhooks.changeHook(HOOK, { state: "active" }, { nowMs: NOW_MS, knock: null }),
      ]);
      await Promise.all(nodes.map(releaseAll));
      const waiting = await one.webhooks.listDeliveries(
        { reach: { kind: "all" }, state: "waiting" },
        FIRST_PAGE,
      );
      const stuck = waiting.items.filter((delivery) => delivery.because === "hook-paused");
      assert.deepEqual(stuck, [], `round ${round}`);
      await grantAnew(one, `grn_${round + 2}`);
    }
  });
}

test("closing waits for what is under way, and refuses what comes after", async () => {
  const node = await openPostgres({ url: await postgres.createDatabase(), ...WORLD });
  // More than there are connections, and events that wait for their batch.
  const users = Array.from({ length: 40 }, (_, n) => `user_${n}` as UserId);
  const made = users.map((id) => node.accounts.createUser({ id, name: null, email: null, createdAtMs: 1 }));
  const sent = events("h", 5).map((event) => node.webhooks.ingest([event], NONE));
  const closed = node.close();
  await assert.rejects(node.accounts.findUser(ANN), Unavailable);
  await closed;
  assert.ok((await Promise.all(made)).every((user) => user !== null));
  assert.deepEqual((await Promise.all(sent)).flat(), Array(5).fill({ kind: "no-recipient" }));
});

const PATTERNS = [
  "*",
  "issue",
  "issue.*",
  "issue.comment.*",
  "issue.comment",
  "iss*",
  "issue_x.*",
  "%",
  "_ssue",
];
const TYPES = [
  "issue",
  "issue.comment",
  "issue.comment.created",
  "issue_x.opened",
  "issues",
  "other",
  "issuexcomment",
];

onTwoNodes("SQL and the protocol agree on which types a pattern chooses", async ([one]) => {
  for (const pattern of PATTERNS) {
    await one.webhooks.changeHook(HOOK, { events: [pattern] }, { nowMs: NOW_MS, knock: null });
    const batch = TYPES.map((type): NewEvent => ({ ...eventNamed(`evt_${pattern}_${type}`), type }));
    const answers = await one.webhooks.ingest(batch, NONE);
    assert.deepEqual(
      answers.map((answer) => (answer.kind === "accepted" ? answer.receipt.deliveries : null)),
      TYPES.map((type) => (matchesAny([pattern], type) ? 1 : 0)),
      pattern,
    );
  }
});

function claimsOf(answer: Ingested): readonly Claim[] {
  return answer.kind === "accepted" ? answer.claims : [];
}

async function grantAnn({ accounts }: Storage, id: string): Promise<void> {
  const granted = await accounts.grant({
    id: id as never,
    userId: ANN,
    appId: APP,
    scopes: [],
    nowMs: NOW_MS,
  });
  assert.equal(granted.kind, "made");
}

function claimUpTo({ webhooks }: Storage, countMax: number, nowMs: number): Promise<readonly Claim[]> {
  return webhooks.claimDue({ nowMs, countMax, retriesMax: 10_000, hookMax: 10_000, exceptHooks: [] });
}

async function releaseAll({ webhooks }: Storage): Promise<void> {
  for (let steps = 0; (await webhooks.releaseHeld(NOW_MS, 5)) !== null; steps++) assert.ok(steps < 50);
}

/** Revokes what waits, so that each round starts with nothing. */
async function grantAnew(node: Storage, id: string): Promise<void> {
  const { items } = await node.accounts.listGrants({}, FIRST_PAGE);
  for (const grant of items) await node.accounts.revokeGrant(grant.id, NOW_MS);
  await grantAnn(node, id);
}

function settleRetry({ webhooks }: Storage, { deliveryId, lease, attempt: number }: Claim): Promise<boolean> {
  const timings = { firstByteMs: null, totalMs: 1 };
  const attempt = { number, atMs: NOW_MS, outcome: "reset", status: null, guideline: null, timings } as const;
  const next = { kind: "retry", atMs: NOW_MS + 5_000 } as const;
  return webhooks.settle({ deliveryId, lease, attempt: { ...attempt, exchange: null }, next, nowMs: NOW_MS });
}

function events(prefix: string, count: number): NewEvent[] {
  return Array.from({ length: count }, (_, n) => eventNamed(`evt_${prefix}_${n}`));
}

function eventNamed(id: string): NewEvent {
  return {
    id: id as EventId,
    receiptKeys: [],
    fingerprint: id,
    type: "issue.opened",
    action: "opened",
    data: "{}",
    userIds: [ANN],
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

function hookFor(patterns: readonly string[]): Hook {
  return {
    id: HOOK,
    owner: { kind: "app", appId: APP },
    url: "https://receiver.example/",
    events: patterns,
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
    state: "active",
    createdAtMs: NOW_MS,
  };
}
