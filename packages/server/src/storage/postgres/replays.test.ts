/** What several nodes do at once to what is delivered once more: each once, in order, and nothing outlives its grant. */
import assert from "node:assert/strict";
import { type DeliveryId, type GrantId, makeId, type ReplayId } from "@trulinks/protocol";
import { systemDice } from "../../base/dice.ts";
import type { Claim } from "../../webhooks/claim.ts";
import type { Storage } from "../storage.ts";
import { ANN, APP, events, NONE, NOW_MS, type Nodes, onTwoNodes, settleAs } from "./nodes.contract.ts";

const ALL = { kind: "all" } as const;
const LATER_MS = NOW_MS + 60_000;

/** Deliveries that have ended, in the order of their numbers. */
async function ended(
  { webhooks, ...node }: Storage,
  count: number,
  prefix = "a",
): Promise<readonly DeliveryId[]> {
  await webhooks.ingest(events(prefix, count), NONE);
  const claims = await webhooks.claimDue({ ...NONE, countMax: count });
  assert.equal(claims.length, count);
  const byNumber = claims.toSorted((one, other) => (one.sequence ?? 0) - (other.sequence ?? 0));
  await Promise.all(
    claims.map((claim) => settleAs({ ...node, webhooks }, claim, { kind: "failed", because: "no-retries" })),
  );
  return byNumber.map(({ deliveryId }) => deliveryId);
}

async function begin({ replays }: Storage): Promise<ReplayId> {
  const id = makeId("replay", LATER_MS, systemDice.bytes(16));
  const bounds = { perS: null, nowMs: LATER_MS, ownedMax: 9, countMax: 9 };
  const made = await replays.createReplay({ id, reach: ALL, filter: { states: ["failed"] }, ...bounds });
  assert.equal(made.kind, "made");
  return id;
}

onTwoNodes(
  "two nodes at one replay make each delivery due once, in the order of the numbers",
  async (nodes) => {
    const count = 700;
    await ended(nodes[0], count);
    const id = await begin(nodes[0]);
    const claimed: Claim[] = [];
    let isDone = false;
    const work = async (node: Storage): Promise<void> => {
      for (let nowMs = LATER_MS; !isDone && nowMs < LATER_MS + 10_000_000; nowMs += 100) {
        await node.replays.advanceReplays(nowMs);
        isDone ||= (await node.replays.findReplay(id, ALL))?.state === "done";
      }
    };
    // Another takes off what is due, as senders do.
    const send = async (node: Storage): Promise<void> => {
      for (let turn = 0; claimed.length < count && turn < 5_000; turn++) {
        const claims = await node.webhooks.claimDue({ ...NONE, nowMs: LATER_MS + 10_000_000, countMax: 100 });
        claimed.push(...claims);
        await Promise.all(claims.map((claim) => settleAs(node, claim, { kind: "delivered" }, LATER_MS)));
      }
    };
    await Promise.all([work(nodes[0]), work(nodes[1]), work(nodes[0]), work(nodes[1]), send(nodes[0])]);
    assert.deepEqual(
      claimed.map(({ sequence }) => sequence),
      Array.from({ length: count }, (_, n) => n + 1),
    );
    const { total, done, skipped } = (await nodes[0].replays.findReplay(id, ALL)) ?? {};
    assert.deepEqual([total, done, skipped], [count, count, 0]);
  },
);

onTwoNodes("what is asked for by several at once waits once", async (nodes) => {
  const [id] = await ended(nodes[0], 1);
  assert.ok(id);
  const asked = [...nodes, ...nodes].map(({ replays }) => replays.redeliver(id, ALL, LATER_MS));
  assert.ok((await Promise.all(asked)).every(({ kind }) => kind === "waiting"));
  const claims = await Promise.all(
    nodes.map(({ webhooks }) => webhooks.claimDue({ ...NONE, nowMs: LATER_MS, countMax: 9 })),
  );
  assert.equal(claims.flat().length, 1);
});

onTwoNodes("a grant that ends meanwhile takes along what is asked for, or refuses it", async (nodes) => {
  for (let round = 0; round < 15; round++) {
    const ids = await ended(nodes[0], 4, `a${round}`);
    await begin(nodes[0]);
    await nodes[0].replays.advanceReplays(LATER_MS);
    await nodes[0].replays.advanceReplays(LATER_MS);
    await Promise.all([
      ...ids.slice(0, 2).map((id) => nodes[1].replays.redeliver(id, ALL, LATER_MS)),
      nodes[1].replays.advanceReplays(LATER_MS),
      endGrant(nodes),
    ]);
    const waiting = await nodes[0].webhooks.listDeliveries(
      { reach: ALL, state: "waiting" },
      { after: null, countMax: 9 },
    );
    assert.deepEqual(waiting.items, [], `round ${round}: it waits under a grant that has ended`);
    await nodes[0].accounts.grant({
      ...{ id: `grn_new_${round}` as GrantId, userId: ANN, appId: APP, scopes: [], nowMs: NOW_MS },
    });
    for (const { id } of (await nodes[0].replays.listReplays(ALL, { after: null, countMax: 9 })).items) {
      await nodes[0].replays.changeReplay(id, ALL, { state: "cancelled" }, LATER_MS);
    }
  }
});

async function endGrant([, node]: Nodes): Promise<void> {
  const { items } = await node.accounts.listGrants({}, { after: null, countMax: 9 });
  for (const { id } of items) await node.accounts.revokeGrant(id, LATER_MS);
}

onTwoNodes("sweeping leaves what is asked for at the same moment", async (nodes) => {
  for (let round = 0; round < 15; round++) {
    const [id] = await ended(nodes[0], 1, `b${round}`);
    assert.ok(id);
    const [, redelivered] = await Promise.all([
      nodes[0].webhooks.sweep({ beforeMs: LATER_MS, countMax: 100 }),
      nodes[1].replays.redeliver(id, ALL, LATER_MS),
    ]);
    const found = await nodes[0].webhooks.findDelivery(id, ALL);
    assert.equal(redelivered.kind, found === null ? "unknown" : "waiting");
    if (found !== null) assert.equal(found.delivery.state, "waiting");
    await endGrant(nodes);
    await nodes[0].accounts.grant({
      ...{ id: `grn_next_${round}` as GrantId, userId: ANN, appId: APP, scopes: [], nowMs: NOW_MS },
    });
  }
});
