import assert from "node:assert/strict";
import { test } from "node:test";
import type { UserId } from "@trulinks/protocol";
import { claiming, eventOf, hookOf } from "../../webhooks/store-fixtures.contract.ts";
import { type Answer, type Call, listMuch, runBatch } from "./batch.ts";
import { openRecorder, type Recorder } from "./recorder.contract.ts";

const FULL = "The disk is full.";

const userNamed = (id: string, name: string | null = null) => ({ id, name, email: null, createdAtMs: 1 });
const make = (id: number, user: unknown): Call => ({
  id,
  port: "accounts",
  verb: "createUser",
  args: [user],
});
const find = (id: number, user: string): Call => ({ id, port: "accounts", verb: "findUser", args: [user] });

/** `createdAtMs` of null breaks a NOT NULL. */
const BROKEN = { ...userNamed("broken"), createdAtMs: null };

const kindsOf = (answers: readonly Answer[]): readonly string[] =>
  answers.toSorted((one, other) => one.id - other.id).map(({ id, kind }) => `${id} ${kind}`);

const run = (recorder: Recorder, calls: readonly Call[]): readonly Answer[] => runBatch(recorder, calls);

test("a verb that throws takes back its own work and leaves its neighbours theirs", () => {
  const recorder = openRecorder();
  // The first statement of the app's deletion has run when the last one throws.
  const answers = run(recorder, [make(1, userNamed("a")), make(2, BROKEN), make(3, userNamed("c"))]);
  assert.deepEqual(kindsOf(answers), ["1 done", "2 failed", "3 done"]);
  assert.ok(recorder.verbs.accounts.findUser("a" as UserId));
  assert.ok(recorder.verbs.accounts.findUser("c" as UserId));
  assert.equal(recorder.verbs.accounts.findUser("broken" as UserId), null);
});

test("a verb that throws half-way leaves nothing of its first half", () => {
  const recorder = openRecorder();
  const event = (id: string, type: unknown) => ({
    ...{ id, receiptKeys: [], fingerprint: id, type, action: "x", data: "{}", userIds: ["a"], groupIds: [] },
    atMs: 1,
    ...{ key: null, expiresAtMs: null, sensitive: [], scopes: null, fieldScopes: [], trace: null },
  });
  const claim = { nowMs: 1, countMax: 0, retriesMax: 10_000, hookMax: 10_000, exceptHooks: [] };
  const ingest = (id: number, events: readonly unknown[]): Call => ({
    ...{ id, port: "webhooks", verb: "ingest" },
    args: [events, claim],
  });
  run(recorder, [make(1, userNamed("a"))]);
  const half = [event("evt_1", "t"), event("evt_2", null)];
  assert.deepEqual(kindsOf(run(recorder, [ingest(2, half), ingest(3, [event("evt_3", "t")])])), [
    "2 failed",
    "3 done",
  ]);
  const stored = recorder.database.all<{ id: string }>("SELECT id FROM events");
  assert.deepEqual(
    stored.map(({ id }) => id),
    ["evt_3"],
  );
});

test("everything of a batch is written by one commit", () => {
  const recorder = openRecorder();
  run(
    recorder,
    Array.from({ length: 50 }, (_, n) => make(n, userNamed(`u${n}`))),
  );
  const texts = recorder.takeTexts();
  assert.equal(texts.filter((text) => text === "COMMIT").length, 1);
  assert.equal(texts.filter((text) => text.startsWith("SAVEPOINT")).length, 0);
});

test("what reads sees what was committed before its batch, and needs no transaction", () => {
  const recorder = openRecorder();
  const answers = run(recorder, [make(1, userNamed("a")), find(2, "a")]);
  const found = answers.find(({ id }) => id === 2);
  assert.deepEqual(found, { id: 2, kind: "done", result: null });
  recorder.takeTexts();
  run(recorder, [find(3, "a")]);
  assert.ok(!recorder.takeTexts().includes("BEGIN IMMEDIATE"));
});

test("a verb that does not exist is an error, not an answer", () => {
  const [answer] = run(openRecorder(), [{ id: 1, port: "accounts", verb: "removeEverything", args: [] }]);
  assert.ok(answer?.kind === "failed" && answer.failure.kind === "broken");
  assert.match(answer.failure.message, /no verb accounts\.removeEverything/);
});

test("on a full disk nothing is written, all are told to try again, and it goes on when there is room", () => {
  const recorder = openRecorder();
  const pages = recorder.database.get<{ page_count: number }>("PRAGMA page_count")?.page_count ?? 0;
  recorder.database.exec(`PRAGMA max_page_count = ${pages + 20}`);
  const large = "x".repeat(200_000);
  const answers = run(recorder, [
    make(1, userNamed("a")),
    make(2, userNamed("large", large)),
    make(3, userNamed("c")),
  ]);
  for (const answer of answers) {
    const isTold = answer.kind === "failed" && answer.failure.kind === "unavailable";
    assert.equal(isTold ? answer.failure.message : FULL, FULL);
    const users = { 1: "a", 2: "large", 3: "c" } as const;
    const found = recorder.verbs.accounts.findUser(users[answer.id as 1 | 2 | 3] as UserId);
    assert.equal(found !== null, answer.kind === "done", "what was answered is what was stored");
  }
  assert.equal(answers.find(({ id }) => id === 2)?.kind, "failed");
  assert.equal(recorder.database.isInTransaction, false);

  recorder.database.exec(`PRAGMA max_page_count = ${pages + 2_000}`);
  assert.deepEqual(kindsOf(run(recorder, [make(4, userNamed("large", large))])), ["4 done"]);
});

test("what was stored is listed between batches when it is much, and on a full disk some time later", () => {
  const recorder = openRecorder();
  const { database, verbs } = recorder;
  const userId = "a" as UserId;
  run(recorder, [make(1, userNamed(userId))]);
  const hook = hookOf("hok", { kind: "user", userId });
  verbs.webhooks.createHook(hook, new Uint8Array(9), { ownedMax: 9, knock: null });
  const unlisted = (): number =>
    database.get<{ n: number }>("SELECT count(*) AS n FROM deliveries WHERE is_listed = 0")?.n ?? Number.NaN;
  const store = (count: number, from: number): void => {
    const events = Array.from({ length: count }, (_, n) => eventOf(`evt_${from + n}`, { userIds: [userId] }));
    const ingest: Call = { id: 2, port: "webhooks", verb: "ingest", args: [events, claiming()] };
    assert.deepEqual(kindsOf(run(recorder, [ingest])), ["2 done"]);
    listMuch(recorder);
  };

  store(7_999, 0);
  assert.equal(unlisted(), 7_999, "little is left to whoever looks");
  const pages = database.get<{ page_count: number }>("PRAGMA page_count")?.page_count ?? 0;
  database.exec(`PRAGMA max_page_count = ${pages + 20}`);
  store(1, 8_000);
  assert.deepEqual([unlisted(), database.isInTransaction], [8_000, false]);
  database.exec(`PRAGMA max_page_count = ${pages + 5_000}`);
  listMuch(recorder);
  assert.equal(unlisted(), 0);
});
