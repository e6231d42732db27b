/** Several nodes over one database: what the contract of one node cannot show. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { DeliveryId, UserId } from "@trulinks/protocol";
import { matchesAny } from "@trulinks/protocol";
import { Unavailable } from "../../base/unavailable.ts";
import type { Claim } from "../../webhooks/claim.ts";
import type { NewEvent } from "../../webhooks/new-event.ts";
import type { Storage } from "../storage.ts";
import {
  ANN,
  claimsOf,
  claimUpTo,
  createDatabase,
  eventNamed,
  events,
  FIRST_PAGE,
  grantAnew,
  grantAnn,
  HOOK,
  NONE,
  NOW_MS,
  onTwoNodes,
  releaseAll,
  settleRetry,
  WORLD,
} from "./nodes.contract.ts";
import { openPostgres } from "./open.ts";

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
  const node = await openPostgres({ url: await createDatabase(), ...WORLD });
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
