import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { POLICY_DEFAULT } from "@trulinks/protocol";
import { createLimiter, type Limiter } from "./limiter.ts";
import type { OperationOptions } from "./operation.ts";
import { type LimitName, type Plan, plansOf } from "./plan.ts";
import { OPEN, T0 } from "./plans.contract.ts";
import type { Verdict } from "./verdict.ts";

const GET: OperationOptions = { method: "GET" };
const POST: OperationOptions = { method: "POST" };
const CREATE: OperationOptions = { method: "POST", isContent: true };

function deciding(plan: Plan): {
  limiter: Limiter;
  ask(options: OperationOptions, afterMs?: number): Verdict;
} {
  const limiter = createLimiter({ plan });
  return {
    limiter,
    ask(options, afterMs = 0) {
      const caller = limiter.resolve("plan", "ada", T0 + afterMs);
      const verdict = limiter.decide(caller, limiter.operation(options), T0 + afterMs);
      if (verdict.kind === "admitted") limiter.release(verdict, T0 + afterMs);
      return verdict;
    },
  };
}

/** How many of the same in a row are admitted at one moment, and what is said to the next. */
const edges: readonly [string, Plan, OperationOptions, number, LimitName, number | null][] = [
  [
    "the primary quota until its window ends",
    { ...OPEN, rate_limit: { core: { limit: 3, window_s: 60 } } },
    GET,
    3,
    "rate-limit",
    60_000,
  ],
  ["a burst of writes", plan("user"), POST, 10, "write-pacing", 900],
  ["a single write of somebody without credentials", plan("anonymous"), POST, 1, "write-pacing", 900],
  ["sixty points of somebody without credentials", withoutQuota("anonymous"), GET, 60, "points", 60_000],
  ["nine hundred points for reads", plan("user"), GET, 900, "points", 60_000],
  [
    "what creates content, by the minute",
    { ...OPEN, content_pacing: { per_min: 2, per_h: 5 } },
    CREATE,
    2,
    "content-pacing",
    60_000,
  ],
  [
    "what creates content, by the hour",
    { ...OPEN, content_pacing: { per_min: 9, per_h: 2 } },
    CREATE,
    2,
    "content-pacing",
    3_600_000,
  ],
  [
    "nothing at all where the limit is zero, and no wait helps",
    { ...OPEN, rate_limit: { core: { limit: 0, window_s: 60 } } },
    GET,
    0,
    "rate-limit",
    null,
  ],
];

function plan(name: "user" | "anonymous"): Plan {
  return plansOf(POLICY_DEFAULT)[name];
}

function withoutQuota(name: "user" | "anonymous"): Plan {
  return { ...plan(name), rate_limit: OPEN.rate_limit };
}

describe("is admitted at one moment", () => {
  for (const [name, plan, options, count, by, waitMs] of edges) {
    test(name, () => {
      const { ask } = deciding(plan);
      for (let times = 0; times < count; times++) assert.equal(ask(options).kind, "admitted");
      const next = ask(options);
      assert.equal(next.kind, "refused");
      if (next.kind !== "refused") return;
      assert.deepEqual([next.by, next.retryAtMs], [by, waitMs === null ? null : T0 + waitMs]);
      if (waitMs === null) return;
      assert.equal(ask(options, waitMs - 1).kind, "refused");
      assert.equal(ask(options, waitMs).kind, "admitted");
    });
  }
});

const LONG = { limit: 1, window_s: 600 };
const orders: readonly [string, Plan, LimitName, number, readonly LimitName[]][] = [
  [
    "content before the primary quota, and until both fit",
    { ...OPEN, rate_limit: { core: LONG }, content_pacing: { per_min: 1, per_h: 9 } },
    "content-pacing",
    600_000,
    ["rate-limit", "content-pacing"],
  ],
  [
    "the primary quota before a longer wait, and until both fit",
    {
      ...OPEN,
      rate_limit: { core: { limit: 1, window_s: 5 } },
      points: { per_min: 5, read: 1, write: 5 },
    },
    "rate-limit",
    60_000,
    ["rate-limit", "points"],
  ],
  [
    "among the rest the longest wait",
    {
      ...OPEN,
      write_pacing: { gap_ms: 90_000, burst: 1, tolerance_ms: 0 },
      points: { per_min: 5, read: 1, write: 5 },
    },
    "write-pacing",
    90_000,
    ["write-pacing", "points"],
  ],
];

