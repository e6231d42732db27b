/**
 * What all limits say to a request. Every one is asked before any is charged, so a refused request costs nothing in
 * any of them. Nothing here looks anything up by name, and nothing is changed.
 */
import type { Caller } from "./caller.ts";
import { PACING_AT, PER_HOUR_AT, PER_MINUTE_AT, POINTS_AT } from "./callers.ts";
import type { Operation } from "./operation.ts";
import { pacingFitsAtMs } from "./pacing.ts";
import { GUIDELINE_OF, type LimitName } from "./plan.ts";
import { BIT, namesOf, type Points } from "./rules.ts";
import { hasRoom } from "./under-way.ts";
import type { Refusal } from "./verdict.ts";
import { windowFitsAtMs } from "./window.ts";

/** When this request fits one limit; not after `nowMs`: it fits now; Infinity: never. */
type Fits = (caller: Caller, operation: Operation, nowMs: number) => number;

const FITS_AT_MS: Readonly<Record<LimitName, Fits>> = {
  "rate-limit": primaryFitsAtMs,
  "serial-requests": serialFitsAtMs,
  "write-pacing": writeFitsAtMs,
  points: pointsFitAtMs,
  "content-pacing": contentFitsAtMs,
};

/** The first of these that hits is named; the others are named by the longest wait. */
const NAMED_FIRST = ["content-pacing", "rate-limit"] as const;

/** When requests in flight end is nobody's to know. */
const SERIAL_WAIT_MS = 1_000;

/** The bits of the limits that the request hits, those in shadow mode too. */
export function hitsOf(caller: Caller, operation: Operation, nowMs: number): number {
  return (
    (primaryFitsAtMs(caller, operation, nowMs) > nowMs ? BIT["rate-limit"] : 0) |
    (serialFitsAtMs(caller, operation, nowMs) > nowMs ? BIT["serial-requests"] : 0) |
    (writeFitsAtMs(caller, operation, nowMs) > nowMs ? BIT["write-pacing"] : 0) |
    (pointsFitAtMs(caller, operation, nowMs) > nowMs ? BIT.points : 0) |
    (contentFitsAtMs(caller, operation, nowMs) > nowMs ? BIT["content-pacing"] : 0)
  );
}

/** What is said to a request with these hits, of which at least one is enforced. */
export function refusalOf(
  caller: Caller,
  operation: Operation,
  nowMs: number,
  bits: { readonly hits: number; readonly enforced: number },
): Refusal {
  const enforced = namesOf(bits.enforced);
  const waits = enforced.map((name) => ({ name, atMs: FITS_AT_MS[name](caller, operation, nowMs) }));
  const longest = waits.reduce((left, right) => (right.atMs > left.atMs ? right : left));
  const by = NAMED_FIRST.find((name) => enforced.includes(name)) ?? longest.name;
  return {
    kind: "refused",
    by,
    guideline: GUIDELINE_OF[by],
    retryAtMs: Number.isFinite(longest.atMs) ? longest.atMs : null,
    hits: enforced,
    shadowed: namesOf(bits.hits & ~bits.enforced),
  };
}

export function pointsOf(points: Points, operation: Operation): number {
  return operation.points ?? (operation.isWrite ? points.write : points.read);
}

function primaryFitsAtMs({ callers, slot }: Caller, { resource, cost }: Operation, nowMs: number): number {
  const cells = callers.resourceCells(slot, resource);
  const window = callers.rules.windows[resource] ?? callers.rules.core;
  return windowFitsAtMs(cells, callers.resourceAt(slot, resource), window, cost, nowMs);
}

function serialFitsAtMs(caller: Caller, operation: Operation, nowMs: number): number {
  const { serial } = caller.callers.rules;
  return serial === null || hasRoom(caller, serial, operation) ? nowMs : nowMs + SERIAL_WAIT_MS;
}

function writeFitsAtMs({ callers, slot }: Caller, { isWrite }: Operation, nowMs: number): number {
  const { rules, rows } = callers;
  if (!isWrite || rules.pacing === null) return nowMs;
  return pacingFitsAtMs(rows.cells(slot), rows.at(slot) + PACING_AT, rules.pacing, nowMs);
}

function pointsFitAtMs({ callers, slot }: Caller, operation: Operation, nowMs: number): number {
  const { rules, rows } = callers;
  if (rules.points === null) return nowMs;
  const points = pointsOf(rules.points, operation);
  return windowFitsAtMs(rows.cells(slot), rows.at(slot) + POINTS_AT, rules.points.window, points, nowMs);
}

function contentFitsAtMs({ callers, slot }: Caller, { isContent }: Operation, nowMs: number): number {
  const { rules, rows } = callers;
  if (!isContent || rules.content === null) return nowMs;
  const cells = rows.cells(slot);
  const at = rows.at(slot);
  return Math.max(
    windowFitsAtMs(cells, at + PER_MINUTE_AT, rules.content.perMinute, 1, nowMs),
    windowFitsAtMs(cells, at + PER_HOUR_AT, rules.content.perHour, 1, nowMs),
  );
}
