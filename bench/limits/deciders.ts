/** Who decides: us over all limits, the peer over one and over four, and the least work that could decide one. */
import { createLimiter, type Operation, type Plan } from "@trulinks/limits";
import { RateLimiterMemory, RateLimiterUnion } from "rate-limiter-flexible";
import type { Row } from "../bench.ts";

export interface Decider {
  readonly name: string;
  readonly kind: Row["kind"];
  /** Decides so many times for callers in the order given; all are admitted. */
  run(order: Uint32Array, from: number, count: number, nowMs: number): void | Promise<void>;
}

const ROOM = 1_000_000_000;

/** The default limits, all of them, with numbers so large that nothing is refused. */
export const ROOMY: Plan = {
  rate_limit: {
    core: { limit: ROOM, window_s: 3_600 },
    search: { limit: ROOM, window_s: 60 },
  },
  serial_requests: { in_flight_max: 1, waiting_max: 8, wait_ms_max: 5_000, streams_max: 5 },
  write_pacing: { gap_ms: 1_000, burst: 1_000_000, tolerance_ms: 100 },
  points: { per_min: ROOM, read: 1, write: 5 },
  content_pacing: { per_min: ROOM, per_h: ROOM },
  callers_max: 1_000_000,
};

export const keyOf = (caller: number): string => `user:${caller}`;

/** Of ten requests eight read, one writes, and one creates content. */
function mixOf(limiter: ReturnType<typeof createLimiter>): readonly Operation[] {
  const read = limiter.operation({ method: "GET" });
  const write = limiter.operation({ method: "POST" });
  const create = limiter.operation({ method: "POST", isContent: true });
  return [read, read, read, write, read, read, read, create, read, read];
}

export function allLimits(callers: number, isResolved: boolean): Decider {
  const limiter = createLimiter({ user: ROOMY });
  const mix = mixOf(limiter);
  const keys = Array.from({ length: callers }, (_, caller) => keyOf(caller));
  const resolved = keys.map((key) => limiter.resolve("user", key, 0));
  return {
    name: isResolved ? "all limits, caller resolved" : "all limits, caller looked up by its key",
    kind: "us",
    run(order, from, count, nowMs) {
      for (let index = from; index < from + count; index++) {
        const who = order[index] ?? 0;
        const known = isResolved ? resolved[who] : limiter.resolve("user", keys[who] ?? "", nowMs);
        const operation = mix[index % mix.length];
        if (known === undefined || operation === undefined)
          throw new Error("the order names a caller too many");
        const verdict = limiter.decide(known, operation, nowMs);
        if (verdict.kind === "refused") throw new Error("nothing is to be refused here");
        limiter.release(verdict, nowMs);
      }
    },
  };
}

/** Callers that nobody has seen before: one after the other, whatever the order says. */
export function firstSight(callers: number): Decider {
  let limiter = createLimiter({ user: ROOMY });
  let mix = mixOf(limiter);
  let next = 0;
  return {
    name: "all limits, first sight of a caller",
    kind: "us",
    run(_order, _from, count, nowMs) {
      if (next + count > callers) {
        limiter = createLimiter({ user: ROOMY });
        mix = mixOf(limiter);
        next = 0;
      }
      for (let done = 0; done < count; done++) {
        const operation = mix[done % mix.length];
        const caller = limiter.resolve("user", keyOf(next++), nowMs);
        if (operation === undefined) throw new Error("the mix is empty");
        const verdict = limiter.decide(caller, operation, nowMs);
        if (verdict.kind === "refused") throw new Error("nothing is to be refused here");
        limiter.release(verdict, nowMs);
      }
    },
  };
}

export function flexibleOne(callers: number): Decider {
  const limiter = new RateLimiterMemory({ points: ROOM, duration: 3_600 });
  return flexible("rate-limiter-flexible in memory, one limit", limiter, callers);
}

export function flexibleFour(callers: number): Decider {
  const limits = [3_600, 60, 61, 3_601].map(
    (duration, index) => new RateLimiterMemory({ points: ROOM, duration, keyPrefix: `limit${index}` }),
  );
  return flexible("rate-limiter-flexible in memory, four limits", new RateLimiterUnion(...limits), callers);
}

function flexible(
  name: string,
  limiter: { consume(key: string): Promise<unknown> },
  callers: number,
): Decider {
  const keys = Array.from({ length: callers }, (_, caller) => keyOf(caller));
  return {
    name,
    kind: "peer",
    async run(order, from, count) {
      for (let index = from; index < from + count; index++) {
        await limiter.consume(keys[order[index] ?? 0] ?? "");
      }
    },
  };
}

/** One fixed window in an array whose slot is known: what is left when everything is taken away. */
export function bareWindow(callers: number): Decider {
  const cells = new Float64Array(callers * 2);
  return {
    name: "one window in an array, slot known",
    kind: "limit",
    run(order, from, count, nowMs) {
      for (let index = from; index < from + count; index++) {
        const at = (order[index] ?? 0) * 2;
        if (nowMs >= (cells[at] ?? 0) + 3_600_000) {
          cells[at] = nowMs;
          cells[at + 1] = 0;
        }
        cells[at + 1] = (cells[at + 1] ?? 0) + 1;
      }
    },
  };
}
