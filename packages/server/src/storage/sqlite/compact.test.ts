import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { after, test } from "node:test";
import type { UserId } from "@trulinks/protocol";
import { systemClock } from "../../base/clock.ts";
import { systemDice } from "../../base/dice.ts";
import {
  ANN,
  BOB,
  claiming,
  DELIVERED,
  eventOf,
  hookOf,
  listAll,
  makeHook,
  OF_ANN,
  START_MS,
  settleAs,
} from "../../webhooks/store-fixtures.contract.ts";
import type { Storage } from "../storage.ts";
import { type Compacted, compactFile } from "./compact.ts";
import { openSqliteInProcess } from "./open.ts";

const root = mkdtempSync(join(tmpdir(), "trulinks-compact-"));
after(() => rmSync(root, { recursive: true, force: true }));
let files = 0;
const newFile = (): string => join(root, `${files++}.db`);
const LATER_MS = START_MS + 1_000_000;

function compact(file: string, bytesLeft = Number.MAX_SAFE_INTEGER): Promise<Compacted> {
  return compactFile({ file, clock: systemClock, bytesLeft: async () => bytesLeft, onProgress: () => {} });
}

async function makePeople(storage: Storage): Promise<void> {
  for (const id of [ANN, BOB]) {
    await storage.accounts.createUser({
      id,
      name: null,
      email: `${id}@${SECRET}.example`,
      createdAtMs: START_MS,
    });
  }
  await makeHook(storage, hookOf("hok", OF_ANN));
}

const SECRET = "only-this-user-knows-it";
const answer = {
  requestHeaders: [],
  answerHeaders: [["x-told", SECRET]],
  answerBody: SECRET.repeat(500),
} as const;

/** Each is delivered, and says the secret in its data and its answer: some short, some over many pages. */
async function publish(
  storage: Storage,
  {
    from,
    count,
    user = ANN,
    atMs = START_MS,
  }: { readonly from: number; readonly count: number; readonly user?: UserId; readonly atMs?: number },
): Promise<void> {
  const events = Array.from({ length: count }, (_, n) =>
    eventOf(`evt_${from + n}`, {
      ...{ userIds: [user], atMs: atMs + n, key: `${SECRET}-${from + n}` },
      data: JSON.stringify({ text: SECRET.repeat(n % 10 === 0 ? 2_000 : 1) }),
    }),
  );
  const answers = await storage.webhooks.ingest(events, claiming({ nowMs: atMs, countMax: count }));
  for (const accepted of answers) {
    assert.ok(accepted.kind === "accepted");
    for (const claim of accepted.claims) {
      await settleAs(storage, claim, DELIVERED, { nowMs: atMs + 1, exchange: answer });
    }
  }
}

/** Every row of every table, as text. */
function dumpOf(file: string): string {
  const database = new DatabaseSync(file, { readOnly: true });
  const tables = database.prepare("SELECT name FROM sqlite_master WHERE type = 'table'").all();
  const rows = tables.flatMap(({ name }) => database.prepare(`SELECT * FROM ${name}`).all());
  database.close();
  return JSON.stringify(rows);
}

test("of an erased user no byte of a payload is in any table, nor after compacting in the file", async () => {
  const file = newFile();
  const storage = openSqliteInProcess({ file, dice: systemDice });
  await makePeople(storage);
  await publish(storage, { from: 0, count: 200 });
  await storage.accounts.createUser({ id: "carl" as UserId, name: SECRET, email: null, createdAtMs: 1 });
  assert.ok(dumpOf(file).includes(SECRET));

  for (const user of [ANN, BOB, "carl" as UserId]) await storage.record.startErasure(user, LATER_MS);
  while ((await storage.record.erase(LATER_MS, 50)) !== null);
  assert.ok(!dumpOf(file).includes(SECRET));
  assert.equal((await listAll(storage)).length, 200);
  await storage.close();

  const compacted = await compact(file);
  assert.ok(compacted.kind === "compacted" && compacted.bytesAfter < compacted.bytesBefore / 2);
  assert.ok(!readFileSync(file).includes(SECRET));
  for (const beside of ["-wal", "-shm", "-journal", ".compact"])
    assert.equal(existsSync(file + beside), false, beside);
});

test("a compacted file opens as before and holds everything", async () => {
  const file = newFile();
  const first = openSqliteInProcess({ file, dice: systemDice });
  await makePeople(first);
  await publish(first, { from: 0, count: 50 });
  const before = await listAll(first);
  await first.close();
  // What a run that was stopped half way has left.
  writeFileSync(`${file}.compact`, "half");
  assert.equal((await compact(file)).kind, "compacted");
  const again = openSqliteInProcess({ file, dice: systemDice });
  assert.deepEqual(await listAll(again), before);
  await publish(again, { from: 50, count: 5 });
  assert.equal((await listAll(again)).length, 55);
  await again.close();
});

test("without room for the copy, or without a file, nothing is changed", async () => {
  assert.deepEqual(await compact(newFile()), { kind: "no-file" });
  const file = newFile();
  const storage = openSqliteInProcess({ file, dice: systemDice });
  await makePeople(storage);
  await storage.close();
  const before = readFileSync(file);
  const refused = await compact(file, 1_000);
  assert.ok(
    refused.kind === "no-space" && refused.bytesNeeded > before.length && refused.bytesLeft === 1_000,
  );
  assert.equal(existsSync(`${file}.compact`), false);
  assert.equal((await compact(file, refused.bytesNeeded)).kind, "compacted");
  assert.equal((await compact(file, refused.bytesNeeded - 1)).kind, "no-space");
});

test("under a steady load that is swept the file does not grow", async () => {
  const file = newFile();
  const storage = openSqliteInProcess({ file, dice: systemDice });
  await makePeople(storage);
  const sizes: number[] = [];
  const stepMs = 10_000;
  for (let round = 0; round < 12; round++) {
    await publish(storage, { from: round * 200, count: 200, atMs: START_MS + round * stepMs });
    const beforeMs = START_MS + (round - 1) * stepMs;
    while ((await storage.record.endPayloads({ beforeMs: beforeMs + stepMs, countMax: 100 })) > 0);
    while ((await storage.webhooks.sweep({ beforeMs, countMax: 100 })) > 0);
    sizes.push(statSync(file).size + statSync(`${file}-wal`).size);
  }
  await storage.close();
  sizes.push(statSync(file).size);
  const [settled, last] = [sizes[5] ?? 0, sizes.at(-1) ?? 0];
  assert.equal(settled > 0, true);
  assert.ok(last <= settled * 1.1, `${sizes}`);
});
