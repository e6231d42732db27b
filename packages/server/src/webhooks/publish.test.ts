import assert from "node:assert/strict";
import { test } from "node:test";
import { createWorld, type World } from "../../../../test/simulation/world.ts";
import { fingerprint } from "../base/canonical-json.ts";
import { systemClock } from "../base/clock.ts";
import { systemDice } from "../base/dice.ts";
import type { Claim } from "./claim.ts";
import type { NewEvent } from "./new-event.ts";
import { createPublish, type EventRequest, type Intake, type Publish } from "./publish.ts";
import type { WebhookStore } from "./store.ts";

interface Stage extends World {
  readonly publish: Publish;
  /** What went into the store. */
  readonly events: readonly NewEvent[];
  readonly taken: readonly { readonly claims: readonly Claim[]; readonly left: number }[];
}

/** A platform with users alice and bob, each with a hook for everything, and an intake with as much room as said. */
async function createStage(countMax = 100): Promise<Stage> {
  const world = createWorld({ clock: systemClock, dice: systemDice });
  for (const id of ["alice", "bob"]) {
    const userId = await world.makeUser(id);
    const owner = { kind: "user", userId } as const;
    await world.hooks.create({ owner, url: "https://receiver.example/", events: ["*"] }, "operator");
  }
  const taken: { readonly claims: readonly Claim[]; readonly left: number }[] = [];
  const intake: Intake = {
    room: () => ({ countMax, retriesMax: 10, hookMax: 10, exceptHooks: [] }),
    take: (claims, { left }) => taken.push({ claims, left }),
  };
  const { storage, clock, dice, log } = world;
  const events: NewEvent[] = [];
  const store: Pick<WebhookStore, "ingest"> = {
    ingest(given, claim) {
      events.push(...given);
      return storage.webhooks.ingest(given, claim);
    },
  };
  return { ...world, publish: createPublish({ store, intake, clock, dice, log }), events, taken };
}

function event(change: Partial<EventRequest> = {}): EventRequest {
  return {
    id: null,
    idempotencyKey: null,
    type: "issue.opened",
    users: ["alice"],
    groups: [],
    data: { n: 1, deep: { a: 1, b: 2 } },
    ...change,
  };
}

test("an event is stored with its deliveries, handed over and logged", async () => {
  const stage = await createStage();
  const [published] = await stage.publish([event({ users: ["alice", "bob", "carol"] })]);
  assert.ok(published?.kind === "accepted");
  const { id, deliveries, unknown } = published.receipt;
  assert.match(id, /^evt_/);
  assert.equal(deliveries, 2);
  assert.deepEqual(unknown, ["carol"]);
  const [handed] = stage.taken;
  assert.deepEqual(
    handed?.claims.map(({ event, user }) => [event.id, event.action, event.data, user?.id]).sort(),
    [
      [id, "opened", '{"n":1,"deep":{"a":1,"b":2}}', "alice"],
      [id, "opened", '{"n":1,"deep":{"a":1,"b":2}}', "bob"],
    ],
  );
  assert.deepEqual(stage.lines, [
    ["event.accepted", { event: id, type: "issue.opened", deliveries: 2, unknown: 1 }],
  ]);
});

