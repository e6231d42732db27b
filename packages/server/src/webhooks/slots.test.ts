import assert from "node:assert/strict";
import { test } from "node:test";
import type { HookId, UserId } from "@trulinks/protocol";
import type { Hook } from "./hook.ts";
import { createSlots, ORIGIN_IN_FLIGHT_MAX } from "./slots.ts";

function makeHook(id: string, url: string, inFlightMax = 8): Hook {
  return {
    id: id as HookId,
    owner: { kind: "user", userId: "alice" as UserId },
    url,
    events: ["*"],
    secretPer: "hook",
    signature: "standard",
    verifyTls: true,
    ca: null,
    ackDeadlineMs: 10_000,
    retries: "default",
    inFlightMax,
    serial: false,
    filter: [],
    include: null,
    state: "active",
    createdAtMs: 0,
  };
}

test("a hook has as many places as it may, and gets one back with each answer", () => {
  const slots = createSlots(100);
  const hook = makeHook("hok_1", "https://a.example/", 2);
  assert.deepEqual([slots.enter(hook), slots.enter(hook), slots.enter(hook)], [true, true, false]);
  assert.equal(slots.placesOf(hook), 0);
  assert.ok(slots.enter(makeHook("hok_2", "https://a.example/")));
  slots.answer(hook);
  assert.equal(slots.placesOf(hook), 1);
  assert.ok(slots.enter(hook));
  assert.equal(slots.free(), 96, "what is answered and not yet settled counts in all");
  slots.leave();
  assert.equal(slots.free(), 97);
});

test("hooks of one origin share its places; scheme, host and port make the origin", () => {
  const slots = createSlots(1_000);
  for (let index = 0; index < ORIGIN_IN_FLIGHT_MAX; index++) {
    assert.ok(slots.enter(makeHook(`hok_${index}`, `https://a.example/${index}`)));
  }
  const cases: readonly (readonly [string, boolean])[] = [
    ["https://a.example/other", true],
    ["https://A.example:443/", true],
    ["https://a.example:8443/", false],
    ["http://a.example/", false],
    ["https://b.example/", false],
  ];
  for (const [url, isFull] of cases) {
    assert.equal(slots.placesOf(makeHook("hok_new", url)) === 0, isFull, url);
  }
});

test("in all there are so many places and no more", () => {
  const slots = createSlots(2);
  const hooks = [1, 2, 3].map((index) => makeHook(`hok_${index}`, `https://${index}.example/`));
  assert.deepEqual(
    hooks.map((hook) => slots.enter(hook)),
    [true, true, false],
  );
  assert.equal(slots.free(), 0);
  assert.deepEqual(
    [...slots.hooks()].map(({ id }) => id),
    ["hok_1", "hok_2"],
  );
  for (const hook of hooks.slice(0, 2)) {
    slots.answer(hook);
    slots.leave();
  }
  assert.deepEqual([slots.free(), [...slots.hooks()]], [2, []]);
});
