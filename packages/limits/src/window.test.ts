import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { POLICY_DEFAULT, secondsUntil, type WindowPolicy } from "@trulinks/protocol";
import fc from "fast-check";
import type { Decision } from "./decision.ts";
import { decide, openWindow, quotaOf, refund, type WindowCell } from "./window.ts";

const POLICY: WindowPolicy = { limit: 3, window_s: 60 };
const T0 = 1_700_000_000_000;

const DECISIONS: readonly [
  string,
  WindowCell | null,
  { cost: number; nowMs: number },
  string,
  WindowCell | null,
][] = [
  ["the first request starts the window", null, { cost: 1, nowMs: T0 }, "admitted", { startMs: T0, used: 1 }],
  [
    "a later one counts in it",
    { startMs: T0, used: 1 },
    { cost: 1, nowMs: T0 + 59_999 },
    "admitted",
    { startMs: T0, used: 2 },
  ],
  [
    "the last that fits is admitted",
    { startMs: T0, used: 2 },
    { cost: 1, nowMs: T0 },
    "admitted",
    { startMs: T0, used: 3 },
  ],
  [
    "the next is refused and costs nothing",
    { startMs: T0, used: 3 },
    { cost: 1, nowMs: T0 },
    "refused until 60000",
    { startMs: T0, used: 3 },
  ],
  [
    "a cost that does not fit whole is refused whole",
    { startMs: T0, used: 2 },
    { cost: 2, nowMs: T0 + 1 },
    "refused until 60000",
    { startMs: T0, used: 2 },
  ],
  [
    "the window's end belongs to the next window",
    { startMs: T0, used: 3 },
    { cost: 1, nowMs: T0 + 60_000 },
    "admitted",
    { startMs: T0 + 60_000, used: 1 },
  ],
  [
    "a cost above the limit names no time to wait for",
    { startMs: T0, used: 0 },
    { cost: 4, nowMs: T0 },
    "refused until never",
    { startMs: T0, used: 0 },
  ],
  [
    "a clock set back keeps what is used and begins the window anew",
    { startMs: T0, used: 3 },
    { cost: 1, nowMs: T0 - 3_600_000 },
    "refused until -3540000",
    { startMs: T0 - 3_600_000, used: 3 },
  ],
];

describe("one decision", () => {
  for (const [reason, cell, ask, expected, after] of DECISIONS) {
    test(reason, () => {
      const decision = decide(POLICY, cell, ask);
      const { verdict } = decision;
      const told =
        verdict.kind === "refused"
          ? `refused until ${verdict.retryAtMs === null ? "never" : verdict.retryAtMs - T0}`
          : verdict.kind;
      assert.equal(told, expected);
      assert.deepEqual(decision.cell, after);
    });
  }

  for (const cost of [0, -1, 0.5, Number.NaN, Number.POSITIVE_INFINITY]) {
    test(`a cost of ${cost} is a mistake of the program`, () => {
      assert.throws(() => decide(POLICY, null, { cost, nowMs: T0 }), RangeError);
    });
  }

  test("a limit that was lowered below what is used refuses and shows nothing below zero", () => {
    const cell = { startMs: T0, used: 50 };
    assert.equal(decide(POLICY, cell, { cost: 1, nowMs: T0 }).verdict.kind, "refused");
    assert.equal(quotaOf(POLICY, cell, { resource: "core", nowMs: T0 }).remaining, 0);
  });
});

describe("giving back", () => {
  const cases: readonly [string, WindowCell | null, number, number, number][] = [
    ["comes off the same window", { startMs: T0, used: 2 }, T0, T0 + 5, 1],
    ["means nothing in a later window", { startMs: T0 + 60_000, used: 2 }, T0, T0 + 60_005, 2],
    ["means nothing after the window's end", { startMs: T0, used: 2 }, T0, T0 + 60_000, 0],
    ["never makes less than nothing", { startMs: T0, used: 0 }, T0, T0 + 5, 0],
    ["means nothing where nothing is remembered", null, T0, T0, 0],
  ];
  for (const [reason, cell, startMs, nowMs, used] of cases) {
    test(reason, () => assert.equal(refund(POLICY, cell, { cost: 1, startMs, nowMs })?.used ?? 0, used));
  }
});

test("a caller who has asked nothing yet is told the end of the window that would start now", () => {
  const { user } = POLICY_DEFAULT.rate_limit;
  assert.deepEqual(quotaOf(user, null, { resource: "core", nowMs: T0 }), {
    resource: "core",
    limit: 5_000,
    used: 0,
    remaining: 5_000,
    windowS: 3_600,
    resetMs: T0 + 3_600_000,
  });
});

