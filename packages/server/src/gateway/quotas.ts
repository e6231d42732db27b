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
import { MARKS_DEFAULT, type Marks } from "./operation.ts";

export interface Quotas {
  readonly limiter: Limiter;
  /** `marks`: what the provider says of it; null: nothing. */
  readonly operationOf: (
    request: Pick<IncomingMessage, "method" | "headers">,
    marks: Marks | null,
  ) => Operation;
  /** The name under which what a caller has used is kept. */
  readonly keyOf: (caller: Caller) => string;
}

export function createQuotas(policy: LimitsPolicy, keyOf: Quotas["keyOf"]): Quotas {
  const limiter = createLimiter(plansOf(policy));
  return { limiter, operationOf: operationsOf(limiter), keyOf };
}

/** What is wrong with the first operation that spends a quota which the policy does not have; null: none does. */
export function strayQuota(
  { rate_limit: { resources } }: LimitsPolicy,
  operations: readonly { readonly name: string; readonly resource: string | null }[],
): string | null {
  const known = [MARKS_DEFAULT.resource, ...Object.keys(resources)];
  const stray = operations.find(({ resource }) => resource !== null && !known.includes(resource));
  if (stray === undefined) return null;
  return `${stray.name} spends the quota "${stray.resource}", which the policy does not have. Known: ${known.join(", ")}. Add it to rate_limit.resources.`;
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

const READS: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS", "TRACE"]);

/** Each is made with the first request of its kind, and found by the provider's operation from then on. */
function operationsOf(limiter: Limiter): Quotas["operationOf"] {
  const made = new WeakMap<Marks, Map<string, Operation>>();
  return ({ method = "GET", headers }, marks) => {
    const known = marks ?? MARKS_DEFAULT;
    const isRead = READS.has(method);
    const isStream = isRead && (headers.accept?.includes(EVENT_STREAM) ?? false);
    const kind = isStream ? "stream" : isRead ? "read" : "write";
    const kinds = made.get(known) ?? new Map<string, Operation>();
    made.set(known, kinds);
    const operation =
      kinds.get(kind) ?? limiter.operation({ method, isStream, ...spendingOf(limiter, known) });
    kinds.set(kind, operation);
    return operation;
  };
}

function spendingOf({ resources }: Limiter, { resource, cost, isContent }: Marks) {
  return {
    // The start refuses a mark that names no quota of the policy.
    resource: resources.includes(resource) ? resource : MARKS_DEFAULT.resource,
    isContent,
    ...(cost === null ? {} : { points: cost }),
  };
}

export const EVENT_STREAM = "text/event-stream";
