/** By which plan of the policy a caller is kept, under which name, and what its request is to the limits. */
import type { IncomingMessage } from "node:http";
import {
  createLimiter,
  type Limiter,
  type LimitsPolicy,
  type Operation,
  type PlanName,
  plansOf,
  type Status,
} from "@trulinks/limits";
import type { Caller } from "../accounts/caller.ts";

export interface Quotas {
  readonly limiter: Limiter;
  readonly operationOf: (request: IncomingMessage) => Operation;
  /** The name under which what a caller has used is kept. */
  readonly keyOf: (caller: Caller) => string;
}

export function createQuotas(policy: LimitsPolicy, keyOf: Quotas["keyOf"]): Quotas {
  const limiter = createLimiter(plansOf(policy));
  return { limiter, operationOf: operationsOf(limiter), keyOf };
}

export function lookAtQuotas({ limiter, keyOf }: Quotas, caller: Caller, nowMs: number): Status {
  return limiter.status(planOf(caller), keyOf(caller), nowMs);
}

export function planOf(caller: Caller): PlanName {
  switch (caller.kind) {
    case "grant":
    case "user":
    case "operator":
      return "user";
    case "app":
      return "app";
    case "anonymous":
      return "anonymous";
    default:
      return caller satisfies never;
  }
}

const READS: ReadonlySet<string | undefined> = new Set(["GET", "HEAD", "OPTIONS", "TRACE"]);

function operationsOf(limiter: Limiter): Quotas["operationOf"] {
  const write = limiter.operation({ method: "POST" });
  const read = limiter.operation({ method: "GET" });
  const stream = limiter.operation({ method: "GET", isStream: true });
  return ({ method, headers }) => {
    if (!READS.has(method)) return write;
    return headers.accept?.includes(EVENT_STREAM) ? stream : read;
  };
}

export const EVENT_STREAM = "text/event-stream";
