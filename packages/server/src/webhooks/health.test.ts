/** A hook's health, decided: tables of what attempts show, and laws that hold whatever happens in whatever order. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { healthAfterChange, type Shown, type Step, shownBy, stepBounds, stepOf } from "./health.ts";
import type { Failing, Hook, HookState } from "./hook.ts";
import { OUTCOMES, type Outcome } from "./outcome.ts";

const URL_A = "https://a.example/";
const SINCE: Failing = { sinceMs: 1_000, outcome: "reset", status: null, toldAtMs: null };
const sound = { state: "active", health: { failing: null, pausedBecause: null } } as const;
const failing = { state: "active", health: { failing: SINCE, pausedBecause: null } } as const;
const paused = { state: "paused", health: { failing: SINCE, pausedBecause: "failing" } } as const;
const resting = { state: "paused", health: { failing: SINCE, pausedBecause: "asked" } } as const;
const pending = { state: "pending", health: { failing: null, pausedBecause: null } } as const;

const accepted: Outcome = { kind: "accepted", status: 200 };
const rejected: Outcome = { kind: "rejected", status: 422 };
const refused = (status: number, retryAfterMs: number | null = null): Outcome => ({
  ...{ kind: "refused", status, retryAfterMs },
});

const shows: readonly (readonly [string, Pick<Hook, "state" | "health">, Outcome, boolean, Shown])[] = [
  ["a good answer of a sound hook is no news", sound, accepted, false, null],
  ["422 is an answer, too", sound, rejected, false, null],
  ["the first failure is", sound, refused(500), false, "failing"],
  ["no answer is a failure", sound, { kind: "deadline" }, false, "failing"],
  ["a ping that fails says the same", sound, refused(500), true, "failing"],
  ["to be asked to wait is not to be answered well", sound, refused(429, 60_000), false, "failing"],
  ["gone is another matter", sound, refused(410), false, null],
  ["where our own proxy fails, that is not the hook's", sound, { kind: "proxy" }, false, null],
  ["a ping that is declined says nothing", sound, rejected, true, null],
  ["the second failure is no news", failing, refused(500), false, null],
  ["a good answer makes it sound", failing, accepted, false, "sound"],
  ["so does 422", failing, rejected, false, "sound"],
  ["and a good answer to a ping", failing, accepted, true, "sound"],
  ["but no 422 to a ping", failing, rejected, true, null],
  ["what failing had paused is brought back by a ping", paused, accepted, true, "sound"],
  ["not by what was under way", paused, accepted, false, null],
  ["nor by a ping that is declined", paused, rejected, true, null],
  ["nor by one that is refused", paused, refused(500), true, null],
  ["what was paused by hand stays so", resting, accepted, true, null],
  ["a pending hook has its own way", pending, accepted, true, null],
  ["also where it fails", pending, refused(500), true, null],
  ["an unproven answer is a pending hook's", pending, { kind: "unproven", status: 200 }, true, null],
];

for (const [promise, hook, outcome, isPing, expected] of shows) {
  test(promise, () => assert.equal(shownBy(outcome, hook, { isPing }), expected));
}

const POLICY = { failing_after_s: 100, paused_after_s: 500 };
const at = (afterS: number): number => 1_000 + afterS * 1_000;

const steps: readonly (readonly [string, number | null, number, Step | null])[] = [
  ["nothing before it is time", null, at(99.999), null],
  ["its owner is told when it is", null, at(100), "tell"],
  ["never paused before its owner was told", null, at(10_000), "tell"],
  ["nothing between the two", at(100), at(499.999), null],
  ["paused when it is time", at(100), at(500), "pause"],
  ["told late, it is paused late: its owner has as long to mend it", at(400), at(799.999), null],
  ["and not later than that", at(400), at(800), "pause"],
];

for (const [promise, toldAtMs, nowMs, expected] of steps) {
  test(`a step: ${promise}`, () => {
    assert.equal(stepOf({ ...SINCE, toldAtMs }, stepBounds(POLICY, nowMs)), expected);
  });
}

const anyOutcome: fc.Arbitrary<Outcome> = fc.oneof(
  fc.constantFrom(accepted, rejected, refused(500), refused(429, 5_000), refused(410)),
  fc
    .constantFrom(...(Object.keys(OUTCOMES) as Outcome["kind"][]))
    .filter((kind) => !["accepted", "rejected", "refused", "unproven"].includes(kind))
    .map((kind) => ({ kind }) as Outcome),
);

type Happening =
  | { readonly kind: "attempt"; readonly outcome: Outcome; readonly isPing: boolean }
  | { readonly kind: "look" }
  | { readonly kind: "change"; readonly state: "active" | "paused" };

const happening: fc.Arbitrary<Happening> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ kind: fc.constant("attempt"), outcome: anyOutcome, isPing: fc.boolean() }),
  },
  { weight: 4, arbitrary: fc.constant({ kind: "look" } as const) },
  fc.record({ kind: fc.constant("change"), state: fc.constantFrom("active" as const, "paused" as const) }),
);

interface Told {
  readonly step: Step;
  readonly atMs: number;
  readonly sinceMs: number;
}

/** A hook to which all of that happens, one after the other, with what time passes between; pings only while paused. */
function live(happenings: readonly (readonly [number, Happening])[]): {
  readonly told: Told[];
  readonly hooks: Hook[];
} {
  let hook = { url: URL_A, ...sound } as Hook;
  let nowMs = 1_000;
  const told: Told[] = [];
  const hooks: Hook[] = [hook];
  for (const [pauseS, happened] of happenings) {
    nowMs += pauseS * 1_000;
    if (happened.kind === "attempt" && (happened.isPing || hook.state === "active")) {
      hook = afterShown(hook, shownBy(happened.outcome, hook, happened), happened.outcome, nowMs);
    } else if (happened.kind === "look") {
      const failingNow = hook.state === "active" ? hook.health.failing : null;
      const step = failingNow && stepOf(failingNow, stepBounds(POLICY, nowMs));
      if (failingNow && step) told.push({ step, atMs: nowMs, sinceMs: failingNow.sinceMs });
      if (failingNow && step === "tell")
        hook = { ...hook, health: { failing: { ...failingNow, toldAtMs: nowMs }, pausedBecause: null } };
      if (step === "pause")
        hook = { ...hook, state: "paused", health: { failing: failingNow, pausedBecause: "failing" } };
    } else if (happened.kind === "change") {
      const after = { ...hook, state: happened.state as HookState };
      hook = { ...after, health: healthAfterChange(hook, after, { isStateGiven: true }) };
    }
    hooks.push(hook);
  }
  return { told, hooks };
}

