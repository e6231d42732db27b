/** How what was kept for a hook is released: so many a second, the first at once. Pure. */

export interface Pace {
  /** Null: as fast as it goes. */
  readonly perS: number | null;
  /** When the next one may be released. */
  readonly nextAtMs: number;
}

// What nobody asked for in time is not made up for all at once: that would be the flood which the pace is to prevent.
const SAVED_MS_MAX = 1_000;

/**
 * While a hook is failing nothing more is released, as long as something of it is still to be tried. Where nothing is, no
 * attempt could ever show that it has recovered: then one is released, and after so long another.
 */
export const PROBE_MS = 300_000;

/** How many may be released now. */
export function releasable({ perS, nextAtMs }: Pace, nowMs: number): number {
  if (nextAtMs > nowMs) return 0;
  if (perS === null) return Number.POSITIVE_INFINITY;
  const sinceMs = nowMs - Math.max(nextAtMs, nowMs - SAVED_MS_MAX);
  return Math.floor((sinceMs * perS) / 1_000) + 1;
}

/** When the next one may be released after `count` were. */
export function nextRelease({ perS, nextAtMs }: Pace, count: number, nowMs: number): number {
  // Who was not served keeps its place before those who were.
  if (perS === null) return count === 0 ? nextAtMs : nowMs;
  return Math.max(nextAtMs, nowMs - SAVED_MS_MAX) + (count * 1_000) / perS;
}
