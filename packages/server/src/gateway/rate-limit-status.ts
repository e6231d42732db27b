import { rateLimitBody } from "@trulinks/limits";
import { quotaHeaders, type RateLimitBody } from "@trulinks/protocol";
import type { Caller } from "../accounts/caller.ts";
import type { Clock } from "../base/clock.ts";
import { lookAtQuotas, type Quotas } from "./quotas.ts";
import type { HeaderPairs } from "./request-headers.ts";
import type { StandingOf } from "./standing.ts";

export interface RateLimitStatusDeps {
  readonly quotas: Quotas;
  readonly clock: Clock;
  readonly standingOf?: StandingOf;
}

export interface RateLimitStatus {
  readonly body: RateLimitBody;
  /** The same quota as it stands on every answer of the gateway. */
  readonly headers: HeaderPairs;
}

/** What `GET /rate_limit` answers. Costs nothing, so that asking is never a reason to be limited. */
export async function rateLimitStatus(
  { quotas, clock, standingOf }: RateLimitStatusDeps,
  caller: Caller,
  address: string,
): Promise<RateLimitStatus> {
  const nowMs = clock.now();
  const status = lookAtQuotas(quotas, caller, nowMs);
  const [core] = status.quotas;
  const barred = standingOf?.(caller, address) ?? null;
  const until = barred === null || barred.untilMs === null ? null : new Date(barred.untilMs).toISOString();
  const standing = { state: barred?.state ?? "good", until };
  return {
    body: rateLimitBody(status, standing),
    headers: core === undefined ? [] : quotaHeaders(core, nowMs),
  };
}
