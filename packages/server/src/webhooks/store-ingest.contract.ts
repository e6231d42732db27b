import assert from "node:assert/strict";
import type { UserId } from "@trulinks/protocol";
import type { Storage } from "../storage/storage.ts";
import type { NewEvent } from "./new-event.ts";
import {
  ANN,
  BOB,
  eventOf,
  GREETER,
  grant,
  hookOf,
  ingestOne,
  join,
  listAll,
  makeHook,
  makeHooks,
  NOBODY,
  OF_ANN,
  type Promised,
  START_MS,
  WATCHERS,
} from "./store-fixtures.contract.ts";

/** `<hook> <user>` of every delivery that the event makes, sorted. */
async function reached(storage: Storage, over: Partial<NewEvent>): Promise<readonly string[]> {
  const ingested = await ingestOne(storage, eventOf("evt_reached", over));
  assert.ok(ingested.kind === "accepted", `the event was ${ingested.kind}`);
  const made = await listAll(storage, { eventId: ingested.receipt.id });
  assert.equal(made.length, ingested.receipt.deliveries);
  return made.map(({ hookId, userId }) => `${hookId} ${userId}`).sort();
}

const REACHES: readonly (readonly [string, Partial<NewEvent>, readonly string[]])[] = [
  ["a user's own hooks and those of apps it granted", { userIds: [ANN] }, ["hok_ann ann", "hok_greeter ann"]],
  ["a user named twice once", { userIds: [ANN, ANN] }, ["hok_ann ann", "hok_greeter ann"]],
  [
    "an app's hook once for each user",
    { userIds: [ANN, BOB] },
    ["hok_ann ann", "hok_bob bob", "hok_greeter ann", "hok_greeter bob", "hok_other bob"],
  ],
  [
    "the users in a group",
    { userIds: [], groupIds: [WATCHERS] },
    ["hok_bob bob", "hok_greeter bob", "hok_other bob"],
  ],
  [
    "one who is named and in the group once",
    { userIds: [BOB], groupIds: [WATCHERS, WATCHERS] },
    ["hok_bob bob", "hok_greeter bob", "hok_other bob"],
  ],
];

export function ingest(promised: Promised): void {
  for (const [title, over, expected] of REACHES) {
    promised(`it reaches ${title}`, async (storage) => {
      await makeHooks(storage);
      await join(storage, BOB);
      assert.deepEqual(await reached(storage, over), expected);
    });
  }

  promised("it reaches the hooks that want its type, and those only", async (storage) => {
    const patterns = { all: ["*"], exact: ["issue.opened"], family: ["x", "issue.*"] };
    const others = { sibling: ["issue.closed"], longer: ["issue.opened.*"], shorter: ["issue"], none: [] };
    for (const [id, events] of Object.entries({ ...patterns, ...others })) {
      await makeHook(storage, hookOf(id, OF_ANN, { events }));
    }
    assert.deepEqual(await reached(storage, {}), ["all ann", "exact ann", "family ann"]);
  });

  promised("a disabled hook gets nothing, a paused and a pending one do", async (storage) => {
    for (const state of ["active", "paused", "pending", "disabled"] as const) {
      await makeHook(storage, hookOf(state, OF_ANN, { state }));
    }
    assert.deepEqual(await reached(storage, {}), ["active ann", "paused ann", "pending ann"]);
  });

  promised("an event that no hook wants is accepted with no delivery", async (storage) => {
    assert.deepEqual(await ingestOne(storage, eventOf("evt_1")), {
      kind: "accepted",
      receipt: { id: "evt_1", deliveries: 0, unknown: [] },
      claims: [],
      left: [],
    });
  });

  promised("a revoked grant, a deleted hook and a left group reach nobody", async (storage) => {
    await makeHooks(storage);
    const granted = await grant(storage, ANN, GREETER);
    await storage.accounts.revokeGrant(granted, START_MS);
    await storage.webhooks.deleteHook(hookOf("hok_ann", OF_ANN).id, START_MS);
    await join(storage, ANN, BOB);
    await storage.accounts.removeFromGroup(WATCHERS, BOB);
    assert.deepEqual(await reached(storage, { userIds: [], groupIds: [WATCHERS] }), []);
  });

  unknown(promised);
}

function unknown(promised: Promised): void {
  promised("users and groups that are not known are listed, the others reached", async (storage) => {
    await makeHook(storage, hookOf("hok_ann", OF_ANN));
    const nobodies = ["zoe", "nobody"] as UserId[];
    const event = eventOf("evt_1", { userIds: [...nobodies, ANN], groupIds: [WATCHERS] });
    const ingested = await ingestOne(storage, event);
    assert.ok(ingested.kind === "accepted");
    assert.equal(ingested.receipt.deliveries, 1);
    assert.deepEqual([...ingested.receipt.unknown].sort(), ["nobody", "repo:1", "zoe"]);
  });

  promised("if nobody is known nothing is stored, and the same may be tried again", async (storage) => {
    const event = eventOf("evt_1", {
      userIds: [NOBODY],
      groupIds: [WATCHERS],
      key: null,
      expiresAtMs: null,
      sensitive: [],
      scopes: null,
      fieldScopes: [],
      trace: null,
      receiptKeys: ["key:1"],
    });
    assert.deepEqual(await ingestOne(storage, event), { kind: "no-recipient" });
    assert.deepEqual(await ingestOne(storage, { ...event, userIds: [], groupIds: [] }), {
      kind: "no-recipient",
    });
    await join(storage, ANN);
    assert.equal((await ingestOne(storage, event)).kind, "accepted");
  });
}
