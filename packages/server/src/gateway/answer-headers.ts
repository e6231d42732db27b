/** The headers with which an answer goes back to the caller. Pure. */
import { HEADERS, PLATFORM_HEADER_PREFIX, type Quota, quotaHeaders } from "@trulinks/protocol";
import { isHopByHop, nominatedBy } from "./hop-by-hop.ts";
import type { HeaderPairs } from "./request-headers.ts";

/** What a browser's script may read of an answer beyond the few that it always may. */
const EXPOSED = [
  "X-RateLimit-Limit, X-RateLimit-Remaining, X-RateLimit-Used, X-RateLimit-Reset, X-RateLimit-Resource",
  "RateLimit, RateLimit-Policy, Retry-After, ETag, Link, Location",
  `${HEADERS.guideline}, ${HEADERS.request}`,
].join(", ");

const EXPOSE = "Access-Control-Expose-Headers";

/** Lets scripts of every origin read an answer. */
export const CROSS_ORIGIN: HeaderPairs = [
  ["Access-Control-Allow-Origin", "*"],
  [EXPOSE, EXPOSED],
];

/** The gateway's own headers of every answer, of refusals too. Null: the caller is not known. */
export function gatewayHeaders(requestId: string, quota: Quota | null, nowMs: number): HeaderPairs {
  return [
    [HEADERS.request, requestId],
    ...CROSS_ORIGIN,
    ...(quota === null ? [] : quotaHeaders(quota, nowMs)),
  ];
}

/**
 * Names and values in turn: the upstream's, in its order and as often as it repeats them, without those that only
 * the gateway may send; then the gateway's.
 */
export function answerHeaders(upstream: readonly string[], own: HeaderPairs): string[] {
  const nominated = nominatedBy(valuesOf(upstream, "connection"));
  const headers: string[] = [];
  for (let index = 0; index + 1 < upstream.length; index += 2) {
    const name = upstream[index] ?? "";
    const lower = name.toLowerCase();
    if (isGateways(lower) || isHopByHop(lower, nominated)) continue;
    headers.push(name, upstream[index + 1] ?? "");
  }
  const exposed = valuesOf(upstream, "access-control-expose-headers");
  for (const [name, value] of own) {
    headers.push(name, name === EXPOSE && exposed !== undefined ? `${value}, ${exposed}` : value);
  }
  return headers;
}

function isGateways(name: string): boolean {
  return (
    name.startsWith(PLATFORM_HEADER_PREFIX) ||
    name.startsWith("x-ratelimit-") ||
    name === "ratelimit" ||
    name.startsWith("ratelimit-") ||
    // Callers authenticate with tokens and never with cookies, so every origin may read; the gateway has said so
    // in the preflight, and a browser refuses an answer that says it twice.
    name === "access-control-allow-origin" ||
    name === "access-control-allow-credentials" ||
    name === "access-control-expose-headers"
  );
}

export function valuesOf(headers: readonly string[], lowerName: string): string | undefined {
  let values: string | undefined;
  for (let index = 0; index + 1 < headers.length; index += 2) {
    if (headers[index]?.toLowerCase() !== lowerName) continue;
    values = values === undefined ? headers[index + 1] : `${values}, ${headers[index + 1]}`;
  }
  return values;
}
