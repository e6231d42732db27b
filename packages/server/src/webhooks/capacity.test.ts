import assert from "node:assert/strict";
import { test } from "node:test";
import { CLAIMS_OF_HOOK_MAX } from "./asking.ts";
import { AT_HAND_MS_MAX, AT_HAND_OF_HOOK_MAX } from "./backlog.ts";
import { type Capacity, createCapacity, type Taken } from "./capacity.ts";
import { makeClaims, makeHook, UNPACED } from "./capacity-fixtures.contract.ts";
import type { Claim } from "./claim.ts";
import { type Place, UNSETTLED_SHARE } from "./slots.ts";

/** Hands over all that was stored. */
function handOver(capacity: Capacity, claims: readonly Claim[], nowMs = 0, left = 0): Taken {
  return capacity.takeNew(claims, { room: capacity.roomForNew(nowMs), left }, nowMs);
}
/** Asks the store, which gives this. */
function ask(capacity: Capacity, claims: readonly Claim[], nowMs = 0): Taken {
  return capacity.take(claims, capacity.room(nowMs), nowMs);
}
const counts = ({ start, back }: Taken) => [start.length, back.length];
const leftOut = (capacity: Capacity, nowMs = 0) => capacity.room(nowMs).exceptHooks as readonly string[];
const placesOf = ({ start }: Taken) => start.map(({ place }) => place);
function end(capacity: Capacity, place: Place | undefined, nowMs: number): readonly [Taken, Taken] {
  assert.ok(place);
  return [capacity.answer(place, true, nowMs), capacity.leave(nowMs)];
}

test("what finds no place at its hook is kept at hand and starts when there is one", () => {
  const capacity = createCapacity(100, () => UNPACED);
  const taken = handOver(capacity, makeClaims(makeHook("a", { inFlightMax: 2 }), 5));
  assert.deepEqual(counts(taken), [2, 0]);
  assert.deepEqual(capacity.load(), { inFlight: 2, atHand: 3 });
  const [answered, over] = end(capacity, placesOf(taken)[0], 1);
  assert.deepEqual(
    [counts(answered), counts(over)],
    [
      [1, 0],
      [0, 0],
    ],
  );
  assert.equal(capacity.takeAll().length, 2);
});

test("a store that is slow to settle holds up nobody, until too much is not settled", () => {
  const capacity = createCapacity(2, () => UNPACED);
  for (let answered = 0; answered < 2 * UNSETTLED_SHARE; answered++) {
    const [place] = placesOf(handOver(capacity, makeClaims(makeHook(`h${answered}`), 1)));
    assert.ok(place, `${answered} are answered, and the next one starts`);
    capacity.answer(place, true, 0);
  }
  assert.equal(capacity.roomForNew(0).countMax, 0);
  assert.deepEqual(counts(handOver(capacity, makeClaims(makeHook("one-more"), 1))), [0, 0]);
  assert.deepEqual(capacity.load(), { inFlight: 0, atHand: 1 });
  assert.deepEqual(counts(capacity.leave(1)), [1, 0]);
});

test("a serial hook has one under way", () => {
  const capacity = createCapacity(100, () => UNPACED);
  const taken = handOver(capacity, makeClaims(makeHook("a", { serial: true }), 3));
  assert.deepEqual(counts(taken), [1, 0]);
  assert.deepEqual(counts(end(capacity, placesOf(taken)[0], 1)[0]), [1, 0]);
});

test("hooks of one origin take turns", () => {
  const capacity = createCapacity(1_000, () => UNPACED);
  const origin = { url: "https://one.example/" };
  const hooks = Array.from({ length: 100 }, (_, index) => makeHook(`h${index}`, origin));
  const round = () => hooks.flatMap((hook) => makeClaims(hook, 1));
  const taken = handOver(capacity, [...round(), ...round(), ...round()]);
  assert.equal(taken.start.length, 64);
  const turns = taken.start.map(({ claim }) => claim.hook);
  const places = [...placesOf(taken)];
  for (let place = places.shift(); place !== undefined; place = places.shift()) {
    const [answered] = end(capacity, place, 1);
    turns.push(...answered.start.map(({ claim }) => claim.hook));
    places.push(...placesOf(answered));
  }
  assert.deepEqual(turns, [...hooks, ...hooks, ...hooks]);
});

