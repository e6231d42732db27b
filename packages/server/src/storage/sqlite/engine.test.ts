import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { EventId, HookId, UserId } from "@trulinks/protocol";
import { systemClock } from "../../base/clock.ts";
import type { Log } from "../../base/log.ts";
import { Unavailable } from "../../base/unavailable.ts";
import { type Hook, SOUND } from "../../webhooks/hook.ts";
import type { Storage } from "../storage.ts";
import { startEngine } from "./engine.ts";
import { openEngine } from "./open.contract.ts";
import { PENDING_CALLS_MAX } from "./outbox.ts";
import { startThread, type Thread } from "./thread.ts";

const folder = await mkdtemp(join(tmpdir(), "trulinks-"));
after(() => rm(folder, { recursive: true }));

const userNamed = (id: string) => ({ id: id as UserId, name: null, email: null, createdAtMs: 1 });

/** An engine whose thread can be ended, and the events that it logged. */
async function openMortal(file: string): Promise<{
  readonly storage: Storage;
  readonly logged: readonly string[];
  kill(): Promise<unknown>;
}> {
  const logged: string[] = [];
  const note = (event: string): unknown => logged.push(event);
  const log: Log = { debug: note, info: note, warn: note, error: note };
  let thread: Thread | null = null;
  const storage = await startEngine({
    ...{ file: join(folder, file), clock: systemClock, log },
    async startThread(input, onAnswers) {
      thread = await startThread(input, onAnswers);
      return thread;
    },
  });
  return { storage, logged, kill: async () => thread?.terminate() };
}

test("when the thread dies what is pending is rejected, the log says so, and a new one takes over", async () => {
  const { storage, logged, kill } = await openMortal("mortal.db");
  await storage.accounts.createUser(userNamed("kept"));
  const pending = storage.accounts.createUser(userNamed("perhaps"));
  const rejected = assert.rejects(pending, Unavailable);
  await kill();
  await rejected;
  assert.deepEqual(logged, ["storage.thread-died"]);
  await assert.rejects(storage.ping(), Unavailable);

  for (let tries = 0; tries < 200; tries++) {
    const isBack = await storage.ping().then(
      () => true,
      () => false,
    );
    if (isBack) break;
    await sleep(50);
  }
  assert.ok(await storage.accounts.findUser("kept" as UserId));
  await storage.close();
});

test("closing waits for what is under way, and later calls are told that the store has stopped", async () => {
  const file = join(folder, "closing.db");
  const storage = await openEngine(file);
  const writes = Array.from({ length: 300 }, (_, n) => storage.accounts.createUser(userNamed(`u${n}`)));
  await storage.close();
  assert.equal((await Promise.all(writes)).filter((user) => user !== null).length, 300);
  await assert.rejects(storage.ping(), Unavailable);
  await storage.close();
  const again = await openEngine(file);
  assert.ok(await again.accounts.findUser("u299" as UserId));
  await again.close();
});

test("an error crosses with its name and message, and hurts nobody else of its batch", async () => {
  const storage = await openEngine(join(folder, "errors.db"));
  const broken = { ...userNamed("broken"), createdAtMs: null as unknown as number };
  const [before, failed, behind] = await Promise.allSettled([
    storage.accounts.createUser(userNamed("before")),
    storage.accounts.createUser(broken),
    storage.accounts.createUser(userNamed("behind")),
  ]);
  assert.equal(before.status, "fulfilled");
  assert.equal(behind.status, "fulfilled");
  assert.ok(failed.status === "rejected" && failed.reason instanceof Error);
  assert.match(failed.reason.message, /NOT NULL constraint failed: users\.created_at_ms/);
  assert.ok(await storage.accounts.findUser("behind" as UserId));
  await storage.close();
});

test("a call that cannot cross to the thread is rejected alone", async () => {
  const storage = await openEngine(join(folder, "uncloneable.db"));
  const uncloneable = { ...userNamed("a"), name: (() => "a") as unknown as string };
  const settled = await Promise.allSettled([
    storage.accounts.createUser(uncloneable),
    storage.accounts.createUser(userNamed("b")),
  ]);
  assert.equal(settled[0].status, "rejected");
  assert.equal(settled[1].status, "fulfilled");
  await storage.close();
});

test("more calls than may wait are refused at once", async () => {
  const storage = await openEngine(join(folder, "overload.db"));
  const calls = Array.from({ length: PENDING_CALLS_MAX }, () => storage.ping());
  await assert.rejects(storage.ping(), Unavailable);
  await Promise.all(calls);
  await storage.ping();
  await storage.close();
});

test("a start frees what was leased, and what ran under a key is unknown", async () => {
  const file = join(folder, "restart.db");
  const first = await openEngine(file);
  await first.accounts.createUser(userNamed("ann"));
  await first.webhooks.createHook(HOOK, new Uint8Array(32), { ownedMax: 1, knock: null });
  const nowMs = Date.now();
  const claim = { nowMs, countMax: 1, retriesMax: 10_000, hookMax: 10_000, exceptHooks: [] };
  const [ingested] = await first.webhooks.ingest([EVENT], claim);
  assert.ok(ingested?.kind === "accepted" && ingested.claims[0]);
  const request = {
    ...{ scope: "s", key: "k", fingerprint: "f", nowMs },
    ...{ heldUntilMs: nowMs + 1e6, expiresAtMs: nowMs + 1e9 },
  };
  assert.equal((await first.idempotency.begin(request)).kind, "begun");
  await first.close();

  const second = await openEngine(file);
  assert.equal((await second.idempotency.begin(request)).kind, "unknown");
  const [claimed] = await second.webhooks.claimDue({ ...claim, nowMs: Date.now() });
  assert.equal(claimed?.attempt, 1);
  assert.ok(claimed.lease > ingested.claims[0].lease);
  await second.close();
});

const HOOK: Hook = {
  id: "hok_1" as HookId,
  owner: { kind: "user", userId: "ann" as UserId },
  url: "https://receiver.example/",
  events: ["*"],
  secretPer: "hook",
  signature: "standard",
  verifyTls: true,
  ca: null,
  ackDeadlineMs: 30_000,
  retries: "default",
  inFlightMax: 8,
  serial: false,
  filter: [],
  include: null,
  state: "active",
  health: SOUND,
  createdAtMs: 1,
};

const EVENT = {
  id: "evt_1" as EventId,
  receiptKeys: [],
  fingerprint: "f",
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
};
