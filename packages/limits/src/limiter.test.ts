import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { secondsUntil } from "@trulinks/protocol";
import fc from "fast-check";
import { createLimiter } from "./limiter.ts";
import { type Ask, Model, type Request } from "./model.contract.ts";
import { LIMIT_NAMES, type Plan } from "./plan.ts";
import type { Admission } from "./verdict.ts";

const T0 = 1_700_000_000_000;

const window = fc.record({
  limit: fc.integer({ min: 0, max: 12 }),
  window_s: fc.integer({ min: 1, max: 90 }),
});

/** Policies in which everything can hit within a few requests; each limit may be absent or in shadow mode. */
const plans: fc.Arbitrary<Plan> = fc.record({
  rate_limit: fc.record({ core: window, search: window }),
  serial_requests: fc.option(
    fc.record({
      in_flight_max: fc.integer({ min: 1, max: 4 }),
      waiting_max: fc.constant(0),
      wait_ms_max: fc.constant(0),
      streams_max: fc.constant(0),
    }),
  ),
  write_pacing: fc.option(
    fc.record({
      gap_ms: fc.integer({ min: 500, max: 2_000 }),
      burst: fc.integer({ min: 1, max: 4 }),
      tolerance_ms: fc.integer({ min: 0, max: 400 }),
    }),
  ),
  points: fc.option(
    fc.record({
      per_min: fc.integer({ min: 0, max: 30 }),
      read: fc.integer({ min: 0, max: 2 }),
      write: fc.integer({ min: 0, max: 8 }),
    }),
  ),
  content_pacing: fc.option(
    fc.record({ per_min: fc.integer({ min: 0, max: 4 }), per_h: fc.integer({ min: 0, max: 8 }) }),
  ),
  shadow: fc.uniqueArray(fc.constantFrom(...LIMIT_NAMES), { maxLength: 2 }),
});

const asks: fc.Arbitrary<Ask> = fc
  .record({
    resource: fc.constantFrom("core", "core", "search"),
    kind: fc.constantFrom("read", "write", "content"),
    cost: fc.constantFrom(1, 1, 1, 3),
  })
  .map(({ resource, kind, cost }) => ({
    resource,
    cost,
    isWrite: kind !== "read",
    isContent: kind === "content",
  }));

type Step =
  | { readonly kind: "ask"; readonly ask: Ask }
  | { readonly kind: "end"; readonly which: number; readonly isRefunded: boolean }
  | { readonly kind: "wait"; readonly ms: number };

// Fewer than a trail holds, so that every refund has to be exact.
const traffic: fc.Arbitrary<readonly Step[]> = fc.array(
  fc.oneof(
    { weight: 6, arbitrary: fc.record({ kind: fc.constant("ask" as const), ask: asks }) },
    {
      weight: 4,
      arbitrary: fc.record({ kind: fc.constant("end" as const), which: fc.nat(), isRefunded: fc.boolean() }),
    },
    {
      weight: 3,
      arbitrary: fc.record({
        kind: fc.constant("wait" as const),
        ms: fc.oneof(fc.integer({ min: 0, max: 1_500 }), fc.integer({ min: 0, max: 100_000 })),
      }),
    },
  ),
  { maxLength: 60 },
);

const RUNS = { numRuns: 2_000 };

function operationOf(limiter: ReturnType<typeof createLimiter>, ask: Ask) {
  const { isWrite, isContent, resource, cost } = ask;
  return limiter.operation({ method: isWrite ? "POST" : "GET", resource, cost, isContent });
}

describe("of random traffic under random policies", () => {
  test("every decision is that of a slow and obvious model, refunds and shadow mode included", () => {
    const seen = new Set<string>();
    fc.assert(
      fc.property(plans, traffic, (plan, steps) => {
        const limiter = createLimiter({ plan });
        const model = new Model(plan);
        const open: { admission: Admission; request: Request }[] = [];
        let nowMs = T0;
        for (const step of steps) {
          if (step.kind === "wait") nowMs += step.ms;
          else if (step.kind === "end") {
            const [ended] = open.length > 0 ? open.splice(step.which % open.length, 1) : [];
            if (ended === undefined) continue;
            if (step.isRefunded) {
              limiter.refund(ended.admission, nowMs);
              model.refund(ended.request, nowMs);
            }
            limiter.release(ended.admission, nowMs);
            model.release(ended.request);
          } else {
            const caller = limiter.resolve("plan", "ada", nowMs);
            const verdict = limiter.decide(caller, operationOf(limiter, step.ask), nowMs);
            const expected = model.decide(step.ask, nowMs);
            assert.equal(verdict.kind, expected.kind);
            if (verdict.kind === "refused" && expected.kind === "refused") {
              const { by, retryAtMs, hits } = verdict;
              assert.deepEqual({ kind: "refused", by, retryAtMs, hits }, expected);
              seen.add(by);
            } else if (verdict.kind === "admitted" && expected.kind === "admitted") {
              assert.deepEqual(verdict.shadowed, expected.shadowed);
              open.push({ admission: verdict, request: expected.request });
            }
          }
        }
      }),
      RUNS,
    );
    assert.deepEqual([...seen].sort(), [...LIMIT_NAMES].sort(), "each limit has refused something");
  });

  test("a lone client that waits Retry-After, in whole seconds rounded up, and asks again is admitted", () => {
    let waits = 0;
    fc.assert(
      fc.property(plans, fc.array(fc.tuple(asks, fc.nat(3_000)), { maxLength: 40 }), (plan, steps) => {
        const limiter = createLimiter({ plan });
        let nowMs = T0;
        for (const [ask, pauseMs] of steps) {
          nowMs += pauseMs;
          const operation = operationOf(limiter, ask);
          let verdict = limiter.decide(limiter.resolve("plan", "ada", nowMs), operation, nowMs);
          if (verdict.kind === "refused") {
            if (verdict.retryAtMs === null) continue;
            const justBeforeMs = verdict.retryAtMs - 1;
            const early = limiter.decide(limiter.resolve("plan", "ada", nowMs), operation, justBeforeMs);
            assert.equal(early.kind, "refused", "no earlier time would have done");
            nowMs += secondsUntil(verdict.retryAtMs, nowMs) * 1000;
            verdict = limiter.decide(limiter.resolve("plan", "ada", nowMs), operation, nowMs);
            waits += 1;
          }
          assert.equal(verdict.kind, "admitted");
          if (verdict.kind === "admitted") limiter.release(verdict, nowMs);
        }
      }),
      RUNS,
    );
    assert.ok(waits > 100);
  });

  test("callers do not touch one another, however few rows are reused and however many are forgotten", () => {
    fc.assert(
      fc.property(
        plans,
        fc.array(fc.tuple(fc.integer({ min: 0, max: 20 }), asks, fc.nat(9_000)), { maxLength: 60 }),
        (plan, steps) => {
          const limiter = createLimiter({ plan });
          const models = new Map<number, Model>();
          let nowMs = T0;
          for (const [who, ask, pauseMs] of steps) {
            nowMs += pauseMs;
            limiter.forgetIdle(nowMs, 5);
            const model = models.get(who) ?? new Model(plan);
            models.set(who, model);
            const expected = model.decide(ask, nowMs);
            const caller = limiter.resolve("plan", `caller:${who}`, nowMs);
            const verdict = limiter.decide(caller, operationOf(limiter, ask), nowMs);
            assert.equal(verdict.kind, expected.kind);
            if (verdict.kind === "admitted") limiter.release(verdict, nowMs);
            if (expected.kind === "admitted") model.release(expected.request);
          }
        },
      ),
      RUNS,
    );
  });
});
