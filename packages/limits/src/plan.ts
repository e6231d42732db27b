/** A plan: every number that one kind of caller is kept to. What the platform's policy says, or a provider's own. */
import type { Guideline, Policy, WindowPolicy } from "@trulinks/protocol";

export interface Plan {
  /** By resource: each has a quota of its own. `core` has to be among them: it is what requests spend by default. */
  readonly rate_limit: Readonly<Record<string, WindowPolicy>>;
  /** Null: no such limit. */
  readonly serial_requests: SerialPolicy | null;
  readonly write_pacing: PacingPolicy | null;
  readonly points: PointsPolicy | null;
  readonly content_pacing: ContentPolicy | null;
  /** Limits that are counted and reported, and refuse nothing. */
  readonly shadow?: readonly LimitName[];
  /** How many callers of this plan are remembered at once: 250 bytes each at most. */
  readonly callers_max?: number;
}

type SerialPolicy = Omit<Policy["serial_requests"], "anonymous">;
type PacingPolicy = Omit<Policy["write_pacing"], "anonymous">;
type PointsPolicy = Omit<Policy["points"], "anonymous">;
type ContentPolicy = Policy["content_pacing"];

export type LimitName = "rate-limit" | "serial-requests" | "write-pacing" | "points" | "content-pacing";

export const LIMIT_NAMES: readonly LimitName[] = [
  "rate-limit",
  "serial-requests",
  "write-pacing",
  "points",
  "content-pacing",
];

/** The rule that a limit keeps. Points are a rate, too, and have no rule of their own. */
export const GUIDELINE_OF: Readonly<Record<LimitName, Guideline>> = {
  "rate-limit": "rate-limit",
  "serial-requests": "serial-requests",
  "write-pacing": "write-pacing",
  points: "rate-limit",
  "content-pacing": "content-pacing",
};

/** The part of the policy that requests are kept to. */
export type LimitsPolicy = Pick<
  Policy,
  "rate_limit" | "serial_requests" | "write_pacing" | "points" | "content_pacing"
>;

export type PlanName = "user" | "app" | "anonymous";

// Addresses cost nothing to invent, so those who had to be let in are remembered apart from them.
const CALLERS_MAX: Readonly<Record<PlanName, number>> = {
  user: 1_000_000,
  app: 100_000,
  anonymous: 200_000,
};

/** The three plans of a policy. Who shows no credentials gets the stricter numbers. */
export function plansOf(policy: LimitsPolicy): Readonly<Record<PlanName, Plan>> {
  const { rate_limit: rateLimit, content_pacing } = policy;
  const { anonymous: serialOfAnonymous, ...serial_requests } = policy.serial_requests;
  const { anonymous: pacingOfAnonymous, ...write_pacing } = policy.write_pacing;
  const { anonymous: pointsOfAnonymous, ...points } = policy.points;
  const plan = (name: PlanName): Plan => ({
    rate_limit: { core: rateLimit[name], ...rateLimit.resources },
    serial_requests,
    write_pacing,
    points,
    content_pacing,
    callers_max: CALLERS_MAX[name],
  });
  return {
    user: plan("user"),
    app: plan("app"),
    anonymous: {
      ...plan("anonymous"),
      serial_requests: { ...serial_requests, ...serialOfAnonymous },
      write_pacing: { ...write_pacing, ...pacingOfAnonymous },
      points: { ...points, ...pointsOfAnonymous },
    },
  };
}
