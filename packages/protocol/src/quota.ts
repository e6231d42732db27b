/** How a quota is told: GitHub's `X-RateLimit-*`, the IETF's `RateLimit` and `RateLimit-Policy`, `GET /rate_limit`. */

/** What is left of one quota at one instant. */
export interface Quota {
  /** The bucket's name, such as `core`. */
  readonly resource: string;
  readonly limit: number;
  readonly used: number;
  readonly remaining: number;
  readonly windowS: number;
  /** When the window ends, in milliseconds since 1970. */
  readonly resetMs: number;
}

/** One quota in the body of `GET /rate_limit`, as at GitHub; `reset` in seconds since 1970. */
export interface QuotaBody {
  readonly limit: number;
  readonly used: number;
  readonly remaining: number;
  readonly reset: number;
}

export interface RateLimitBody {
  readonly resources: Readonly<Record<string, QuotaBody>>;
  /** The same as `resources.core`, as at GitHub. */
  readonly rate: QuotaBody;
  readonly abuse: Readonly<
    Record<string, { readonly limit: number; readonly remaining: number; readonly reset: number }>
  >;
  readonly standing: { readonly state: string; readonly until: string | null };
}

export function quotaBody(quota: Quota): QuotaBody {
  const { limit, used, remaining } = quota;
  return { limit, used, remaining, reset: resetSeconds(quota) };
}

/** The headers of one quota; IETF's are those of draft-ietf-httpapi-ratelimit-headers-11. */
export function quotaHeaders(quota: Quota, nowMs: number): readonly (readonly [string, string])[] {
  const { resource, limit, used, remaining, windowS } = quota;
  return [
    ["X-RateLimit-Limit", String(limit)],
    ["X-RateLimit-Remaining", String(remaining)],
    ["X-RateLimit-Used", String(used)],
    ["X-RateLimit-Reset", String(resetSeconds(quota))],
    ["X-RateLimit-Resource", resource],
    ["RateLimit", `"${resource}";r=${remaining};t=${secondsUntil(quota.resetMs, nowMs)}`],
    ["RateLimit-Policy", `"${resource}";q=${limit};w=${windowS}`],
  ];
}

/** Whole seconds from now until `untilMs`, rounded up, so that whoever waits them is never too early. */
export function secondsUntil(untilMs: number, nowMs: number): number {
  return Math.max(0, Math.ceil((untilMs - nowMs) / 1000));
}

function resetSeconds(quota: Quota): number {
  return Math.ceil(quota.resetMs / 1000);
}
