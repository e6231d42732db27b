import assert from "node:assert/strict";
import { test } from "node:test";
import { HELD_MS_MAX } from "./backlog.ts";
import { type Capacity, createCapacity, type Taken } from "./capacity.ts";
import type { Claim } from "./claim.ts";
import type { Hook } from "./hook.ts";

/** Of a hook only its limits and its address matter here. */
function makeHook(id: string, inFlightMax = 2): Hook {
  return { id, inFlightMax, url: `https://${id}.example/` } as unknown as Hook;
}
function claims(hook: Hook, count: number): readonly Claim[] {
  return Array.from({ length: count }, (_, index) => ({ deliveryId: `${hook.id}${index}`, hook }) as Claim);
}
const counts = ({ start, surplus }: Taken) => [start.length, surplus.length];
const left = (capacity: Capacity) => capacity.room().exceptHooks as readonly string[];

test("what finds no place at its hook is kept at hand and starts when there is one", () => {
  const capacity = createCapacity(100);
  const hook = makeHook("a");
  assert.deepEqual(counts(capacity.take(claims(hook, 5), 0)), [2, 0]);
  assert.deepEqual(counts(capacity.answer(hook, 1)), [1, 0]);
  assert.deepEqual(counts(capacity.leave(1)), [0, 0]);
  assert.deepEqual(counts({ start: [], surplus: capacity.takeAll() }), [0, 2]);
});

test("the store is not asked for hooks that are full and have enough at hand", () => {
  const capacity = createCapacity(100);
  const [busy, brisk] = [makeHook("busy"), makeHook("brisk")];
  capacity.take([...claims(busy, 4), ...claims(brisk, 3)], 0);
  assert.deepEqual(left(capacity), ["busy"]);
  assert.equal(capacity.isHungry(), false);
  capacity.answer(busy, 1);
  assert.equal(capacity.isHungry(), true, "one started, so less is at hand than its places");
  assert.deepEqual(left(capacity), []);
});

test("in all only so much is under way and at hand; the rest goes back", () => {
  const capacity = createCapacity(3);
  const hooks = ["a", "b", "c"].map((id) => makeHook(id));
  const taken = capacity.take(
    hooks.flatMap((hook) => claims(hook, 4)),
    0,
  );
  assert.deepEqual(counts(taken), [3, 6]);
  assert.equal(capacity.room().countMax, 0);
  assert.equal(capacity.isHungry(), false);
});

test("an answered delivery counts in all until it is settled", () => {
  const capacity = createCapacity(2);
  const hook = makeHook("a");
  capacity.take(claims(hook, 3), 0);
  assert.deepEqual(capacity.load(), { inFlight: 2, atHand: 1 });
  capacity.takeAll();
  capacity.room();
  capacity.answer(hook, 1);
  assert.equal(capacity.room().countMax, 0);
  assert.deepEqual(capacity.load(), { inFlight: 2, atHand: 0 });
  capacity.leave(1);
  assert.deepEqual(capacity.load(), { inFlight: 1, atHand: 0 });
  assert.equal(capacity.isHungry(), true, "there was no room, so more may be due");
  assert.equal(capacity.room().countMax, 1);
});

test("a hook that leaves unused what is at hand is slow, and asked for last and little", () => {
  const capacity = createCapacity(100);
  const hook = makeHook("slow");
  capacity.take(claims(hook, 20), 0);
  const lateMs = HELD_MS_MAX + 1;
  assert.equal(capacity.takeStale(lateMs).length, 18);
  assert.deepEqual(left(capacity), ["slow"]);
  assert.equal(capacity.roomForSlow(), null, "it has no place");

  capacity.answer(hook, lateMs);
  assert.deepEqual(left(capacity), ["slow"]);
  assert.deepEqual(capacity.roomForSlow(), { countMax: 1, exceptHooks: [] });
  assert.deepEqual(counts(capacity.take(claims(hook, 20), lateMs)), [1, 17], "two stay at hand");

  capacity.answer(hook, lateMs + 1);
  assert.deepEqual(left(capacity), [], "it used what was at hand, and is slow no more");
});

test("a slow hook for which nothing more is due is slow no more", () => {
  const capacity = createCapacity(100);
  const hook = makeHook("slow");
  capacity.take(claims(hook, 3), 0);
  capacity.takeStale(HELD_MS_MAX + 1);
  capacity.answer(hook, HELD_MS_MAX + 1);
  capacity.slowHaveCaughtUp();
  assert.deepEqual(left(capacity), []);
});

test("however much is at hand for others, there is room for a hook with nothing under way", () => {
  const capacity = createCapacity(64);
  for (let index = 0; index < 8; index++) capacity.take(claims(makeHook(`h${index}`, 1), 8), 0);
  assert.ok(capacity.room().countMax > 0);
  assert.deepEqual(counts(capacity.take(claims(makeHook("fresh"), 1), 0)), [1, 0]);
});
