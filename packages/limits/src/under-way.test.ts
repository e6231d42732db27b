import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { createLimiter, type Limiter } from "./limiter.ts";
import type { Plan } from "./plan.ts";
import { ONE_AT_ONCE, OPEN, T0 } from "./plans.contract.ts";
import type { Waiting } from "./under-way.ts";
import type { Admission, Verdict } from "./verdict.ts";

const PLAN: Plan = { ...OPEN, serial_requests: ONE_AT_ONCE };

interface Entered {
  readonly first: Verdict | Waiting;
  readonly verdicts: Verdict[];
}

function entering(limiter: Limiter) {
  return (method = "GET", isStream = false, nowMs = T0): Entered => {
    const verdicts: Verdict[] = [];
    const caller = limiter.resolve("plan", "ada", nowMs);
    const operation = limiter.operation({ method, isStream });
    const first = limiter.enter(caller, operation, nowMs, (verdict) => verdicts.push(verdict));
    return { first, verdicts };
  };
}

function admitted(verdict: Verdict | Waiting | undefined): Admission {
  assert.equal(verdict?.kind, "admitted");
  return verdict as Admission;
}

describe("a second request at once", () => {
  test("waits, goes on when the first ends, and costs nothing until then", () => {
    const limiter = createLimiter({ plan: PLAN });
    const enter = entering(limiter);
    const first = admitted(enter().first);
    const second = enter();
    assert.equal(second.first.kind, "waiting");
    assert.equal(limiter.status("plan", "ada", T0).quotas[0]?.used, 1);
    limiter.release(first, T0 + 10);
    assert.equal(admitted(second.verdicts[0]).atMs, T0 + 10);
    assert.equal(limiter.status("plan", "ada", T0).quotas[0]?.used, 2);
  });

  test("is refused for a second where the line is full, and that is all that it costs", () => {
    const limiter = createLimiter({ plan: PLAN });
    const enter = entering(limiter);
    const kinds = [enter(), enter(), enter(), enter()].map(({ first }) => first.kind);
    assert.deepEqual(kinds, ["admitted", "waiting", "waiting", "refused"]);
    const { first } = enter();
    assert.deepEqual(first.kind === "refused" && [first.by, first.retryAtMs], [
      "serial-requests",
      T0 + 1_000,
    ]);
  });

  test("is refused at once by a limit that would refuse it anyway", () => {
    const limiter = createLimiter({ plan: { ...PLAN, rate_limit: { core: { limit: 1, window_s: 60 } } } });
    const enter = entering(limiter);
    admitted(enter().first);
    const { first } = enter();
    assert.deepEqual(first.kind === "refused" && [first.by, first.hits], [
      "rate-limit",
      ["rate-limit", "serial-requests"],
    ]);
  });

  test("is refused when its turn comes if a limit hits by then, and the next one's turn comes at once", () => {
    const pacing = { gap_ms: 1_000, burst: 1, tolerance_ms: 0 };
    const limiter = createLimiter({ plan: { ...PLAN, write_pacing: pacing } });
    const enter = entering(limiter);
    const first = admitted(enter("GET").first);
    const [second, third] = [enter("POST"), enter("POST")];
    limiter.release(first, T0);
    limiter.release(admitted(second.verdicts[0]), T0);
    assert.equal(third.verdicts[0]?.kind, "refused");
    admitted(enter("GET").first);
  });

  test("goes in the order in which they came, those that end at once included", () => {
    const limiter = createLimiter({ plan: PLAN });
    const order: string[] = [];
    const enter = (name: string): Verdict | Waiting =>
      limiter.enter(
        limiter.resolve("plan", "ada", T0),
        limiter.operation({ method: "GET" }),
        T0,
        (verdict) => {
          order.push(name);
          limiter.release(admitted(verdict), T0);
        },
      );
    const first = admitted(enter("first"));
    enter("second");
    enter("third");
    limiter.release(first, T0);
    assert.deepEqual(order, ["second", "third"]);
    assert.equal(limiter.status("plan", "ada", T0).abuse["serial_requests"]?.remaining, 1);
  });

  test("may give up waiting, once", () => {
    const limiter = createLimiter({ plan: PLAN });
    const enter = entering(limiter);
    const first = admitted(enter().first);
    const second = enter();
    assert.equal(second.first.kind, "waiting");
    const waiting = second.first as Waiting;
    assert.equal(waiting.untilMs, T0 + 5_000);
    const refused = limiter.abandon(waiting, T0 + 5_000);
    assert.deepEqual([refused?.by, refused?.retryAtMs], ["serial-requests", T0 + 6_000]);
    assert.equal(limiter.abandon(waiting, T0 + 5_000), null);
    limiter.release(first, T0 + 5_000);
    assert.deepEqual(second.verdicts, []);
    admitted(enter().first);
  });
});

describe("a stream", () => {
  test("lets the next one in with its headers, and counts against the streams", () => {
    const limiter = createLimiter({ plan: PLAN });
    const enter = entering(limiter);
    const stream = admitted(enter("GET", true).first);
    const second = enter();
    assert.equal(limiter.becomeStream(stream, T0), true);
    limiter.release(admitted(second.verdicts[0]), T0);
    assert.equal(limiter.becomeStream(admitted(enter("GET", true).first), T0), true);
    const third = enter("GET", true).first;
    assert.deepEqual(third.kind === "refused" && third.by, "serial-requests");
    limiter.release(stream, T0);
    admitted(enter("GET", true).first);
  });

  test("that did not announce itself stays in flight where there is no room for it", () => {
    const limiter = createLimiter({
      plan: { ...PLAN, serial_requests: { ...ONE_AT_ONCE, streams_max: 0, waiting_max: 0 } as never },
    });
    const enter = entering(limiter);
    const stream = admitted(enter().first);
    assert.equal(limiter.becomeStream(stream, T0), false);
    assert.equal(enter().first.kind, "refused");
    limiter.release(stream, T0);
    admitted(enter().first);
  });
});

test("ending twice frees one place only", () => {
  const limiter = createLimiter({ plan: PLAN });
  const enter = entering(limiter);
  const first = admitted(enter().first);
  limiter.release(first, T0);
  const second = admitted(enter().first);
  limiter.release(first, T0);
  assert.equal(limiter.status("plan", "ada", T0).abuse["serial_requests"]?.remaining, 0);
  limiter.release(second, T0);
});
