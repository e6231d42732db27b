/** A plan, checked and made ready for deciding: numbers in the units in which they are compared. */
import type { Pacing } from "./pacing.ts";
import { LIMIT_NAMES, type LimitName, type Plan } from "./plan.ts";
import { type Window, windowOf } from "./window.ts";

export interface Rules {
  readonly core: Window;
  /** By the number of the resource. One that the plan does not have is counted by itself, with the numbers of `core`. */
  readonly windows: readonly Window[];
  readonly serial: Serial | null;
  readonly pacing: Pacing | null;
  readonly points: Points | null;
  readonly content: Content | null;
  /** The bits of the limits that refuse nothing. */
  readonly shadow: number;
  readonly callersMax: number;
}

export interface Serial {
  readonly inFlightMax: number;
  readonly waitingMax: number;
  readonly waitMsMax: number;
  readonly streamsMax: number;
}

export interface Points {
  readonly window: Window;
  readonly read: number;
  readonly write: number;
}

export interface Content {
  readonly perMinute: Window;
  readonly perHour: Window;
}

/** Each limit as a bit, so that which ones hit is one number. */
export const BIT = {
  "rate-limit": 1,
  "serial-requests": 2,
  "write-pacing": 4,
  points: 8,
  "content-pacing": 16,
} as const satisfies Record<LimitName, number>;

const NAMES_OF_BITS = Array.from({ length: 1 << LIMIT_NAMES.length }, (_, bits) =>
  LIMIT_NAMES.filter((name) => (bits & BIT[name]) !== 0),
);

export function namesOf(bits: number): readonly LimitName[] {
  return NAMES_OF_BITS[bits] ?? [];
}

const CALLERS_DEFAULT = 100_000;
/** `Map` holds some 16.7 million. */
const CALLERS_MAX = 10_000_000;
const COUNT_MAX = 1_000_000_000;
const WINDOW_S_MAX = 366 * 86_400;
const GAP_MS_MAX = 3_600_000;
const WAITING_MAX = 10_000;
const WAIT_MS_MAX = 60_000;
const MINUTE_S = 60;
const HOUR_S = 3_600;

/** Throws a RangeError that names the number, and what was expected. `resources` gives each its number. */
export function rulesOf(planName: string, plan: Plan, resources: readonly string[]): Rules {
  const whole = (path: string, value: unknown, min: number, max: number): number => {
    if (typeof value === "number" && Number.isInteger(value) && value >= min && value <= max) return value;
    const where = `${planName}.${path}`;
    throw new RangeError(`${where} is ${String(value)}; expected a whole number from ${min} to ${max}`);
  };
  if (plan.rate_limit["core"] === undefined) {
    throw new RangeError(`${planName}.rate_limit.core is missing; every plan has one`);
  }
  const corePolicy = plan.rate_limit["core"];
  const windows = resources.map((name) => {
    const policy = plan.rate_limit[name] ?? corePolicy;
    whole(`rate_limit.${name}.limit`, policy.limit, 0, COUNT_MAX);
    whole(`rate_limit.${name}.window_s`, policy.window_s, 1, WINDOW_S_MAX);
    return windowOf(policy);
  });
  return {
    core: windowOf(corePolicy),
    windows,
    serial: serialOf(plan.serial_requests, whole),
    pacing: pacingOf(plan.write_pacing, whole),
    points: pointsOf(plan.points, whole),
    content: contentOf(plan.content_pacing, whole),
    shadow: shadowOf(planName, plan.shadow ?? []),
    callersMax: whole("callers_max", plan.callers_max ?? CALLERS_DEFAULT, 1, CALLERS_MAX),
  };
}

type Whole = (path: string, value: unknown, min: number, max: number) => number;

function serialOf(policy: Plan["serial_requests"], whole: Whole): Serial | null {
  if (policy === null) return null;
  return {
    inFlightMax: whole("serial_requests.in_flight_max", policy.in_flight_max, 1, COUNT_MAX),
    waitingMax: whole("serial_requests.waiting_max", policy.waiting_max, 0, WAITING_MAX),
    waitMsMax: whole("serial_requests.wait_ms_max", policy.wait_ms_max, 0, WAIT_MS_MAX),
    streamsMax: whole("serial_requests.streams_max", policy.streams_max, 0, COUNT_MAX),
  };
}

function pacingOf(policy: Plan["write_pacing"], whole: Whole): Pacing | null {
  if (policy === null) return null;
  const gapMs = whole("write_pacing.gap_ms", policy.gap_ms, 0, GAP_MS_MAX);
  if (gapMs === 0) return null;
  const burst = whole("write_pacing.burst", policy.burst, 1, COUNT_MAX);
  // A whole gap of tolerance would be one more in the burst.
  const toleranceMs = whole("write_pacing.tolerance_ms", policy.tolerance_ms, 0, gapMs - 1);
  return { gapMs, burst, aheadMsMax: (burst - 1) * gapMs + toleranceMs };
}

function pointsOf(policy: Plan["points"], whole: Whole): Points | null {
  if (policy === null) return null;
  const limit = whole("points.per_min", policy.per_min, 0, COUNT_MAX);
  return {
    window: windowOf({ limit, window_s: MINUTE_S }),
    read: whole("points.read", policy.read, 0, COUNT_MAX),
    write: whole("points.write", policy.write, 0, COUNT_MAX),
  };
}

function contentOf(policy: Plan["content_pacing"], whole: Whole): Content | null {
  if (policy === null) return null;
  const perMinute = whole("content_pacing.per_min", policy.per_min, 0, COUNT_MAX);
  const perHour = whole("content_pacing.per_h", policy.per_h, 0, COUNT_MAX);
  return {
    perMinute: windowOf({ limit: perMinute, window_s: MINUTE_S }),
    perHour: windowOf({ limit: perHour, window_s: HOUR_S }),
  };
}

function shadowOf(planName: string, names: readonly string[]): number {
  return names.reduce((bits, name) => {
    if (!Object.hasOwn(BIT, name)) {
      throw new RangeError(`${planName}.shadow has "${name}"; expected some of ${LIMIT_NAMES.join(", ")}`);
    }
    return bits | BIT[name as LimitName];
  }, 0);
}
