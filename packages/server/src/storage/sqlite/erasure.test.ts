/** An erasure through a crash: the process is gone between two steps, and the next one goes on. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { systemDice } from "../../base/dice.ts";
import {
  ANN,
  claiming,
  eventOf,
  hookOf,
  listAll,
  makeHook,
  OF_ANN,
  START_MS,
} from "../../webhooks/store-fixtures.contract.ts";
import { openSqliteInProcess } from "./open.ts";

const root = mkdtempSync(join(tmpdir(), "trulinks-erasure-"));
after(() => rmSync(root, { recursive: true, force: true }));
const LATER_MS = START_MS + 1_000;

test("what was under way when the process died is gone on with, and nothing is counted twice", async () => {
  for (const isDeleted of [false, true]) {
    const file = join(root, `${isDeleted}.db`);
    let storage = openSqliteInProcess({ file, dice: systemDice });
    await storage.accounts.createUser({ id: ANN, name: "Ann", email: null, createdAtMs: START_MS });
    await makeHook(storage, hookOf("hok", OF_ANN));
    const events = Array.from({ length: 25 }, (_, n) => eventOf(`evt_${n}`, { atMs: START_MS + n }));
    await storage.webhooks.ingest(events, claiming());
    if (isDeleted) await storage.accounts.deleteUser(ANN, LATER_MS);
    else await storage.record.startErasure(ANN, LATER_MS);

    const told: unknown[] = [];
    for (;;) {
      // Nobody closes anything: as after a kill, the next process finds what was committed.
      storage = openSqliteInProcess({ file, dice: systemDice });
      const step = await storage.record.erase(LATER_MS + 1, 10);
      if (step === null) break;
      told.push([step.deliveries, step.events, step.endedAtMs]);
    }
    assert.deepEqual(told, [
      [10, 10, null],
      [20, 20, null],
      [25, 25, LATER_MS + 1],
    ]);
    const left = await listAll(storage);
    assert.ok(
      left.length === 25 && left.every(({ isPayloadGone, state }) => isPayloadGone && state === "revoked"),
    );
    await storage.close();
  }
});
