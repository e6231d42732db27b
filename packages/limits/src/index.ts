/** `@trulinks/limits`: one decision over all rate limits, and what tells it in HTTP. */
export type { Caller } from "./caller.ts";
export { createLimiter, type Limiter, type Plans } from "./limiter.ts";
export type { Operation, OperationOptions } from "./operation.ts";
export {
  GUIDELINE_OF,
  LIMIT_NAMES,
  type LimitName,
  type LimitsPolicy,
  type Plan,
  type PlanName,
  plansOf,
} from "./plan.ts";
export type { Restored } from "./snapshot.ts";
export { type Allowance, rateLimitBody, type Status } from "./status.ts";
export type { Waiting } from "./under-way.ts";
export type { Admission, Refusal, Verdict } from "./verdict.ts";
