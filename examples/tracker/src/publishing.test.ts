import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { EVENT_TYPES } from "./catalogue.ts";
import { startTracker } from "./server.ts";
import { type Running, startRunning } from "./testing/running.ts";
import type { SunkEvent } from "./testing/sink.ts";

let tracker: Running;
before(async () => {
  tracker = await startRunning();
});
after(() => tracker.stop());

const titleOf = (event: SunkEvent | undefined): string | undefined =>
  (event?.data["issue"] as { title: string } | undefined)?.title;
const types = (): readonly string[] => tracker.sink.events.map((event) => event.type);

test("TruLinks is told at the start which events there will be, and that an address is sensitive", async () => {
  await tracker.settled();
  const told = tracker.sink.calls.slice(0, EVENT_TYPES.length);
  assert.deepEqual(
    told,
    EVENT_TYPES.map(({ type }) => `PUT /v1/event-types/${type}`),
  );
  assert.ok(EVENT_TYPES.every(({ sensitive }) => sensitive.includes("/sender/email")));
});

test("users, then memberships, then events: everything arrives in the order in which it happened", async () => {
  await tracker.as("ada", "POST", "/projects", { body: { name: "apollo" } });
  await tracker.as("ada", "PUT", "/projects/1/watchers/grace");
  await tracker.as("grace", "POST", "/projects/1/issues", { body: { title: "Leak" } });
  await tracker.settled();
  assert.deepEqual(tracker.sink.calls.slice(EVENT_TYPES.length), [
    "PUT /v1/users/ada",
    "PUT /v1/users/grace",
    "PUT /v1/users/linus",
    "PUT /v1/groups/project:1/users/ada",
    "POST /v1/events",
    "PUT /v1/groups/project:1/users/grace",
    "POST /v1/events",
    "POST /v1/events",
  ]);
  const [created, opened, notified] = tracker.sink.events;
  assert.deepEqual([created?.type, created?.groups], ["project.created", ["project:1"]]);
  assert.deepEqual([opened?.type, opened?.groups, opened?.users], ["issue.opened", ["project:1"], undefined]);
  assert.deepEqual(opened?.data["sender"], { id: "grace", name: "GRACE", email: null });
  assert.deepEqual([notified?.type, notified?.users], ["notification.created", ["ada"]]);
});

test("each kind of change is one event for the watchers", async () => {
  const before = tracker.sink.events.length;
  await tracker.as("ada", "DELETE", "/projects/1/watchers/grace");
  await tracker.as("ada", "POST", "/projects/1/issues/1/comments", { body: { body: "Seen" } });
  await tracker.as("ada", "PATCH", "/projects/1/issues/1", { body: { title: "A leak" } });
  await tracker.as("ada", "PATCH", "/projects/1/issues/1", { body: { title: "A leak" } });
  await tracker.as("ada", "PATCH", "/projects/1/issues/1", { body: { state: "closed" } });
  await tracker.as("ada", "PATCH", "/projects/1/issues/1", { body: { state: "open" } });
  await tracker.as("ada", "POST", "/projects/1/pull-requests", {
    body: { title: "Fix", head: "fix", base: "main" },
  });
  await tracker.as("ada", "PUT", "/projects/1/pull-requests/2/merge");
  await tracker.settled();
  assert.deepEqual(types().slice(before), [
    "issue.comment.created",
    "issue.edited",
    "issue.closed",
    "issue.reopened",
    "pull_request.opened",
    "pull_request.merged",
  ]);
});

test("a refused request changes nothing and tells nobody", async () => {
  const before = tracker.sink.calls.length;
  await tracker.as("ada", "POST", "/projects/1/pull-requests", {
    body: { title: "x", head: "a", base: "a" },
  });
  await tracker.as("ada", "POST", "/projects/1/issues", { body: {} });
  await tracker.settled();
  assert.equal(tracker.sink.calls.length, before);
});

