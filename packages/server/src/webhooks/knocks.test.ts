import assert from "node:assert/strict";
import { test } from "node:test";
import type { AppId, UserId } from "@trulinks/protocol";
import type { HookOwner } from "./hook.ts";
import { createKnocks, KNOCKS_PER_H_MAX } from "./knocks.ts";

const START_MS = 1_790_000_000_000;
const INTERVAL_MS = 36_000;
const ada: HookOwner = { kind: "user", userId: "ada" as UserId };

function createStage() {
  let nowMs = START_MS;
  const knocks = createKnocks({ now: () => nowMs });
  return {
    pass: (ms: number) => {
      nowMs += ms;
    },
    /** How many of so many knocks get through. */
    knock: (count: number, owner: HookOwner = ada) =>
      Array.from({ length: count }, () => knocks.take(owner)).filter(({ kind }) => kind === "free").length,
    last: () => knocks.take(ada),
  };
}

test("an owner knocks as often as it may have hooks, and then once each time that one has come back", () => {
  const stage = createStage();
  assert.equal(stage.knock(KNOCKS_PER_H_MAX + 50), KNOCKS_PER_H_MAX);
  stage.pass(INTERVAL_MS - 1);
  assert.equal(stage.knock(1), 0);
  stage.pass(1);
  assert.equal(stage.knock(2), 1);
  stage.pass(10 * INTERVAL_MS);
  assert.equal(stage.knock(20), 10);
  stage.pass(3_600_000);
  assert.equal(stage.knock(200), KNOCKS_PER_H_MAX);
});

test("whoever knocks too often is told when to come back, and may then", () => {
  const stage = createStage();
  stage.knock(KNOCKS_PER_H_MAX);
  stage.pass(1_000);
  const refused = stage.last();
  assert.deepEqual(refused, { kind: "too-often", retryAfterMs: INTERVAL_MS - 1_000 });
  stage.pass(INTERVAL_MS - 1_000);
  assert.equal(stage.knock(1), 1);
});

test("each owner has its own, an app another than a user of the same name", () => {
  const stage = createStage();
  stage.knock(KNOCKS_PER_H_MAX);
  for (const owner of [
    { kind: "user", userId: "bob" as UserId },
    { kind: "app", appId: "ada" as AppId },
  ] as const) {
    assert.equal(stage.knock(1, owner), 1);
  }
});

test("a clock that is set back lets nobody wait for longer than an hour", () => {
  const stage = createStage();
  stage.knock(KNOCKS_PER_H_MAX);
  stage.pass(-7 * 24 * 3_600_000);
  const refused = stage.last();
  assert.ok(refused.kind === "too-often" && refused.retryAfterMs <= 3_600_000, JSON.stringify(refused));
});
