/** Whatever comes in whatever order: no limit is passed, nothing is lost, and whoever waits gets a turn. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { AT_HAND_MS_MAX, AT_HAND_OF_HOOK_MAX } from "./backlog.ts";
import { AT_HAND_SHARE, createCapacity, type Started, type Taken } from "./capacity.ts";
import { makeClaims, makeHook, UNPACED } from "./capacity-fixtures.contract.ts";
import type { Claim } from "./claim.ts";
import type { Hook } from "./hook.ts";
import { HANGING_MS } from "./ramp.ts";
import { ORIGIN_IN_FLIGHT_MAX, UNSETTLED_SHARE } from "./slots.ts";

const HOOKS = 24;

type Step =
  | {
      readonly kind: "stored" | "asked";
      readonly hook: number;
      readonly count: number;
      readonly attempt: number;
    }
  | { readonly kind: "answered"; readonly which: number; readonly succeeds: boolean }
  | { readonly kind: "settled" }
  | { readonly kind: "passed"; readonly ms: number };

const hookIndex = fc.nat(HOOKS - 1);
const steps: fc.Arbitrary<readonly Step[]> = fc.array(
  fc.oneof(
    fc.record({
      kind: fc.constantFrom("stored" as const, "asked" as const),
      hook: hookIndex,
      count: fc.integer({ min: 1, max: 40 }),
      attempt: fc.constantFrom(1, 1, 2),
    }),
    fc.record({ kind: fc.constant("answered" as const), which: fc.nat(), succeeds: fc.boolean() }),
    fc.record({ kind: fc.constant("settled" as const) }),
    fc.record({ kind: fc.constant("passed" as const), ms: fc.constantFrom(1, 100, 600, 3_000) }),
  ),
  { maxLength: 120 },
);
const shapes = fc.record({
  placesMax: fc.constantFrom(1, 2, 3, 7, 40, 200, 1_024),
  origins: fc.integer({ min: 1, max: HOOKS }),
  limits: fc.array(fc.record({ inFlightMax: fc.integer({ min: 1, max: 8 }), serial: fc.boolean() }), {
    minLength: HOOKS,
    maxLength: HOOKS,
  }),
});

type Shape = typeof shapes extends fc.Arbitrary<infer Value> ? Value : never;

/** A capacity, and beside it a plain count of all that it said. */
function createStage({ placesMax, origins, limits }: Shape) {
  const capacity = createCapacity(placesMax, () => UNPACED);
  const hooks = limits.map((limit, index) =>
    makeHook(`h${index}`, { ...limit, url: `https://${index % origins}.example/` }),
  );
  const underWay: Started[] = [];
  const atHand = new Map<Claim, number>();
  const failedLast = new Set<Hook>();
  let settling = 0;
  let nowMs = 0;
  let stored = 0;

  const ofHook = (hook: Hook) => underWay.filter(({ claim }) => claim.hook === hook);

  function carryOut({ start, back }: Taken): void {
    for (const { claim } of back) assert.ok(atHand.delete(claim), "it gives back what it had, and once");
    for (const started of start) {
      const { claim } = started;
      const sinceMs = atHand.get(claim);
      assert.ok(
        sinceMs !== undefined && nowMs - sinceMs <= AT_HAND_MS_MAX,
        "it starts what it had, and soon",
      );
      atHand.delete(claim);
      assert.ok(
        ofHook(claim.hook).every(({ place }) => nowMs - place.sinceMs <= HANGING_MS),
        "a hook that hangs starts nothing",
      );
      underWay.push(started);
    }
    checkLimits();
  }

  function checkLimits(): void {
    assert.deepEqual(capacity.load(), { inFlight: underWay.length, atHand: atHand.size });
    assert.ok(underWay.length <= placesMax);
    assert.ok(underWay.length + settling <= placesMax * UNSETTLED_SHARE);
    assert.ok(atHand.size <= placesMax * AT_HAND_SHARE);
    for (const hook of hooks) {
      const limit = hook.serial || failedLast.has(hook) ? 1 : hook.inFlightMax;
      // A failure shrinks what may start, and not what has.
      assert.ok(ofHook(hook).length <= (failedLast.has(hook) ? hook.inFlightMax : limit));
      assert.ok([...atHand.keys()].filter((claim) => claim.hook === hook).length <= AT_HAND_OF_HOOK_MAX);
    }
    const retries = underWay.filter(({ claim }) => claim.attempt > 1);
    assert.ok(retries.length <= Math.ceil(placesMax / 2));
    for (const { url } of hooks) {
      const isHere = ({ claim }: Started) => claim.hook.url === url;
      assert.ok(underWay.filter(isHere).length <= ORIGIN_IN_FLIGHT_MAX);
      assert.ok(retries.filter(isHere).length <= ORIGIN_IN_FLIGHT_MAX / 2);
    }
  }

  function take(step: Step & { readonly kind: "stored" | "asked" }): void {
    const hook = hooks[step.hook] as Hook;
    const claims = makeClaims(hook, step.count, step.attempt);
    for (const claim of claims) atHand.set(claim, nowMs);
    stored += claims.length;
    if (step.kind === "stored") {
      carryOut(capacity.takeNew(claims, { room: capacity.roomForNew(nowMs), left: step.count % 2 }, nowMs));
    } else carryOut(capacity.take(claims, capacity.room(nowMs), nowMs));
  }

  function answer(which: number, succeeds: boolean): void {
    const [started] = underWay.splice(which % underWay.length, 1);
    if (started === undefined) return;
    settling += 1;
    if (succeeds) failedLast.delete(started.claim.hook);
    else failedLast.add(started.claim.hook);
    carryOut(capacity.answer(started.place, succeeds, nowMs));
  }

  function settle(): void {
    if (settling === 0) return;
    settling -= 1;
    carryOut(capacity.leave(nowMs));
  }

  return {
    capacity,
    hooks,
    underWay,
    atHand,
    nowMs: () => nowMs,
    stored: () => stored,
    run(step: Step): void {
      if (step.kind === "stored" || step.kind === "asked") take(step);
      if (step.kind === "answered") answer(step.which, step.succeeds);
      if (step.kind === "settled") settle();
      if (step.kind !== "passed") return;
      nowMs += step.ms;
      carryOut(capacity.tick(nowMs));
    },
    /** Every receiver answers at once, and every settlement is done. */
    finish(): void {
      while (underWay.length > 0 || settling > 0) {
        settle();
        if (underWay.length > 0) answer(0, true);
      }
    },
  };
}