test("what cannot be delivered now waits, keeps its order and is delivered once", async () => {
  const before = tracker.sink.events.length;
  // The fifth failure in a row is said aloud.
  const bad = ["broken", "busy", "answer-lost", "broken", "broken"] as const;
  const moods = [...bad, "well", "answer-lost", "well", "well"] as const;
  let asked = 0;
  tracker.sink.mood = () => moods[asked++] ?? "well";
  for (const title of ["a", "b", "c"])
    await tracker.as("ada", "POST", "/projects/1/issues", { body: { title } });
  await tracker.settled();
  const titles = tracker.sink.events
    .slice(before)
    .map((event) => (event.data["issue"] as { title: string }).title);
  assert.deepEqual(titles, ["a", "b", "c"]);
  assert.equal(tracker.sink.reusedCount(), 0);
  assert.ok(tracker.warnings.some((sentence) => sentence.startsWith("Publishing waits:")));
});

test("one refused event is set aside with its reason and holds up nothing", async () => {
  // TruLinks has lost the group, so an event for it has no known recipient.
  (tracker.sink.groups as Map<string, Set<string>>).get("project:1")?.clear();
  await tracker.as("ada", "POST", "/projects/1/issues", { body: { title: "lost" } });
  await tracker.as("ada", "POST", "/projects", { body: { name: "other" } });
  await tracker.as("ada", "POST", "/projects/2/issues", { body: { title: "found" } });
  await tracker.settled();
  const { body } = await tracker.asOperator("GET", "/outbox/refused");
  assert.equal(body.length, 1);
  assert.deepEqual([body[0].status, body[0].path], [422, "/v1/events"]);
  assert.match(body[0].reason, /No known recipient/);
  assert.match(body[0].body, /"lost"/);
  assert.equal(titleOf(tracker.sink.events.at(-1)), "found");
});

test("a project without watchers tells nobody", async () => {
  await tracker.as("ada", "DELETE", "/projects/2/watchers/ada");
  const before = tracker.sink.events.length;
  await tracker.as("ada", "POST", "/projects/2/issues", { body: { title: "unheard" } });
  await tracker.settled();
  assert.equal(tracker.sink.events.length, before);
  assert.equal((await tracker.asOperator("GET", "/outbox/refused")).body.length, 1);
});

test("watchers but the actor are notified, and read it", async () => {
  await tracker.as("linus", "PUT", "/projects/1/watchers/linus");
  await tracker.as("ada", "POST", "/projects/1/issues", { body: { title: "News" } });
  const { body } = await tracker.as("linus", "GET", "/notifications");
  assert.deepEqual([body.length, body[0].reason, body[0].read], [1, "issue.opened", false]);
  const path = `/notifications/${body[0].id}`;
  for (const read of [true, true, false]) {
    assert.equal((await tracker.as("linus", "PATCH", path, { body: { read } })).body.read, read);
  }
  assert.equal((await tracker.as("ada", "PATCH", path, { body: { read: false } })).status, 404);
  await tracker.settled();
  assert.deepEqual(types().slice(-2), ["notification.read", "notification.unread"]);
});

test("one process owns the data folder", { timeout: 60_000 }, async () => {
  await assert.rejects(
    startTracker({ ...tracker.settings, port: 0 }, () => {}),
    /database is locked/,
  );
});

test("what a request changes is told under the trace that the request came with", async () => {
  const traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
  assert.equal(tracker.sink.traces.length, 0);
  for (const [name, headers] of [
    ["traced", { traceparent }],
    ["malformed", { traceparent: "00-no-trace" }],
    ["untraced", {}],
  ] as const) {
    assert.equal((await tracker.as("ada", "POST", "/projects", { body: { name }, headers })).status, 201);
  }
  await tracker.settled();
  assert.deepEqual(
    tracker.sink.traces.map((call) => call.replace(/project:[0-9]+/, "project:n")),
    [`PUT /v1/groups/project:n/users/ada ${traceparent}`, `POST /v1/events ${traceparent}`],
  );
});
