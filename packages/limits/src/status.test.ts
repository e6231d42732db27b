import assert from "node:assert/strict";
import { test } from "node:test";
import { POLICY_DEFAULT } from "@trulinks/protocol";
import { createLimiter } from "./limiter.ts";
import { plansOf } from "./plan.ts";
import { T0 } from "./plans.contract.ts";
import { rateLimitBody } from "./status.ts";

test("every limit of a caller can be asked for, which costs nothing and remembers nobody", () => {
  const limiter = createLimiter(plansOf(POLICY_DEFAULT));
  const create = limiter.operation({ method: "POST", isContent: true });
  const verdict = limiter.decide(limiter.resolve("user", "ada", T0), create, T0);
  assert.equal(verdict.kind, "admitted");
  const s = T0 / 1_000;
  for (let times = 0; times < 2; times++) {
    const core = { limit: 5_000, used: 1, remaining: 4_999, reset: s + 3_600 };
    assert.deepEqual(rateLimitBody(limiter.status("user", "ada", T0)), {
      resources: { core, search: { limit: 30, used: 0, remaining: 30, reset: s + 60 } },
      rate: core,
      abuse: {
        serial_requests: { limit: 1, remaining: 0, reset: s },
        write_pacing: { limit: 10, remaining: 9, reset: s + 1 },
        points: { limit: 900, remaining: 895, reset: s + 60 },
        content_pacing: { limit: 80, remaining: 79, reset: s + 60 },
      },
      standing: { state: "good", until: null },
    });
  }
  assert.equal(limiter.status("user", "bob", T0).quotas[0]?.used, 0);
  assert.equal(limiter.callers, 1);
});

test("of the two content limits the one that lets fewer through is told, with its end", () => {
  const limiter = createLimiter(plansOf({ ...POLICY_DEFAULT, content_pacing: { per_min: 5, per_h: 1 } }));
  const caller = limiter.resolve("user", "ada", T0);
  const verdict = limiter.decide(caller, limiter.operation({ method: "POST", isContent: true }), T0);
  assert.equal(verdict.kind, "admitted");
  const { abuse } = limiter.statusOf(caller, T0);
  assert.deepEqual(abuse["content_pacing"], { limit: 1, remaining: 0, resetMs: T0 + 3_600_000 });
});
