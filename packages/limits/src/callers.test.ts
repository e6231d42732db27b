import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { KEY_LENGTH_MAX } from "./callers.ts";
import { createLimiter, type Limiter } from "./limiter.ts";
import type { Plan } from "./plan.ts";
import { OPEN, T0 } from "./plans.contract.ts";

const TEN_A_MINUTE: Plan = {
  ...OPEN,
  rate_limit: { core: { limit: 10, window_s: 60 }, search: { limit: 2, window_s: 60 } },
  callers_max: 50,
};

function spend(limiter: Limiter, key: string, nowMs: number, resource = "core"): "admitted" | "refused" {
  const caller = limiter.resolve("plan", key, nowMs);
  const verdict = limiter.decide(caller, limiter.operation({ method: "GET", resource }), nowMs);
  if (verdict.kind === "admitted") limiter.release(verdict, nowMs);
  return verdict.kind;
}

function spendMany(limiter: Limiter, key: string, count: number, nowMs = T0): void {
  for (let times = 0; times < count; times++) assert.equal(spend(limiter, key, nowMs), "admitted");
}

const usedBy = (limiter: Limiter, key: string, nowMs = T0): number =>
  limiter.status("plan", key, nowMs).quotas[0]?.used ?? Number.NaN;

describe("callers that are remembered", () => {
  test("are never more than callers_max, whoever comes", () => {
    const limiter = createLimiter({ plan: TEN_A_MINUTE });
    for (let number = 0; number < 5_000; number++) {
      spend(limiter, `address:${number}`, T0);
      assert.ok(limiter.callers <= 50);
    }
    assert.equal(limiter.callers, 50);
  });

  test("stay remembered through a flood of addresses if they have used more than half of a quota", () => {
    const limiter = createLimiter({ plan: TEN_A_MINUTE });
    spendMany(limiter, "abuser", 10);
    spendMany(limiter, "regular", 6);
    for (let number = 0; number < 5_000; number++) spend(limiter, `address:${number}`, T0);
    assert.deepEqual([usedBy(limiter, "abuser"), usedBy(limiter, "regular")], [10, 6]);
    assert.equal(spend(limiter, "abuser", T0), "refused");
  });

  test("are not those that have requests under way", () => {
    const limiter = createLimiter({ plan: TEN_A_MINUTE });
    const caller = limiter.resolve("plan", "slow", T0);
    const verdict = limiter.decide(caller, limiter.operation({ method: "GET" }), T0);
    for (let number = 0; number < 5_000; number++) spend(limiter, `address:${number}`, T0);
    assert.equal(usedBy(limiter, "slow"), 1);
    assert.ok(verdict.kind === "admitted");
    limiter.release(verdict, T0);
    for (let number = 0; number < 5_000; number++) spend(limiter, `address:${number}`, T0);
    assert.equal(usedBy(limiter, "slow"), 0, "once it has ended it goes as others do");
  });

  test("share one quota with other newcomers where nobody can be forgotten, until somebody can", () => {
    const limiter = createLimiter({ plan: TEN_A_MINUTE });
    for (let number = 0; number < 50; number++) spendMany(limiter, `address:${number}`, 6);
    const admitted = Array.from({ length: 30 }, (_, number) => spend(limiter, `late:${number}`, T0));
    assert.equal(admitted.filter((kind) => kind === "admitted").length, 10);
    assert.equal(limiter.callers, 50);
    assert.equal(spend(limiter, "late:1", T0 + 60_000), "admitted");
    assert.equal(usedBy(limiter, "late:1", T0 + 60_000), 1);
  });

  test("are forgotten in small steps once they are idle, and their rows serve others clean", () => {
    const limiter = createLimiter({ plan: TEN_A_MINUTE });
    for (let number = 0; number < 50; number++) {
      spend(limiter, `address:${number}`, T0);
      spend(limiter, `address:${number}`, T0, "search");
    }
    limiter.forgetIdle(T0 + 59_999, 1_000);
    assert.equal(limiter.callers, 50);
    limiter.forgetIdle(T0 + 60_000, 20);
    assert.equal(limiter.callers, 30);
    for (let round = 0; round < 2; round++) limiter.forgetIdle(T0 + 60_000, 40);
    assert.equal(limiter.callers, 0);
    for (let number = 0; number < 50; number++) {
      const { quotas } = limiter.statusOf(limiter.resolve("plan", `other:${number}`, T0), T0);
      assert.deepEqual(
        quotas.map(({ used }) => used),
        [0, 0],
      );
    }
  });

  test("may be kept by whoever resolved them: forgotten meanwhile, they are found again, and nobody has two quotas", () => {
    const limiter = createLimiter({ plan: TEN_A_MINUTE });
    const kept = limiter.resolve("plan", "ada", T0);
    const read = limiter.operation({ method: "GET" });
    limiter.forgetIdle(T0, 10);
    assert.equal(limiter.callers, 0);
    spendMany(limiter, "ada", 4);
    for (let times = 0; times < 6; times++) {
      const verdict = limiter.decide(kept, read, T0);
      assert.ok(verdict.kind === "admitted");
      limiter.release(verdict, T0);
    }
    assert.equal(limiter.decide(kept, read, T0).kind, "refused");
    assert.equal(spend(limiter, "ada", T0), "refused");
    assert.equal(limiter.callers, 1);
  });

  test("have keys of at most 256 characters; longer ones share a quota and take no memory", () => {
    const limiter = createLimiter({ plan: TEN_A_MINUTE });
    const [longest, longer] = ["x".repeat(KEY_LENGTH_MAX), "x".repeat(KEY_LENGTH_MAX + 1)];
    spendMany(limiter, longest, 10);
    spendMany(limiter, longer, 4);
    spendMany(limiter, `${longer}y`, 6);
    assert.equal(spend(limiter, longer, T0), "refused");
    assert.equal(limiter.callers, 1);
  });
});

