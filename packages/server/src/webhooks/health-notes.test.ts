/** How often the store is told what attempts show: hardly ever, whatever receivers do. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { createVirtualTime } from "../../../../test/simulation/virtual-time.ts";
import type { Log } from "../base/log.ts";
import type { Claim } from "./claim.ts";
import { createHealthNotes, NOTED_AGAIN_MS, type NoteHealth } from "./health-notes.ts";
import type { SoundNoted } from "./health-store.ts";
import type { HookHealth } from "./hook.ts";
import type { Outcome } from "./outcome.ts";
import { hookOf, OF_ANN } from "./store-fixtures.contract.ts";

const good: Outcome = { kind: "accepted", status: 200 };
const bad: Outcome = { kind: "refused", status: 500, retryAfterMs: null };
const SOUND_NOW: HookHealth = { failing: null, pausedBecause: null };
const FAILING_NOW: HookHealth = {
  failing: { sinceMs: 1, outcome: "reset", status: null, toldAtMs: null },
  pausedBecause: null,
};

interface Stage {
  readonly noted: readonly string[];
  readonly facts: readonly string[];
  readonly releasable: () => number;
  readonly note: NoteHealth;
  pass(ms: number): Promise<void>;
}

function createStage(answer: SoundNoted = "sound"): Stage {
  const time = createVirtualTime(1_000_000);
  const noted: string[] = [];
  const facts: string[] = [];
  let releasable = 0;
  const log = { info: (name: string) => noted.push(name) } as unknown as Log;
  const note = createHealthNotes({
    health: {
      async noteFailing({ hookId, outcome, status }) {
        noted.push(`${hookId} failing ${outcome} ${status}`);
        return true;
      },
      async noteSound({ hookId, isPing, releasePerS }) {
        noted.push(`${hookId} sound ${isPing} ${releasePerS}`);
        return answer;
      },
    },
    policy: () => ({ release_per_s: 7 }),
    clock: time.clock,
    log,
    onFact: ({ step }) => facts.push(step),
    onReleasable: () => {
      releasable += 1;
    },
  });
  return { noted, facts, releasable: () => releasable, note, pass: (ms) => time.pass(ms) };
}

function claimOf(
  id: string,
  health: HookHealth,
  over: Partial<Pick<Claim, "sequence">> & { state?: "paused" } = {},
) {
  const { state = "active", sequence = 1 } = over;
  return { hook: hookOf(id, OF_ANN, { health, state }), sequence } as Claim;
}

test("of a hook that is sound nothing is ever said", async () => {
  const { note, noted } = createStage();
  for (let n = 0; n < 1_000; n++) await note(claimOf("hok", SOUND_NOW), good);
  assert.deepEqual(noted, []);
});

test("eight attempts that fail at once are one note, and so are eight that are answered well", async () => {
  const { note, noted, facts, pass } = createStage();
  for (let n = 0; n < 8; n++) await note(claimOf("hok", SOUND_NOW), bad);
  await pass(NOTED_AGAIN_MS / 2);
  for (let n = 0; n < 8; n++) await note(claimOf("hok", FAILING_NOW), good);
  assert.deepEqual(noted, ["hok failing refused 500", "hok sound false 7"]);
  assert.deepEqual(facts, ["failing", "sound"]);
});

test("a receiver that refuses every other one is noted twice a second, not twice an attempt", async () => {
  const { note, noted, pass } = createStage();
  for (let n = 0; n < 1_000; n++) {
    await note(claimOf("hok", SOUND_NOW), bad);
    await note(claimOf("hok", FAILING_NOW), good);
    await pass(10);
  }
  assert.ok(noted.length >= 10 && noted.length <= 22, `${noted.length} notes in ten seconds`);
});

test("each hook has its own", async () => {
  const { note, noted } = createStage();
  for (const id of ["a", "b", "c"]) await note(claimOf(id, SOUND_NOW), bad);
  assert.equal(noted.length, 3);
});

test("a ping is always said, and who is back is told of", async () => {
  const { note, noted, facts, releasable } = createStage("resumed");
  const health: HookHealth = { ...FAILING_NOW, pausedBecause: "failing" };
  for (let n = 0; n < 2; n++)
    await note(claimOf("hok", health, { state: "paused", sequence: null as never }), good);
  assert.deepEqual(noted, ["hok sound true 7", "hook.resumed", "hok sound true 7", "hook.resumed"]);
  assert.deepEqual(facts, ["resumed", "resumed"]);
  assert.equal(releasable(), 2);
});

for (const [answer, times] of [
  ["unchanged", 0],
  ["sound", 0],
  ["going-on", 1],
] as const) {
  test(`whoever releases is woken ${times} times by ${answer}`, async () => {
    const { note, releasable } = createStage(answer);
    await note(claimOf("hok", FAILING_NOW), good);
    assert.equal(releasable(), times);
  });
}

test("what the store did not take is said again", async () => {
  const { note, noted } = createStage();
  const failing = createHealthNotes({
    health: {
      noteFailing: () => Promise.reject(new Error("away")),
      noteSound: async () => "sound",
    },
    policy: () => ({ release_per_s: 7 }),
    clock: createVirtualTime(1).clock,
    log: {} as Log,
    onReleasable: () => {},
  });
  await assert.rejects(failing(claimOf("hok", SOUND_NOW), bad), /away/);
  await assert.rejects(failing(claimOf("hok", SOUND_NOW), bad), /away/);
  await note(claimOf("hok", SOUND_NOW), bad);
  assert.equal(noted.length, 1);
});
