/** What each engine tells of its work. */
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { UserId } from "@trulinks/protocol";
import { usePostgres } from "../../../../test/services/postgres.ts";
import { systemClock } from "../base/clock.ts";
import { systemDice } from "../base/dice.ts";
import { createLog } from "../base/log.ts";
import { openStorage } from "./open.ts";
import type { CommittedFact } from "./storage.ts";

const CALLS = 50;
const user = (id: string) => ({ id: id as UserId, name: null, email: null, createdAtMs: 1 });

async function observe(dataFolder: string, databaseUrl: string | null) {
  const world = { clock: systemClock, dice: systemDice, log: createLog({ level: "silent" }) };
  const facts: CommittedFact[] = [];
  const storage = await openStorage({
    dataFolder,
    databaseUrl,
    ...world,
    onFact: (fact) => facts.push(fact),
  });
  await storage.ping();
  const before = facts.length;
  const idle = storage.load();
  const calls = Array.from({ length: CALLS }, (_, n) => storage.accounts.createUser(user(`u${n}`)));
  const busy = storage.load();
  await Promise.all(calls);
  const told = facts.slice(before);
  const after = storage.load();
  await storage.close();
  for (const { kind, durationMs } of told) assert.ok(kind === "committed" && durationMs > 0);
  return { idle, busy, after, commits: told.length };
}

test("the embedded engine: calls that wait for its thread, and fewer commits than calls", async () => {
  const folder = await mkdtemp(join(tmpdir(), "trulinks-"));
  const { idle, busy, after, commits } = await observe(folder, null);
  await rm(folder, { recursive: true });
  assert.deepEqual([idle.callsWaiting, busy.callsWaiting, after.callsWaiting], [0, CALLS, 0]);
  assert.deepEqual([idle.connections, busy.connections], [null, null]);
  assert.ok(commits >= 1 && commits < CALLS, String(commits));
});

test("PostgreSQL: calls that wait for a connection, connections, and each transaction", async () => {
  const postgres = await usePostgres();
  const { idle, busy, after, commits } = await observe("", await postgres.createDatabase());
  await postgres.stop();
  assert.equal(idle.callsWaiting, 0);
  assert.deepEqual(idle.connections, { busy: 0, idle: 1 });
  assert.ok(busy.callsWaiting > 0, "more calls than connections");
  assert.equal(after.callsWaiting, 0);
  assert.ok((after.connections?.busy ?? 0) + (after.connections?.idle ?? 0) > 1);
  assert.equal(commits, CALLS);
});
