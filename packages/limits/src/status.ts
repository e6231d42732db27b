/** What is left of every limit, for a caller who asks: also of those that other platforms keep to themselves. */
import type { Quota, RateLimitBody } from "@trulinks/protocol";
import { quotaBody } from "@trulinks/protocol";
import type { Caller } from "./caller.ts";
import { type Callers, PACING_AT, PER_HOUR_AT, PER_MINUTE_AT, POINTS_AT } from "./callers.ts";
import { pacingRemaining } from "./pacing.ts";
import { usedOf, type Window, windowEndsAtMs } from "./window.ts";

export interface Status {
  /** `core` first. */
  readonly quotas: readonly Quota[];
  /** By the policy's names: `points`, `write_pacing`, … */
  readonly abuse: Readonly<Record<string, Allowance>>;
}

export interface Allowance {
  readonly limit: number;
  readonly remaining: number;
  /** When all of `limit` remains again, if nothing else happens; now, where that is not a matter of time. */
  readonly resetMs: number;
}

const NOTHING_USED = new Float64Array(16);

/** `caller` null: it is not known, so it has used nothing. */
export function statusOf(
  callers: Callers,
  caller: Caller | null,
  resources: readonly string[],
  nowMs: number,
): Status {
  const quotas = resources.map((_, resource) => quotaOf(callers, caller, resource, resources, nowMs));
  return { quotas, abuse: abuseOf(callers, caller, nowMs) };
}

/** The quota of one resource, as the headers of an answer tell it. */
export function quotaOf(
  callers: Callers,
  caller: Caller | null,
  resource: number,
  resources: readonly string[],
  nowMs: number,
): Quota {
  const { rules } = callers;
  const window = rules.windows[resource] ?? rules.core;
  const cells = caller === null ? NOTHING_USED : callers.resourceCells(caller.slot, resource);
  const at = caller === null ? 0 : callers.resourceAt(caller.slot, resource);
  const { limit, remaining, resetMs } = allowanceOf(cells, at, window, nowMs);
  return {
    resource: resources[resource] ?? "core",
    limit,
    used: usedOf(cells, at, window, nowMs),
    remaining,
    windowS: window.windowMs / 1000,
    resetMs,
  };
}

/** The body of `GET /rate_limit`. */
export function rateLimitBody(
  { quotas, abuse }: Status,
  standing: RateLimitBody["standing"] = { state: "good", until: null },
): RateLimitBody {
  const resources = Object.fromEntries(quotas.map((quota) => [quota.resource, quotaBody(quota)]));
  const [core] = quotas;
  if (core === undefined) throw new Error("every plan has a quota of core");
  const told = Object.entries(abuse).map(([name, { limit, remaining, resetMs }]) => [
    name,
    { limit, remaining, reset: Math.ceil(resetMs / 1000) },
  ]);
  return { resources, rate: quotaBody(core), abuse: Object.fromEntries(told), standing };
}

function abuseOf(callers: Callers, caller: Caller | null, nowMs: number): Record<string, Allowance> {
  const { serial, pacing, points, content } = callers.rules;
  const cells = caller === null ? NOTHING_USED : callers.rows.cells(caller.slot);
  const at = caller === null ? 0 : callers.rows.at(caller.slot);
  const abuse: Record<string, Allowance> = {};
  if (serial !== null) {
    const remaining = Math.max(0, serial.inFlightMax - (caller?.inFlight ?? 0));
    abuse["serial_requests"] = { limit: serial.inFlightMax, remaining, resetMs: nowMs };
  }
  if (pacing !== null) {
    const remaining = pacingRemaining(cells, at + PACING_AT, pacing, nowMs);
    const resetMs = Math.max(nowMs, cells[at + PACING_AT] ?? 0);
    abuse["write_pacing"] = { limit: pacing.burst, remaining, resetMs };
  }
  if (points !== null) abuse["points"] = allowanceOf(cells, at + POINTS_AT, points.window, nowMs);
  if (content !== null) {
    const perMinute = allowanceOf(cells, at + PER_MINUTE_AT, content.perMinute, nowMs);
    const perHour = allowanceOf(cells, at + PER_HOUR_AT, content.perHour, nowMs);
    // Whichever lets fewer through; of two that let nothing through the one that lasts longer.
    abuse["content_pacing"] = perHour.remaining <= perMinute.remaining ? perHour : perMinute;
  }
  return abuse;
}

function allowanceOf(cells: Float64Array, at: number, window: Window, nowMs: number): Allowance {
  return {
    limit: window.limit,
    remaining: Math.max(0, window.limit - usedOf(cells, at, window, nowMs)),
    resetMs: windowEndsAtMs(cells, at, window, nowMs),
  };
}