test("the same event again gives the same answer and no second delivery", async () => {
  const reordered = { deep: { b: 2, a: 1 }, n: 1 };
  const cases: readonly (readonly [
    string,
    EventRequest,
    EventRequest,
    "repeated" | "reused" | "accepted",
  ])[] = [
    ["the same id", event({ id: "e-1" }), event({ id: "e-1" }), "repeated"],
    ["members in another order", event({ id: "e-1" }), event({ id: "e-1", data: reordered }), "repeated"],
    ["the same key", event({ idempotencyKey: "k" }), event({ idempotencyKey: "k" }), "repeated"],
    ["another body under the id", event({ id: "e-1" }), event({ id: "e-1", data: {} }), "reused"],
    ["another type under the id", event({ id: "e-1" }), event({ id: "e-1", type: "issue.closed" }), "reused"],
    [
      "others under the key",
      event({ idempotencyKey: "k" }),
      event({ idempotencyKey: "k", users: ["bob"] }),
      "reused",
    ],
    [
      "another id under the key",
      event({ idempotencyKey: "k" }),
      event({ id: "e-1", idempotencyKey: "k" }),
      "reused",
    ],
    ["another key to replace by", event({ id: "e-1", key: "a" }), event({ id: "e-1", key: "b" }), "reused"],
    ["another time to expire", event({ id: "e-1" }), event({ id: "e-1", expiresInS: 5 }), "reused"],
    [
      "the same key and time",
      event({ id: "e-1", key: "a", expiresInS: 5 }),
      event({ id: "e-1", key: "a", expiresInS: 5 }),
      "repeated",
    ],
    [
      "no key and none told",
      event({ id: "e-1", key: null, expiresInS: null }),
      event({ id: "e-1" }),
      "repeated",
    ],
    ["an id is no key", event({ id: "x" }), event({ idempotencyKey: "x" }), "accepted"],
    ["neither id nor key", event(), event(), "accepted"],
  ];
  for (const [why, first, second, kind] of cases) {
    const stage = await createStage();
    const [original] = await stage.publish([first]);
    const [again] = await stage.publish([second]);
    assert.equal(again?.kind, kind, why);
    if (kind !== "accepted") assert.equal(stage.taken.length, 1, why);
    if (original?.kind === "accepted" && again?.kind === "repeated") {
      assert.deepEqual(again.receipt, original.receipt, why);
    }
  }
});

test("each event of a batch has an answer of its own, in order", async () => {
  const stage = await createStage();
  const results = await stage.publish([
    event({ id: "e-1" }),
    event({ id: "e-1" }),
    event({ id: "e-1", data: {} }),
    event({ users: ["nobody"], groups: ["nowhere"] }),
    event({ id: "e-2", groups: ["nowhere"] }),
  ]);
  assert.deepEqual(
    results.map((result) => result.kind),
    ["accepted", "repeated", "reused", "no-recipient", "accepted"],
  );
  assert.equal(stage.lines.length, 2);
});

test("what there is no room for is left to be claimed", async () => {
  const stage = await createStage(1);
  await stage.publish([event({ users: ["alice", "bob"] }), event()]);
  assert.deepEqual(
    stage.taken.map(({ claims, left }) => [claims.length, left]),
    [[1, 2]],
  );
});

test("what is stored and not handed over is told: here, as its hook is paused", async () => {
  const stage = await createStage();
  const { items } = await stage.storage.webhooks.listHooks(null, { after: null, countMax: 10 });
  for (const { id } of items) await stage.hooks.change(id, { state: "paused" }, "operator");
  await stage.publish([event()]);
  assert.deepEqual(
    stage.taken.map(({ claims, left }) => [claims.length, left]),
    [[0, 1]],
  );
});

test("fingerprints that were made before events had keys and times stay good", async () => {
  const stage = await createStage();
  const [published] = await stage.publish([event({ id: "e-1" })]);
  assert.equal(published?.kind, "accepted");
  const { id, type, users, groups, data } = event({ id: "e-1" });
  const [stored] = stage.events;
  assert.equal(stored?.fingerprint, fingerprint({ id, type, users, groups, data }));
});

test("an event says when it is no longer worth sending, and what it takes the place of", async () => {
  const stage = await createStage();
  await stage.publish([event({ key: "issue:1", expiresInS: 60 }), event()]);
  assert.deepEqual(
    stage.events.map(({ key, expiresAtMs, atMs }) => [key, expiresAtMs === null ? null : expiresAtMs - atMs]),
    [
      ["issue:1", 60_000],
      [null, null],
    ],
  );
});