describe("of several limits that hit is named", () => {
  for (const [name, plan, by, waitMs, hits] of orders) {
    test(name, () => {
      const { ask } = deciding(plan);
      assert.equal(ask(CREATE).kind, "admitted");
      const refused = ask(CREATE);
      assert.equal(refused.kind, "refused");
      if (refused.kind !== "refused") return;
      assert.deepEqual([refused.by, refused.retryAtMs, refused.hits], [by, T0 + waitMs, hits]);
    });
  }
});

describe("a limit in shadow mode", () => {
  const shadowed: Plan = {
    ...OPEN,
    rate_limit: { core: { limit: 2, window_s: 60 } },
    points: { per_min: 3, read: 1, write: 1 },
    shadow: ["rate-limit"],
  };

  test("refuses nothing and says that it would have", () => {
    const { ask } = deciding(shadowed);
    const said = [ask(GET), ask(GET), ask(GET)].map(({ shadowed }) => shadowed);
    assert.deepEqual(said, [[], [], ["rate-limit"]]);
  });

  test("counts only what it would have admitted, as if it were enforced", () => {
    const { ask, limiter } = deciding(shadowed);
    for (let times = 0; times < 3; times++) ask(GET);
    assert.equal(limiter.status("plan", "ada", T0).quotas[0]?.used, 2);
  });

  test("is told beside an enforced one that refuses", () => {
    const { ask } = deciding(shadowed);
    for (let times = 0; times < 3; times++) ask(GET);
    const refused = ask(GET);
    assert.deepEqual(refused.kind === "refused" && [refused.by, refused.hits, refused.shadowed], [
      "points",
      ["points"],
      ["rate-limit"],
    ]);
  });
});

describe("a clock that is set back", () => {
  test("ends no window early, and makes nobody wait longer than one window", () => {
    const { ask } = deciding({ ...OPEN, rate_limit: { core: { limit: 1, window_s: 60 } } });
    ask(GET);
    const refused = ask(GET, -3_600_000);
    assert.equal(refused.kind === "refused" && refused.retryAtMs, T0 - 3_600_000 + 60_000);
    assert.equal(ask(GET, -3_600_000 + 59_999).kind, "refused");
    assert.equal(ask(GET, -3_600_000 + 60_000).kind, "admitted");
  });

  test("makes nobody wait longer than a gap for a write", () => {
    const { ask } = deciding({ ...OPEN, write_pacing: { gap_ms: 1_000, burst: 2, tolerance_ms: 0 } });
    ask(POST);
    ask(POST);
    const refused = ask(POST, -3_600_000);
    assert.equal(refused.kind === "refused" && refused.retryAtMs, T0 - 3_600_000 + 1_000);
    assert.equal(ask(POST, -3_600_000 + 1_000).kind, "admitted");
    assert.equal(ask(POST, -3_600_000 + 1_001).kind, "refused");
  });
});

describe("what is asked of it that cannot be", () => {
  const limiter = createLimiter({ plan: { ...OPEN, rate_limit: { ...OPEN.rate_limit, search: LONG } } });
  const faults: readonly [string, () => unknown, RegExp][] = [
    [
      "a resource that no plan has",
      () => limiter.operation({ method: "GET", resource: "mail" }),
      /no resource "mail"; the plans have core, search/,
    ],
    ["a cost of nothing", () => limiter.operation({ method: "GET", cost: 0 }), /cost is 0; expected/],
    [
      "points that are no whole number",
      () => limiter.operation({ method: "GET", points: 0.5 }),
      /points is 0.5; expected/,
    ],
    ["a plan that is not there", () => limiter.resolve("gold", "ada", T0), /no plan "gold"; there are plan/],
    [
      "a plan without core",
      () => createLimiter({ gold: { ...OPEN, rate_limit: {} } }),
      /gold\.rate_limit\.core is missing/,
    ],
    [
      "a window of no length",
      () => createLimiter({ gold: { ...OPEN, rate_limit: { core: { limit: 1, window_s: 0 } } } }),
      /gold\.rate_limit\.core\.window_s is 0; expected a whole number from 1/,
    ],
    [
      "a tolerance of a whole gap, which would be one more in the burst",
      () => createLimiter({ gold: { ...OPEN, write_pacing: { gap_ms: 10, burst: 1, tolerance_ms: 10 } } }),
      /gold\.write_pacing\.tolerance_ms is 10; expected a whole number from 0 to 9/,
    ],
    [
      "a shadow of no limit",
      () => createLimiter({ gold: { ...OPEN, shadow: ["sun" as LimitName] } }),
      /gold\.shadow has "sun"; expected some of rate-limit,/,
    ],
  ];
  for (const [name, run, message] of faults) {
    test(`${name} is said in one sentence`, () => {
      assert.throws(run, (error: Error) => error instanceof RangeError && message.test(error.message));
    });
  }
});
