import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { createLimiter, type Limiter } from "./limiter.ts";
import type { Plan } from "./plan.ts";
import { OPEN, T0 } from "./plans.contract.ts";

const PLAN: Plan = {
  rate_limit: { core: { limit: 100, window_s: 3_600 }, search: { limit: 5, window_s: 60 } },
  serial_requests: null,
  write_pacing: { gap_ms: 1_000, burst: 3, tolerance_ms: 100 },
  points: { per_min: 100, read: 1, write: 5 },
  content_pacing: { per_min: 10, per_h: 20 },
};
const PLANS = { user: PLAN, anonymous: PLAN };

function spend(limiter: Limiter, plan: string, key: string, method: string, nowMs: number): void {
  const operation = limiter.operation({
    method,
    isContent: method === "POST",
    resource: method === "GET" ? "search" : "core",
  });
  const verdict = limiter.decide(limiter.resolve(plan, key, nowMs), operation, nowMs);
  if (verdict.kind === "admitted") limiter.release(verdict, nowMs);
}

const bytesOf = (limiter: Limiter, nowMs: number): Uint8Array => Buffer.concat([...limiter.snapshot(nowMs)]);

describe("a snapshot", () => {
  test("brings back every counter of every caller, as if nothing had been between", () => {
    const spending = fc.tuple(
      fc.constantFrom("user", "anonymous"),
      fc.constantFrom("ada", "bob", "Zoë", "::1/64"),
      fc.constantFrom("GET", "POST", "HEAD"),
      fc.nat(2_000),
    );
    fc.assert(
      fc.property(fc.array(spending, { maxLength: 40 }), fc.nat(100_000), (spendings, pauseMs) => {
        const before = createLimiter(PLANS);
        let nowMs = T0;
        for (const [plan, key, method, ms] of spendings) {
          nowMs += ms;
          spend(before, plan, key, method, nowMs);
        }
        const after = createLimiter(PLANS);
        assert.equal(after.restore(bytesOf(before, nowMs), nowMs).kind, "restored");
        for (const plan of ["user", "anonymous"]) {
          for (const key of ["ada", "bob", "Zoë", "::1/64"]) {
            const then = nowMs + pauseMs;
            assert.deepEqual(after.status(plan, key, then), before.status(plan, key, then));
          }
        }
      }),
    );
  });

  test("of many callers comes in pieces, and holds only those whose windows are open", () => {
    const before = createLimiter(PLANS);
    for (let number = 0; number < 2_500; number++) spend(before, "user", `user:${number}`, "HEAD", T0);
    assert.equal([...before.snapshot(T0)].length, 3);
    const after = createLimiter(PLANS);
    assert.deepEqual(after.restore(bytesOf(before, T0), T0), { kind: "restored", callers: 2_500 });
    assert.equal(bytesOf(before, T0 + 3_600_000).length, 0);
  });

  test("that is torn or rotten brings back what stands before the fault", () => {
    const before = createLimiter(PLANS);
    for (let number = 0; number < 1_500; number++) spend(before, "user", `user:${number}`, "HEAD", T0);
    const bytes = bytesOf(before, T0);
    const [first] = before.snapshot(T0);
    const atByte = first?.length ?? 0;
    const rotten = Uint8Array.from(bytes);
    rotten[bytes.length - 5] = (rotten[bytes.length - 5] ?? 0) ^ 1;
    const cases = [bytes.subarray(0, bytes.length - 1), bytes.subarray(0, atByte + 3), rotten];
    for (const faulty of cases) {
      const limiter = createLimiter(PLANS);
      assert.deepEqual(limiter.restore(faulty, T0), { kind: "damaged", callers: 1_000, atByte });
    }
    const stranger = createLimiter(PLANS).restore(new TextEncoder().encode("SQLite format 3\0"), T0);
    assert.deepEqual(stranger, { kind: "damaged", callers: 0, atByte: 0 });
  });

  test("of another policy's plans and resources brings back what both have", () => {
    const before = createLimiter(PLANS);
    spend(before, "user", "ada", "HEAD", T0);
    spend(before, "user", "ada", "GET", T0);
    spend(before, "anonymous", "::1/64", "HEAD", T0);
    const after = createLimiter({
      user: { ...OPEN, rate_limit: { mail: { limit: 9, window_s: 60 }, core: { limit: 9, window_s: 60 } } },
    });
    assert.deepEqual(after.restore(bytesOf(before, T0), T0), { kind: "restored", callers: 1 });
    assert.deepEqual(
      after.status("user", "ada", T0).quotas.map(({ resource, used }) => [resource, used]),
      [
        ["core", 1],
        ["mail", 0],
      ],
    );
  });

  test("does not overwrite what is counted already", () => {
    const before = createLimiter(PLANS);
    spend(before, "user", "ada", "HEAD", T0);
    const bytes = bytesOf(before, T0);
    for (let times = 0; times < 3; times++) spend(before, "user", "ada", "HEAD", T0);
    assert.deepEqual(before.restore(bytes, T0), { kind: "restored", callers: 0 });
    assert.equal(before.status("user", "ada", T0).quotas[0]?.used, 4);
  });
});
