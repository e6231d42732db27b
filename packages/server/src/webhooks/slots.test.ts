import assert from "node:assert/strict";
import { test } from "node:test";
import { makeHook } from "./capacity-fixtures.contract.ts";
import { HANGING_MS, type Trust } from "./ramp.ts";
import { createSlots, ORIGIN_IN_FLIGHT_MAX, type Place, type Slots, UNSETTLED_SHARE } from "./slots.ts";

interface Ask {
  readonly id?: string;
  readonly origin?: string;
  readonly trust?: Trust;
  readonly window?: number;
  readonly atMs?: number;
}

function enter(slots: Slots, ask: Ask = {}) {
  const { id = "a", origin = `https://${id}`, trust = "sound", window = 8, atMs = 0 } = ask;
  return slots.enter({ hook: makeHook(id), origin, trust, window }, atMs);
}

/** Enters until there is an obstacle: how many found a place, and what stood in the way. */
function fill(slots: Slots, ask: (index: number) => Ask): readonly [number, string] {
  for (let count = 0; ; count++) {
    const entered = enter(slots, ask(count));
    if (typeof entered === "string") return [count, entered];
  }
}

test("a hook has as many places as its footing gives it, and gets one back with each answer", () => {
  const slots = createSlots(1_000);
  assert.deepEqual(
    fill(slots, () => ({ window: 2 })),
    [2, "hook"],
  );
  const place = enter(slots, { window: 3 });
  assert.ok(typeof place !== "string");
  slots.answer(place);
  assert.deepEqual(
    fill(slots, () => ({ window: 3 })),
    [1, "hook"],
  );
  assert.equal(slots.inFlight(), 3);
});

test("an origin has so many places, half of them for those who are not trusted", () => {
  const slots = createSlots(10_000);
  const at = (prefix: string, trust: Trust) => (index: number) => ({
    id: `${prefix}${index}`,
    origin: "https://a",
    trust,
  });
  assert.deepEqual(fill(slots, at("d", "doubtful")), [ORIGIN_IN_FLIGHT_MAX / 2, "origin"]);
  assert.deepEqual(fill(slots, at("s", "sound")), [ORIGIN_IN_FLIGHT_MAX / 2, "origin"]);
  assert.equal(typeof enter(slots, { id: "other" }), "object");
});

test("who is not trusted has half of all places, and who is slow has less", () => {
  const slots = createSlots(80);
  const of = (trust: Trust) => (index: number) => ({ id: `${trust}${index}`, trust });
  assert.deepEqual(fill(slots, of("slow")), [30, "trust"]);
  assert.deepEqual(fill(slots, of("doubtful")), [10, "trust"]);
  assert.equal(slots.freeForRetries(), 0);
  assert.deepEqual(fill(slots, of("sound")), [20, "all"]);
});

test("the fewer places are left, the fewer may one hook have, and a first one to the last", () => {
  const slots = createSlots(64);
  const ofOne = (id: string) => () => ({ id });
  assert.deepEqual(fill(slots, ofOne("a")), [8, "hook"]);
  assert.deepEqual(fill(slots, ofOne("b")), [7, "hook"]);
  assert.deepEqual(fill(slots, ofOne("c")), [6, "hook"]);
  fill(slots, (index) => ({ id: `once${index}` }));
  assert.equal(slots.inFlight(), 48, "a quarter is kept for the next second");
  const later = HANGING_MS + 1;
  assert.deepEqual(
    fill(slots, (index) => ({ id: `later${index}`, atMs: later })),
    [12, "all"],
  );
  assert.deepEqual(
    fill(slots, (index) => ({ id: `last${index}`, atMs: 2 * later })),
    [3, "all"],
  );
});

test("a hook whose attempt hangs starts no other until that is answered", () => {
  const slots = createSlots(100);
  const first = enter(slots) as Place;
  const isFree = (atMs: number) => typeof enter(slots, { atMs }) === "object";
  assert.ok(isFree(HANGING_MS));
  assert.equal(slots.isHanging(first.hook.id, first.origin, HANGING_MS), false);
  assert.ok(!isFree(HANGING_MS + 1));
  assert.equal(slots.isHanging(first.hook.id, first.origin, HANGING_MS + 1), true);
  slots.answer(first);
  assert.ok(isFree(HANGING_MS + 2));
});

test("an origin hangs when all its places are taken, half of them for long", () => {
  const slots = createSlots(1_000);
  const at = (index: number, atMs: number) => enter(slots, { id: `h${index}`, origin: "https://a", atMs });
  const late = HANGING_MS + 1;
  const isHanging = (nowMs: number) => slots.isHanging(makeHook("other").id, "https://a", nowMs);
  for (let index = 0; index < ORIGIN_IN_FLIGHT_MAX / 2; index++) at(index, 0);
  assert.equal(isHanging(late), false, "there are places left");
  const [first] = Array.from({ length: ORIGIN_IN_FLIGHT_MAX / 2 }, (_, index) => at(100 + index, late));
  assert.equal(isHanging(late), true);
  assert.ok(first !== undefined && typeof first !== "string");
  slots.answer(first);
  assert.equal(isHanging(late), false);
});

test("even one place can be had, by whomever", () => {
  for (const trust of ["sound", "doubtful", "slow"] as const) {
    const slots = createSlots(1);
    assert.equal(slots.free(0), 1);
    const place = enter(slots, { trust });
    assert.ok(typeof place !== "string", trust);
    assert.deepEqual([slots.free(0), enter(slots, { id: "b" })], [0, "all"]);
    slots.answer(place);
    assert.equal(slots.free(0), 1, "what remains is ours to do, and nobody waits for it");
  }
});

test("what is answered and not settled keeps others out when it has become too much", () => {
  const slots = createSlots(2);
  const places = [0, 1].map((index) => enter(slots, { id: `h${index}` }) as Place);
  const unsettledMax = 2 * UNSETTLED_SHARE;
  for (let count = 0; count < unsettledMax; count++) {
    assert.equal(slots.free(0), 0);
    slots.answer(places[count] as Place);
    if (count < unsettledMax - 2) places.push(enter(slots, { id: `n${count}` }) as Place);
    else assert.equal(enter(slots, { id: "other" }), "all");
  }
  slots.leave();
  assert.equal(slots.free(0), 1);
});