const policies = fc.record({
  limit: fc.integer({ min: 1, max: 8 }),
  window_s: fc.integer({ min: 1, max: 5 }),
});
const steps = (
  advanceMinMs: number,
): fc.Arbitrary<readonly { advanceMs: number; cost: number; giveBack: boolean }[]> =>
  fc.array(
    fc.record({
      advanceMs: fc.integer({ min: advanceMinMs, max: 4_000 }),
      cost: fc.integer({ min: 1, max: 3 }),
      giveBack: fc.boolean(),
    }),
    { maxLength: 80 },
  );

/** The rule in the most obvious words: every admitted request is kept, and counted anew each time. */
class Model {
  #startMs: number | null = null;
  #costs: number[] = [];

  readonly #policy: WindowPolicy;

  constructor(policy: WindowPolicy) {
    this.#policy = policy;
  }

  admits(cost: number, nowMs: number): boolean {
    if (this.#startMs !== null && nowMs - this.#startMs >= this.#policy.window_s * 1000) {
      this.#startMs = null;
      this.#costs = [];
    }
    const total = this.#costs.reduce((sum, each) => sum + each, 0);
    if (total + cost > this.#policy.limit) return false;
    this.#startMs ??= nowMs;
    this.#costs.push(cost);
    return true;
  }

  giveBackLast(): void {
    this.#costs.pop();
  }
}

describe("against a slow, obvious model", () => {
  test("every verdict is the model's", () => {
    fc.assert(
      fc.property(policies, steps(0), (policy, walk) => {
        const model = new Model(policy);
        let cell: WindowCell | null = null;
        let nowMs = T0;
        for (const { advanceMs, cost, giveBack } of walk) {
          nowMs += advanceMs;
          const decision = decide(policy, cell, { cost, nowMs });
          cell = decision.cell;
          const admitted = decision.verdict.kind === "admitted";
          assert.equal(admitted, model.admits(cost, nowMs));
          if (!admitted || !giveBack || cell === null) continue;
          cell = refund(policy, cell, { cost, startMs: cell.startMs, nowMs });
          model.giveBackLast();
        }
      }),
    );
  });

  test("whoever waits the whole seconds that Retry-After says is admitted", () => {
    fc.assert(
      fc.property(policies, steps(0), (policy, walk) => {
        let cell: WindowCell | null = null;
        let nowMs = T0;
        for (const { advanceMs, cost } of walk) {
          nowMs += advanceMs;
          let decision = decide(policy, cell, { cost, nowMs });
          if (decision.verdict.kind === "refused") {
            const { retryAtMs } = decision.verdict;
            assert.equal(retryAtMs === null, cost > policy.limit, "a time is named unless no wait helps");
            if (retryAtMs === null) continue;
            nowMs += secondsUntil(retryAtMs, nowMs) * 1000;
            decision = decide(policy, decision.cell, { cost, nowMs });
            assert.equal(decision.verdict.kind, "admitted");
          }
          cell = decision.cell;
        }
      }),
    );
  });

  test("a clock that jumps back ends no window early, and makes nobody wait longer than one", () => {
    fc.assert(
      fc.property(policies, steps(-20_000), (policy, walk) => {
        const windowMs = policy.window_s * 1000;
        let cell: WindowCell | null = null;
        let nowMs = T0;
        // What truly passes: setting a clock back takes no time.
        let passedMs = 0;
        let startedMs = Number.NEGATIVE_INFINITY;
        for (const { advanceMs, cost } of walk) {
          nowMs += advanceMs;
          passedMs += Math.max(0, advanceMs);
          const open = openWindow(policy, cell, nowMs);
          const { verdict, cell: after }: Decision<WindowCell | null> = decide(policy, cell, { cost, nowMs });
          cell = after;
          if (open === null && verdict.kind === "admitted") {
            assert.ok(
              passedMs - startedMs >= windowMs,
              "a new window begins no sooner than the last has passed",
            );
            startedMs = passedMs;
          }
          assert.ok((cell?.used ?? 0) <= policy.limit);
          if (verdict.kind === "refused") assert.ok((verdict.retryAtMs ?? nowMs) - nowMs <= windowMs);
        }
        const afterwards = decide(policy, cell, { cost: policy.limit, nowMs: nowMs + windowMs });
        assert.equal(afterwards.verdict.kind, "admitted");
      }),
    );
  });
});
