import assert from "node:assert/strict";
import { test } from "node:test";
import type { UserId } from "@trulinks/protocol";
import fc from "fast-check";
import {
  type Candidate,
  HOOK_WAITING_MAX,
  isChosen,
  REPLAY_WAITING_MAX,
  type ReplayFilter,
  roomFor,
  type Waiting,
} from "./replay.ts";

const ROOMS: readonly (readonly [string, Waiting, number])[] = [
  ["all of it at first", { ofHook: 0, ofReplay: 0 }, HOOK_WAITING_MAX],
  ["what is left of the hook's", { ofHook: 150, ofReplay: 150 }, HOOK_WAITING_MAX - 150],
  ["none when the hook has all it may", { ofHook: HOOK_WAITING_MAX, ofReplay: HOOK_WAITING_MAX }, 0],
  ["less where much waits in all", { ofHook: 0, ofReplay: REPLAY_WAITING_MAX - 50 }, 50],
  ["a few however much waits for others", { ofHook: 0, ofReplay: REPLAY_WAITING_MAX }, 8],
  ["but no more than those", { ofHook: 8, ofReplay: REPLAY_WAITING_MAX }, 0],
];
for (const [why, waiting, room] of ROOMS) {
  test(`a hook has room for ${why}`, () => assert.equal(roomFor(waiting), room));
}

test("no hook ever has more than its share, and no replay more than its own and a few of each hook", () => {
  const hooks = fc.array(fc.nat(HOOK_WAITING_MAX), { minLength: 1, maxLength: 50 });
  fc.assert(
    fc.property(hooks, (waiting) => {
      const counts = [...waiting];
      for (let turn = 0; turn < counts.length; turn++) {
        const ofReplay = Math.min(
          counts.reduce((sum, count) => sum + count, 0),
          REPLAY_WAITING_MAX,
        );
        const ofHook = counts[turn] ?? 0;
        counts[turn] = ofHook + roomFor({ ofHook, ofReplay });
        assert.ok((counts[turn] ?? 0) <= HOOK_WAITING_MAX);
        assert.ok(
          roomFor({ ofHook, ofReplay }) === 0 || ofReplay < REPLAY_WAITING_MAX || (counts[turn] ?? 0) <= 8,
        );
      }
    }),
  );
});

const ADA = "ada" as UserId;
const FOUND: Candidate = { state: "failed", type: "a.b", userId: ADA, createdAtMs: 1_000, isReachable: true };

const CHOICES: readonly (readonly [string, Partial<ReplayFilter>, Partial<Candidate>, boolean])[] = [
  ["what is in one of the states", {}, {}, true],
  ["of several states", { states: ["delivered", "failed"] }, {}, true],
  ["not what is in another state", {}, { state: "delivered" }, false],
  ["not what waits", { states: ["delivered"] }, { state: "waiting" }, false],
  ["the type", { type: "a.b" }, {}, true],
  ["not another type", { type: "a" }, {}, false],
  ["the user", { userId: ADA }, {}, true],
  ["not another user", { userId: "bob" as UserId }, {}, false],
  ["not what concerns no user", { userId: ADA }, { userId: null }, false],
  ["what was made at that moment", { sinceMs: 1_000 }, {}, true],
  ["not what was made before", { sinceMs: 1_001 }, {}, false],
  ["what was made when the replay began", {}, { createdAtMs: 5_000 }, true],
  ["not what was made after", {}, { createdAtMs: 5_001 }, false],
  ["not what its owner may not know of", {}, { isReachable: false }, false],
];
for (const [what, filter, candidate, isIn] of CHOICES) {
  test(`a replay is about ${what}`, () => {
    const replay = { filter: { states: ["failed"], ...filter } as ReplayFilter, createdAtMs: 5_000 };
    assert.equal(isChosen(replay, { ...FOUND, ...candidate }), isIn);
  });
}
