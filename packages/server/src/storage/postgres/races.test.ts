/** What several nodes do to the same hooks at once: no order is broken, nothing comes twice, and nothing is ever stuck. */
import assert from "node:assert/strict";
import type { EventId, GrantId, GroupId, HookId, UserId } from "@trulinks/protocol";
import { systemClock } from "../../base/clock.ts";
import type { Claim } from "../../webhooks/claim.ts";
import type { HookChange } from "../../webhooks/store.ts";
import type { Storage } from "../storage.ts";
import {
  ANN,
  APP,
  eventNamed,
  events,
  FIRST_PAGE,
  HOOK,
  hookFor,
  NONE,
  NOW_MS,
  type Nodes,
  onTwoNodes,
  settleAs,
} from "./nodes.contract.ts";

function change({ webhooks }: Storage, changes: HookChange, nowMs = NOW_MS, id = HOOK): Promise<unknown> {
  return webhooks.changeHook(id, changes, { nowMs, knock: null });
}

onTwoNodes("a serial hook is served one at a time and in order, whoever serves it", async (nodes) => {
  const count = 40;
  await change(nodes[0], { serial: true });
  await nodes[0].webhooks.ingest(events("a", count), NONE);
  const order: (number | null)[] = [];
  let underWay = 0;
  const serve = async (node: Storage): Promise<void> => {
    for (let turns = 0; order.length < count && turns < 5_000; turns++) {
      for (const claim of await node.webhooks.claimDue({ ...NONE, nowMs: NOW_MS + turns, countMax: 5 })) {
        order.push(claim.sequence);
        assert.equal(++underWay, 1);
        await systemClock.sleep(1);
        underWay -= 1;
        assert.equal(await settleAs(node, claim, { kind: "delivered" }), true);
      }
    }
  };
  await Promise.all([serve(nodes[0]), serve(nodes[1]), serve(nodes[0]), serve(nodes[1])]);
  assert.deepEqual(
    order,
    Array.from({ length: count }, (_, n) => n + 1),
  );
});

onTwoNodes("under one key one delivery waits, however many nodes store newer ones", async (nodes) => {
  const keyed = events("b", 30).map((event) => ({ ...event, key: "k" }));
  await Promise.all(keyed.map((event, n) => (nodes[n % 2] as Storage).webhooks.ingest([event], NONE)));
  const made = (await nodes[0].webhooks.listDeliveries({ reach: { kind: "all" } }, FIRST_PAGE)).items;
  assert.deepEqual(
    made.flatMap(({ state, sequence }) => (state === "waiting" ? sequence : [])),
    [30],
  );
  assert.equal(made.filter(({ state }) => state === "replaced").length, 29);
});

onTwoNodes("two nodes that release keep to one pace, and each comes once", async (nodes) => {
  await change(nodes[0], { state: "paused" });
  await nodes[0].webhooks.ingest(events("c", 30), NONE);
  await change(nodes[0], { state: "active", releasePerS: 10 });
  const seen: (number | null)[] = [];
  for (let step = 0; step < 30; step++) {
    const nowMs = NOW_MS + step * 100;
    await Promise.all(nodes.map(({ webhooks }) => webhooks.releaseHeld(nowMs, 100)));
    const claimed = nodes.map(({ webhooks }) => webhooks.claimDue({ ...NONE, nowMs, countMax: 100 }));
    seen.push(...(await Promise.all(claimed)).flat().map(({ sequence }) => sequence));
    assert.equal(seen.length, step + 1);
  }
  assert.deepEqual(
    seen,
    seen.map((_, n) => n + 1),
  );
});

onTwoNodes("who joins a group beside a grant or a hook is reached", async ([one, other]) => {
  const group = "crew" as GroupId;
  for (let n = 0; n < 25; n++) {
    const id = `user_${n}` as UserId;
    await one.accounts.createUser({ id, name: null, email: null, createdAtMs: 1 });
    const owner = { kind: "user", userId: id } as const;
    const own = { ...hookFor(["*"]), id: `hok_own_${n}` as HookId, owner };
    const reach =
      n % 2 === 0
        ? one.accounts.grant({
            id: `grn_${id}` as GrantId,
            userId: id,
            appId: APP,
            scopes: [],
            nowMs: NOW_MS,
          })
        : one.webhooks.createHook(own, new Uint8Array(60), { ownedMax: 9, knock: null });
    await Promise.all([reach, other.accounts.addToGroup(group, id)]);
    const event = { ...eventNamed(`evt_join_${n}`), userIds: [], groupIds: [group] };
    const [ingested] = await one.webhooks.ingest([event], NONE);
    assert.ok(ingested?.kind === "accepted");
    assert.equal(ingested.receipt.deliveries, n + 1);
  }
});

/** The same numbers again for the same seed; what comes of it is up to the server. */
function numbersFrom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

interface Turmoil {
  readonly nodes: Nodes;
  readonly number: (below: number) => number;
  readonly claims: Claim[];
  nowMs: number;
  events: number;
}

const HOOKS = [HOOK, "hok_2" as HookId, "hok_3" as HookId];
type Act = (turmoil: Turmoil, node: Storage) => Promise<unknown>;

function takeOne({ claims, number }: Turmoil): Claim | undefined {
  return claims.splice(number(claims.length), 1)[0];
}

