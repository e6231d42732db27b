/**
 * How fast an origin (scheme, host, port) is tried that recovers: retries, what was kept and is released, and what is
 * delivered once more, together. First attempts are no part of it, and never wait for it. Times are milliseconds of a clock
 * that never goes back.
 */
import type { Claim } from "./claim.ts";

export interface Recovery {
  /** In how many milliseconds the next one may start at the origin; 0: now. */
  waitMs(origin: string, nowMs: number): number;
  /** One starts now. */
  start(origin: string, nowMs: number): void;
  /** For one that finds no room to wait here: after how many milliseconds it is to come again. Each has a time of its own. */
  laterMs(origin: string, nowMs: number): number;
}

/** Whether it goes at this pace. */
export function isRecovering({
  attempt,
  isReleased = false,
}: Pick<Claim, "attempt" | "isReleased">): boolean {
  return attempt > 1 || isReleased;
}

// Timers are late by some milliseconds: what they were late for is made up for, up to this. It is counted in, so that in no
// second there are more than the pace says.
const SAVED_MS = 50;
// What starts apart may arrive together: at a real receiver 207 came in a second of which 200 were to.
const ON_THE_WAY_MS = 50;
// Those that were sent away come a little slower than they could, so that others find room between them.
const LATER_SHARE = 5 / 4;
// Soon enough to lose no time, and late enough to be worth the way.
const LATER_MS_MIN = 500;
const ORIGINS_MAX = 16_384;

interface Pace {
  /** Before this none may start, but for what is saved. */
  nextMs: number;
  /** When the last of those is to come again that were sent away. */
  laterMs: number;
}

/** `perS`: the policy's, of which there may be another while it runs. */
export function createRecovery(perS: () => number): Recovery {
  /** Whoever was asked for last stands last. */
  const paces = new Map<string, Pace>();

  function paceOf(origin: string, nowMs: number): Pace {
    const pace = paces.get(origin) ?? { nextMs: nowMs, laterMs: nowMs };
    paces.delete(origin);
    paces.set(origin, pace);
    const [oldest] = paces;
    if (paces.size > ORIGINS_MAX && oldest !== undefined) paces.delete(oldest[0]);
    return pace;
  }

  const betweenMs = (): number => (1_000 + SAVED_MS + ON_THE_WAY_MS) / perS();

  return {
    waitMs: (origin, nowMs) => Math.max(0, paceOf(origin, nowMs).nextMs - nowMs),
    start(origin, nowMs) {
      const pace = paceOf(origin, nowMs);
      pace.nextMs = Math.max(pace.nextMs, nowMs - SAVED_MS) + betweenMs();
    },
    laterMs(origin, nowMs) {
      const pace = paceOf(origin, nowMs);
      pace.laterMs = Math.max(pace.laterMs, nowMs + LATER_MS_MIN) + betweenMs() * LATER_SHARE;
      return pace.laterMs - nowMs;
    },
  };
}
