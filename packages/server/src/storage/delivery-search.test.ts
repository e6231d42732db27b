import assert from "node:assert/strict";
import { test } from "node:test";
import type { AppId, EventId, GrantId, HookId, UserId } from "@trulinks/protocol";
import type { DeliveryFilter } from "../webhooks/store.ts";
import { idRangeOf, pageOfFindings, shortestOf, waysTo } from "./delivery-search.ts";

const ALL = { kind: "all" } as const;
const hookId = "hok" as HookId;
const appId = "app" as AppId;
const userId = "ann" as UserId;

const WAYS: readonly (readonly [string, DeliveryFilter, readonly string[]])[] = [
  ["nothing leads to the newest of all", { reach: ALL }, ["id"]],
  ["a time too", { reach: ALL, afterMs: 1, beforeMs: 9 }, ["id"]],
  ["what was delivered has no index of its own", { reach: ALL, state: "delivered" }, ["id"]],
  ["nor has the commonest answer", { reach: ALL, status: 200 }, ["id"]],
  ["any other answer has", { reach: ALL, status: 204 }, ["status"]],
  ["two filters are two ways", { reach: ALL, hookId, type: "t" }, ["hook", "type"]],
  ["what failed at a hook is one", { reach: ALL, hookId, state: "failed" }, ["unhappyOfHook"]],
  ["what a hook answered badly is one", { reach: ALL, hookId, status: 500 }, ["refusedByHook"]],
  ["what a hook answered well is two", { reach: ALL, hookId, status: 204 }, ["hook", "status"]],
  ["what waits for a hook is two", { reach: ALL, hookId, state: "waiting" }, ["hook", "waiting"]],
  [
    "what failed of a type at a hook is two, and neither of the longer ones",
    { reach: ALL, hookId, type: "t", state: "failed" },
    ["unhappyOfHook", "unhappyOfType"],
  ],
  ["an event", { reach: ALL, eventId: "e" as EventId, state: "failed" }, ["event", "unhappy"]],
  ["the reach of an app leads as the filter does", { reach: { kind: "app", appId } }, ["app"]],
  ["and with what failed", { reach: { kind: "app", appId }, state: "failed" }, ["unhappyOfApp"]],
  [
    "within a user's reach its hooks lead, not whom it concerns",
    { reach: { kind: "user", userId }, userId },
    ["owner"],
  ],
  ["a grant leads by its user", { reach: { kind: "grant", grantId: "g" as GrantId } }, ["user"]],
];

for (const [why, filter, names] of WAYS) {
  test(`ways to deliveries: ${why}`, () => {
    const ofUser = filter.reach.kind === "grant" ? userId : null;
    assert.deepEqual(
      waysTo(filter, ofUser).map(({ name }) => name),
      names,
    );
  });
}

test("the shortest way leads, and of equals the first", () => {
  const ways = waysTo({ reach: ALL, hookId, type: "t" }, null);
  assert.equal(shortestOf(ways, [500, 3]).name, "type");
  assert.equal(shortestOf(ways, [500, 500]).name, "hook");
  assert.equal(shortestOf(ways, [0, 0]).name, "hook");
});

test("times and the cursor bound the ids, whichever is narrower", () => {
  const [from, to] = idRangeOf({ afterMs: 1_000, beforeMs: 2_000 }, null);
  assert.ok(from < to);
  assert.deepEqual(idRangeOf({ afterMs: 1_000, beforeMs: 2_000 }, "dlv_z"), [from, to]);
  assert.deepEqual(idRangeOf({ beforeMs: 2_000 }, "dlv_0"), ["", "dlv_0"]);
  assert.deepEqual(idRangeOf({}, null), ["", "~"]);
  for (const ms of [-5, 0, 8.64e15]) {
    const [fromId, toId] = idRangeOf({ afterMs: ms, beforeMs: ms }, null);
    assert.ok(fromId >= "dlv_0" && toId.length === 30, `${ms}`);
  }
});

test("a page ends where looking ended, and of two ways at the newer end", () => {
  const found = (...ids: string[]) => ids.map((id) => ({ id }));
  const page = { after: null, countMax: 2 };
  const pages = [
    [[{ rows: found("d9", "d8", "d7"), lookedDownTo: null }], ["d9", "d8"], "d8"],
    [[{ rows: found("d9"), lookedDownTo: null }], ["d9"], null],
    [[{ rows: found("d9"), lookedDownTo: "d5" }], ["d9"], "d5"],
    [[{ rows: [], lookedDownTo: "d5" }], [], "d5"],
    [[], [], null],
    [
      [
        { rows: found("d9", "d3"), lookedDownTo: null },
        { rows: found("d8"), lookedDownTo: "d6" },
      ],
      ["d9", "d8"],
      "d6",
    ],
    [
      [
        { rows: found("d9", "d3"), lookedDownTo: null },
        { rows: found("d8"), lookedDownTo: null },
      ],
      ["d9", "d8"],
      "d8",
    ],
  ] as const;
  for (const [findings, items, next] of pages) {
    assert.deepEqual(
      pageOfFindings(findings, page, ({ id }) => id),
      { items, next },
    );
  }
});
