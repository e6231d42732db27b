/** `@trulinks/limits`: one decision over all rate limits, and what tells it in HTTP. */

export {
  type Answer,
  type AnswerOptions,
  answerTo,
  type HeaderPairs,
  type Said,
  sayRefusal,
} from "./answer.ts";
export type { Caller } from "./caller.ts";
export { hostClock, type LimitsClock } from "./host-clock.ts";
export { createLimiter, type Limiter, type Plans } from "./limiter.ts";
export {
  type Asked,
  type CallerName,
  createLimits,
  type LimitFact,
  type Limits,
  type LimitsOptions,
  type Passage,
} from "./limits.ts";
export { type NodeHandler, whenOver } from "./node.ts";
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
export type { Visit } from "./visit.ts";