test("a busy hook does not keep its places only because it has them", () => {
  const capacity = createCapacity(1_000, () => UNPACED);
  const origin = { url: "https://one.example/" };
  const busy = Array.from({ length: 8 }, (_, index) => makeHook(`busy${index}`, origin));
  const late = makeHook("late", origin);
  const taken = handOver(capacity, [...busy.flatMap((hook) => makeClaims(hook, 12)), ...makeClaims(late, 1)]);
  const [{ start }] = end(capacity, placesOf(taken)[0], 1);
  assert.deepEqual([taken.start.length, start.map(({ claim }) => claim.hook)], [64, [late]]);
});

test("beyond what may be at hand it goes back, and the store is known to hold it", () => {
  const capacity = createCapacity(1_000, () => UNPACED);
  const hook = makeHook("a");
  assert.deepEqual(counts(handOver(capacity, makeClaims(hook, 50))), [8, 50 - 8 - AT_HAND_OF_HOOK_MAX]);
  assert.deepEqual(capacity.roomForNew(0).exceptHooks, ["a"], "new ones would overtake those");
  assert.equal(capacity.isHungry(0), false, "enough is at hand");
  assert.deepEqual(leftOut(capacity), ["a"]);
});

test("the store is asked again once less is at hand than is likely to be needed", () => {
  const capacity = createCapacity(1_000, () => UNPACED);
  const taken = handOver(capacity, makeClaims(makeHook("a"), CLAIMS_OF_HOOK_MAX), 0, 100);
  assert.deepEqual([counts(taken), capacity.load().atHand], [[8, 0], 8]);
  assert.deepEqual([capacity.knowsOfMore(), capacity.isHungry(0)], [true, false]);
  end(capacity, placesOf(taken)[0], 1);
  assert.equal(capacity.isHungry(1), true);
  assert.deepEqual(leftOut(capacity), []);
});

test("what the store has given in part is known to be all of it", () => {
  const capacity = createCapacity(100, () => UNPACED);
  const hook = makeHook("a");
  handOver(capacity, makeClaims(hook, CLAIMS_OF_HOOK_MAX), 0, 100);
  capacity.takeAll();
  assert.equal(capacity.isHungry(0), true);
  ask(capacity, makeClaims(hook, 3));
  assert.equal(capacity.knowsOfMore(), false);
  ask(capacity, makeClaims(hook, CLAIMS_OF_HOOK_MAX));
  assert.equal(capacity.knowsOfMore(), true, "it gave as much as it may");
});

test("what was stored while the store was being asked is not forgotten", () => {
  const capacity = createCapacity(1_000, () => UNPACED);
  const room = capacity.room(0);
  handOver(capacity, makeClaims(makeHook("a"), CLAIMS_OF_HOOK_MAX), 0, 100);
  capacity.takeAll();
  capacity.take([], room, 0);
  assert.equal(capacity.isHungry(0), true);
});

test("what is stored for hooks that do not deliver is nothing to ask for", () => {
  const capacity = createCapacity(100, () => UNPACED);
  handOver(capacity, makeClaims(makeHook("a"), 3), 0, 5);
  assert.equal(capacity.knowsOfMore(), false);
});

test("without a place nothing is asked for; with the next one it is", () => {
  const capacity = createCapacity(1, () => UNPACED);
  const taken = handOver(capacity, makeClaims(makeHook("a"), 1));
  assert.deepEqual([capacity.room(0).countMax, capacity.roomForNew(0).countMax], [0, 0]);
  assert.equal(capacity.isHungry(0), false);
  end(capacity, placesOf(taken)[0], 1);
  assert.equal(capacity.isHungry(1), true);
});