test("no limit is passed, and nothing is lost", () => {
  fc.assert(
    fc.property(shapes, steps, (shape, taken) => {
      const stage = createStage(shape);
      for (const step of taken) stage.run(step);
    }),
    { numRuns: 300 },
  );
});

test("once receivers answer, all that is at hand starts", () => {
  fc.assert(
    fc.property(shapes, steps, (shape, taken) => {
      const stage = createStage(shape);
      for (const step of taken) stage.run(step);
      stage.finish();
      assert.equal(stage.atHand.size, 0);
      assert.deepEqual(stage.capacity.load(), { inFlight: 0, atHand: 0 });
    }),
    { numRuns: 300 },
  );
});

test("a trusted hook with nothing under way finds a place wherever there is one", () => {
  fc.assert(
    fc.property(shapes, steps, (shape, taken) => {
      const stage = createStage(shape);
      for (const step of taken) stage.run(step);
      const fresh = makeHook("fresh");
      const isRoom = stage.capacity.roomForNew(stage.nowMs()).countMax > 0;
      const { start } = stage.capacity.take(
        makeClaims(fresh, 1),
        stage.capacity.room(stage.nowMs()),
        stage.nowMs(),
      );
      if (isRoom) assert.equal(start.length, 1);
    }),
    { numRuns: 300 },
  );
});