function afterShown(hook: Hook, shown: Shown, outcome: Outcome, nowMs: number): Hook {
  if (shown === null) return hook;
  if (shown === "sound") return { ...hook, state: "active", health: { failing: null, pausedBecause: null } };
  const began = { sinceMs: nowMs, outcome: outcome.kind, status: null, toldAtMs: null };
  return { ...hook, health: { failing: began, pausedBecause: null } };
}

test("whatever happens, in whatever order: told once in time, paused once and only after that", () => {
  const lives = fc.array(fc.tuple(fc.integer({ min: 0, max: 200 }), happening), { maxLength: 60 });
  const seen = { tell: 0, pause: 0, resumed: 0 };
  fc.assert(
    fc.property(lives, (happenings) => {
      const { told, hooks } = live(happenings);
      for (const [index, { step, atMs, sinceMs }] of told.entries()) {
        seen[step] += 1;
        const before = told[index - 1];
        if (step === "tell") {
          assert.ok(atMs - sinceMs >= POLICY.failing_after_s * 1_000);
          assert.ok(before?.sinceMs !== sinceMs, "told twice of the same");
        } else {
          assert.deepEqual([before?.step, before?.sinceMs], ["tell", sinceMs], "paused without a word");
          assert.ok(atMs - sinceMs >= POLICY.paused_after_s * 1_000);
          assert.ok(before && atMs - before.atMs >= (POLICY.paused_after_s - POLICY.failing_after_s) * 1_000);
        }
      }
      for (const [index, { state, health }] of hooks.entries()) {
        assert.equal(
          health.pausedBecause === null,
          state !== "paused",
          "why it is paused is said while it is",
        );
        if (hooks[index - 1]?.health.pausedBecause === "failing" && state === "active") {
          seen.resumed += 1;
          assert.equal(health.failing, null, "who comes back begins anew");
        }
      }
    }),
    { seed: 20_261_125, numRuns: 3_000 },
  );
  // Or the laws would hold of nothing.
  assert.ok(seen.tell > 300 && seen.pause > 20 && seen.resumed > 5, JSON.stringify(seen));
});