describe("another policy while it runs", () => {
  const withLimit = (limit: number): Plan => ({
    ...TEN_A_MINUTE,
    rate_limit: { ...TEN_A_MINUTE.rate_limit, core: { limit, window_s: 60 } },
  });

  test("holds from the next request on, with what was used before", () => {
    const limiter = createLimiter({ plan: withLimit(3) });
    spendMany(limiter, "ada", 3);
    assert.equal(spend(limiter, "ada", T0), "refused");
    limiter.adopt({ plan: withLimit(5) });
    spendMany(limiter, "ada", 2);
    assert.equal(spend(limiter, "ada", T0), "refused");
    limiter.adopt({ plan: withLimit(2) });
    const [core] = limiter.status("plan", "ada", T0).quotas;
    assert.deepEqual([core?.limit, core?.used, core?.remaining], [2, 5, 0]);
  });

  test("may bring resources and plans, and takes none away", () => {
    const limiter = createLimiter({ plan: OPEN });
    spendMany(limiter, "ada", 3);
    limiter.adopt({ plan: TEN_A_MINUTE, gold: OPEN });
    assert.equal(spend(limiter, "ada", T0, "search"), "admitted");
    assert.deepEqual(
      limiter.status("plan", "ada", T0).quotas.map(({ resource, used }) => [resource, used]),
      [
        ["core", 3],
        ["search", 1],
      ],
    );
    assert.throws(() => limiter.adopt({ gold: OPEN }), /the plan plan is missing/);
  });

  test("that is wrong changes nothing", () => {
    const limiter = createLimiter({ plan: withLimit(3) });
    const wrong = { ...withLimit(9), points: { per_min: -1, read: 1, write: 1 } };
    assert.throws(() => limiter.adopt({ plan: wrong }), /plan\.points\.per_min is -1/);
    spendMany(limiter, "ada", 3);
    assert.equal(spend(limiter, "ada", T0), "refused");
  });
});
