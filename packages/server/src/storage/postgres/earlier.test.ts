import assert from "node:assert/strict";
import { test } from "node:test";
import type { EventId, GroupId, UserId } from "@trulinks/protocol";
import type { NewEvent } from "../../webhooks/new-event.ts";
import { type Judged, judge, type Known } from "./earlier.ts";

const receipt = { id: "evt_old" as EventId, deliveries: 3, unknown: ["x"] };
const known: Known = {
  earlier: new Map([
    ["id:old", { receipt, fingerprint: "same" }],
    ["event evt_old", { receipt, fingerprint: "same" }],
    ["event evt_ping", { receipt, fingerprint: null }],
  ]),
  users: new Set(["ann"]),
  groups: new Set(["repo"]),
};

const event = (id: string, over: Partial<NewEvent> = {}): NewEvent => ({
  id: id as EventId,
  receiptKeys: [],
  fingerprint: "same",
  type: "issue.opened",
  action: "opened",
  data: "{}",
  userIds: ["ann" as UserId],
  groupIds: [],
  key: null,
  expiresAtMs: null,
  sensitive: [],
  scopes: null,
  fieldScopes: [],
  trace: null,
  atMs: 1,
  ...over,
});

const fresh = (unknown: readonly string[] = []): Judged => ({ kind: "new", unknown });
const repeated: Judged = { kind: "answered", answer: { kind: "repeated", receipt } };
const reused: Judged = { kind: "answered", answer: { kind: "reused" } };
const nobody: Judged = { kind: "answered", answer: { kind: "no-recipient" } };

const cases: readonly (readonly [string, readonly NewEvent[], readonly Judged[]])[] = [
  ["an event without a key is new", [event("a"), event("b")], [fresh(), fresh()]],
  ["a key that was used for the same is a repetition", [event("a", { receiptKeys: ["id:old"] })], [repeated]],
  ["either key tells", [event("a", { receiptKeys: ["key:new", "id:old"] })], [repeated]],
  [
    "a key that was used for another is reused",
    [event("a", { receiptKeys: ["id:old"], fingerprint: "other" })],
    [reused],
  ],
  ["an id that came without its key is recognised, too", [event("evt_old")], [repeated]],
  ["the id of a ping is nobody's to use", [event("evt_ping")], [reused]],
  [
    "the same twice in one batch is one event",
    [event("a", { receiptKeys: ["key:k"] }), event("b", { receiptKeys: ["key:k"] })],
    [fresh(), { kind: "same", index: 0 }],
  ],
  [
    "another under the same key in one batch is reused",
    [event("a", { receiptKeys: ["key:k"] }), event("b", { receiptKeys: ["key:k"], fingerprint: "other" })],
    [fresh(), reused],
  ],
  [
    "an event for nobody takes no key",
    [
      event("a", { receiptKeys: ["key:k"], userIds: ["none" as UserId] }),
      event("b", { receiptKeys: ["key:k"], fingerprint: "other" }),
    ],
    [nobody, fresh()],
  ],
  ["a known group is enough", [event("a", { userIds: [], groupIds: ["repo" as GroupId] })], [fresh()]],
  [
    "who is unknown is named once, users first",
    [event("a", { userIds: ["x", "ann", "x"] as UserId[], groupIds: ["y", "x"] as GroupId[] })],
    [fresh(["x", "y"])],
  ],
  ["nobody named is nobody", [event("a", { userIds: [] })], [nobody]],
];

for (const [reason, events, expected] of cases) {
  test(reason, () => assert.deepEqual(judge(events, known), expected));
}