test("what waits too long goes back, and its hook is not asked for while it hangs", () => {
  const capacity = createCapacity(100, () => UNPACED);
  const taken = handOver(capacity, makeClaims(makeHook("a"), 20));
  const lateMs = AT_HAND_MS_MAX + 1;
  assert.deepEqual(counts(capacity.tick(lateMs)), [0, 12]);
  assert.deepEqual(leftOut(capacity, lateMs), ["a"]);
  for (const place of placesOf(taken)) capacity.answer(place, true, lateMs);
  assert.deepEqual(leftOut(capacity, lateMs), []);
});

test("retries are asked for only while there are places for them", () => {
  const capacity = createCapacity(8, () => UNPACED);
  const retries = (id: string) => makeClaims(makeHook(id), 1, 2);
  assert.equal(capacity.room(0).retriesMax, 4);
  const taken = ask(capacity, ["a", "b", "c", "d"].flatMap(retries));
  assert.equal(capacity.room(0).retriesMax, 0);
  ask(capacity, []);
  assert.equal(capacity.isHungry(0), false);
  end(capacity, placesOf(taken)[0], 1);
  assert.equal(capacity.isHungry(1), true, "there may be others that were not given");
});

test("hooks that have more left are asked for by name, and little of each if there are many", () => {
  const capacity = createCapacity(10_000, () => UNPACED);
  const hooks = Array.from({ length: 200 }, (_, index) => makeHook(`h${index}`));
  for (const hook of hooks) handOver(capacity, makeClaims(hook, CLAIMS_OF_HOOK_MAX), 0, 1);
  assert.equal(capacity.roomForNew(0).exceptHooks.length, 128, "naming them is not free");
  capacity.takeAll();
  const room = capacity.room(0);
  assert.deepEqual(room, {
    countMax: 1_250,
    retriesMax: 5_000,
    hookMax: 6,
    exceptHooks: [],
    onlyHooks: hooks.map(({ id }) => id),
  });
  capacity.take(makeClaims(makeHook("h0"), 3), room, 0);
  assert.deepEqual([capacity.knowsOfMore(), capacity.room(0).onlyHooks], [false, undefined]);
});

test("if nearly all that is handed over has to go back, little is handed over, until it finds room again", () => {
  const capacity = createCapacity(64, () => UNPACED);
  const hook = makeHook("a");
  const offered = () => capacity.roomForNew(0).countMax;
  assert.equal(offered(), 48);
  handOver(capacity, makeClaims(hook, 50));
  const [before] = [offered()];
  assert.ok(before > 30, "a part was of use, and that should not have to wait");
  handOver(capacity, makeClaims(hook, 100));
  assert.equal(offered(), 8);
  handOver(capacity, makeClaims(makeHook("b", { inFlightMax: 2 }), 2));
  assert.equal(offered(), 16);
});

test("of a hook that failed little is kept at hand, and of one that hangs nothing", () => {
  const capacity = createCapacity(1_000, () => UNPACED);
  const [failing, hanging] = [makeHook("failing"), makeHook("hanging")];
  const [place] = placesOf(handOver(capacity, makeClaims(failing, 1)));
  assert.ok(place);
  capacity.answer(place, false, 0);
  assert.deepEqual(counts(handOver(capacity, makeClaims(failing, 10))), [1, 7]);
  handOver(capacity, makeClaims(hanging, 1));
  assert.deepEqual(counts(handOver(capacity, makeClaims(hanging, 10), 1_001)), [0, 10]);
});

test("what was asked for in vain is asked for less and less often", () => {
  const capacity = createCapacity(1_000, () => UNPACED);
  const hook = makeHook("a");
  handOver(capacity, makeClaims(hook, 50));
  let nowMs = 0;
  const pauses: number[] = [];
  for (let round = 0; round < 4; round++) {
    const sinceMs = nowMs;
    const taken = ask(capacity, makeClaims(hook, capacity.room(nowMs).countMax), nowMs);
    assert.equal(taken.start.length, 0);
    while (!capacity.isHungry(nowMs)) nowMs += 1;
    pauses.push(nowMs - sinceMs);
  }
  assert.deepEqual(pauses, [10, 20, 40, 80]);
});
