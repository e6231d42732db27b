import { type Quota, quotaBody, quotaHeaders, type RateLimitBody } from "@trulinks/protocol";
import type { Caller } from "../accounts/caller.ts";
import type { Clock } from "../base/clock.ts";
import { lookAtQuota, type Quotas } from "./quotas.ts";
import type { HeaderPairs } from "./request-headers.ts";

export interface RateLimitStatusDeps {
  readonly quotas: Quotas;
  readonly clock: Clock;
}

export interface RateLimitStatus {
  readonly body: RateLimitBody;
  /** The same quota as it stands on every answer of the gateway. */
  readonly headers: HeaderPairs;
}

/** What `GET /rate_limit` answers. Costs nothing, so that asking is never a reason to be limited. */
export async function rateLimitStatus(
  { quotas, clock }: RateLimitStatusDeps,
  caller: Caller,
): Promise<RateLimitStatus> {
  const nowMs = clock.now();
  const quota = await lookAtQuota(quotas, caller, nowMs);
  return { body: rateLimitBody(quota), headers: quotaHeaders(quota, nowMs) };
}

export function rateLimitBody(core: Quota): RateLimitBody {
  const rate = quotaBody(core);
  return { resources: { [core.resource]: rate }, rate, abuse: {}, standing: { state: "good", until: null } };
}