const ingestSome: Act = async (turmoil, { webhooks }) => {
  const { number, nowMs, claims } = turmoil;
  const batch = Array.from({ length: 1 + number(4) }, () => ({
    ...eventNamed(`evt_${++turmoil.events}` as EventId),
    key: number(4) === 0 ? `k${number(2)}` : null,
    expiresAtMs: number(6) === 0 ? nowMs + number(20_000) : null,
    atMs: nowMs,
  }));
  const answers = await webhooks.ingest(batch, {
    ...NONE,
    nowMs,
    countMax: number(4),
    hookMax: 1 + number(3),
  });
  for (const answer of answers) if (answer.kind === "accepted") claims.push(...answer.claims);
};

const claimSome: Act = async ({ number, nowMs, claims }, { webhooks }) => {
  const exceptHooks = number(3) === 0 ? [HOOK] : [];
  claims.push(...(await webhooks.claimDue({ ...NONE, nowMs, countMax: 6, hookMax: 3, exceptHooks })));
};

const settleOne: Act = async (turmoil, node) => {
  const claim = takeOne(turmoil);
  if (claim === undefined) return;
  const { nowMs, number } = turmoil;
  const retry = { kind: "retry", atMs: nowMs + number(5_000) } as const;
  const failed = { kind: "failed", because: "attempts-exhausted" } as const;
  await settleAs(node, claim, [{ kind: "delivered" } as const, retry, failed][number(3)] ?? retry, nowMs);
};

const changeOne: Act = ({ number, nowMs }, node) => {
  const changes: readonly HookChange[] = [
    { state: "paused" },
    { state: "active", releasePerS: number(2) === 0 ? null : 1 + number(50) },
    { state: "active" },
    { serial: true },
    { serial: false },
  ];
  return change(node, changes[number(changes.length)] ?? {}, nowMs, HOOKS[number(HOOKS.length)]);
};

const ACTS: readonly Act[] = [
  ...[ingestSome, ingestSome, claimSome, claimSome, settleOne, settleOne, settleOne, changeOne],
  async (turmoil, { webhooks }) => {
    const claim = takeOne(turmoil);
    if (claim !== undefined) await webhooks.release([claim], turmoil.nowMs);
  },
  ({ number, nowMs }, { webhooks }) => webhooks.releaseHeld(nowMs, 1 + number(9)),
  ({ nowMs }, { webhooks }) => webhooks.expire(nowMs, 5),
  ({ nowMs }, { webhooks }) =>
    webhooks.trim({ nowMs, olderThanMs: nowMs - 100_000, bytesMax: 60, afterHook: null, hooksMax: 9 }),
  // Its worker dies: the lease runs out.
  async (turmoil) => void takeOne(turmoil),
  async (turmoil) => {
    turmoil.nowMs += turmoil.number(4_000);
  },
];

async function stir(turmoil: Turmoil, actsCount: number): Promise<void> {
  for (let n = 0; n < actsCount; n++) {
    const act = ACTS[turmoil.number(ACTS.length)] as Act;
    await act(turmoil, turmoil.nodes[turmoil.number(2)] as Storage);
  }
}

/** Lets everything that still waits be delivered; fails if something never is. */
async function drain({ nodes, ...turmoil }: Turmoil): Promise<void> {
  const [node] = nodes;
  let nowMs = turmoil.nowMs;
  for (const id of HOOKS) await change(node, { state: "active", releasePerS: null }, nowMs, id);
  for (let rounds = 0; rounds < 300; rounds++) {
    await node.webhooks.releaseHeld(nowMs, 1_000);
    const claims = await node.webhooks.claimDue({ ...NONE, nowMs, countMax: 1_000 });
    for (const claim of claims) await settleAs(node, claim, { kind: "delivered" }, nowMs);
    const nextMs = await node.webhooks.findNextDueMs([]);
    if (nextMs === null && claims.length === 0) return;
    nowMs = Math.max(nowMs + 1, nextMs ?? 0);
  }
  assert.fail("it does not end");
}

for (const seed of [1, 2, 3]) {
  onTwoNodes(
    `whatever two nodes do at once, nothing is stuck and no number is missing (${seed})`,
    async (nodes) => {
      for (const id of HOOKS.slice(1)) {
        const own = { ...hookFor(["*"]), id, owner: { kind: "user", userId: ANN } } as const;
        await nodes[0].webhooks.createHook(own, new Uint8Array(60), { ownedMax: 9, knock: null });
      }
      const turmoil: Turmoil = { nodes, number: numbersFrom(seed), claims: [], nowMs: NOW_MS, events: 0 };
      await Promise.all(Array.from({ length: 6 }, () => stir(turmoil, 60)));
      await drain(turmoil);
      const reach = { kind: "all" } as const;
      const left = await nodes[0].webhooks.listDeliveries({ reach, state: "waiting" }, FIRST_PAGE);
      assert.deepEqual(left.items, []);
      for (const hookId of HOOKS) {
        const numbers = await numbersOf(nodes[0], hookId);
        assert.ok(numbers.length > 50);
        assert.deepEqual(
          numbers,
          numbers.map((_, n) => n + 1),
        );
      }
    },
  );
}

async function numbersOf({ webhooks }: Storage, hookId: HookId): Promise<readonly number[]> {
  const numbers: number[] = [];
  for (let after: string | null = null, pages = 0; pages < 20; pages++) {
    const page = await webhooks.listDeliveries({ reach: { kind: "all" }, hookId }, { after, countMax: 200 });
    numbers.push(...page.items.map(({ sequence }) => sequence ?? 0));
    after = page.next;
    if (after === null) break;
  }
  return numbers.sort((one, other) => one - other);
}
