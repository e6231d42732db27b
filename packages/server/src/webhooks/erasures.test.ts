import assert from "node:assert/strict";
import { test } from "node:test";
import type { ErasureId, UserId } from "@trulinks/protocol";
import { createWorld } from "../../../../test/simulation/world.ts";
import { systemClock } from "../base/clock.ts";
import { systemDice } from "../base/dice.ts";
import { createErasures, STEPS_AT_ONCE_MAX } from "./erasures.ts";
import type { Erasure, RecordStore } from "./record-store.ts";

const ANN = "ann" as UserId;

/** A store in which an erasure takes so many steps; what is under way at the start was left by a crash. */
function storeOf(stepsLeft: number, under: readonly string[] = []) {
  let left = stepsLeft;
  let running = under.map((id) => id as ErasureId);
  const of = (id: ErasureId): Erasure => ({
    ...{ id, userId: ANN, events: 0, deliveries: 0, attempts: 0, startedAtMs: 1 },
    endedAtMs: running.includes(id) ? null : 2,
  });
  const store: Pick<RecordStore, "startErasure" | "erase" | "findErasure"> = {
    async startErasure() {
      running = [...running, "ers_new" as ErasureId];
      return of("ers_new" as ErasureId);
    },
    async erase() {
      const [first] = running;
      if (first === undefined) return null;
      left -= 1;
      if (left <= 0) running = running.slice(1);
      return of(first);
    },
    findErasure: async (id) => of(id),
  };
  return { store, isRunning: () => running.length > 0 };
}

function open(stepsLeft: number, under?: readonly string[]) {
  const { log, lines } = createWorld({ clock: systemClock, dice: systemDice });
  const { store, isRunning } = storeOf(stepsLeft, under);
  let recalls = 0;
  const erasures = createErasures({ store, clock: systemClock, log, recall: () => recalls++ });
  const ended = async () => {
    while (isRunning()) await systemClock.sleep(1);
  };
  return { erasures, ended, lines, recalls: () => recalls };
}

test("what is small has ended by the time of the answer, and what was leased is recalled", async () => {
  const { erasures, recalls, lines } = open(STEPS_AT_ONCE_MAX);
  const erasure = await erasures.erase(ANN);
  assert.equal(erasure?.endedAtMs, 2);
  assert.equal(recalls(), 1);
  assert.deepEqual(
    lines.map(([name]) => name),
    ["user.erased"],
  );
});

test("what is large is answered while it runs, and goes on", async () => {
  const { erasures, ended } = open(STEPS_AT_ONCE_MAX + 5);
  await erasures.start();
  const erasure = await erasures.erase(ANN);
  assert.equal(erasure?.id, "ers_new");
  await ended();
  assert.equal((await erasures.find("ers_new" as ErasureId))?.endedAtMs, 2);
  await erasures.stop();
});

test("what a crash left under way goes on at start", async () => {
  const { erasures, ended } = open(3, ["ers_old"]);
  await erasures.start();
  await ended();
  await erasures.stop();
});

test("one that began elsewhere is gone on with when we are woken", async () => {
  const { log } = createWorld({ clock: systemClock, dice: systemDice });
  const { store, isRunning } = storeOf(2);
  const erasures = createErasures({ store, clock: systemClock, log, recall: () => {} });
  await erasures.start();
  await systemClock.sleep(5);
  await store.startErasure(ANN, 1);
  erasures.wake();
  while (isRunning()) await systemClock.sleep(1);
  await erasures.stop();
});
