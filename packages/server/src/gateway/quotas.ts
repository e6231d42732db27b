/** Which quota a caller spends: by which plan of the policy, and under which name. */
import { createLimiter, type Limiter, type Operation, type PlanName, type Status } from "@trulinks/limits";
import type { Policy } from "@trulinks/protocol";
import type { Caller } from "../accounts/caller.ts";

export interface Quotas {
  readonly limiter: Limiter;
  /** What every request to the provider's API is to the limits. */
  readonly operation: Operation;
  /** The name under which a caller's quota is kept. */
  readonly keyOf: (caller: Caller) => string;
}

// Addresses cost nothing to invent, so they are remembered apart from those who had to be let in.
const CALLERS_MAX: Readonly<Record<PlanName, number>> = {
  user: 1_000_000,
  app: 100_000,
  anonymous: 200_000,
};

export function createQuotas(rateLimit: Policy["rate_limit"], keyOf: Quotas["keyOf"]): Quotas {
  const plan = (name: PlanName) => ({
    rate_limit: { core: rateLimit[name] },
    serial_requests: null,
    write_pacing: null,
    points: null,
    content_pacing: null,
    callers_max: CALLERS_MAX[name],
  });
  const limiter = createLimiter({ user: plan("user"), app: plan("app"), anonymous: plan("anonymous") });
  return { limiter, operation: limiter.operation({ method: "GET" }), keyOf };
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
