/**
 * Pacing by the generic cell rate algorithm: a burst, then one in each gap. One number of a row is all of it: when
 * the next would be due if all came exactly a gap apart. It is a bucket of `burst` that fills by one in each gap.
 */

export interface Pacing {
  readonly gapMs: number;
  readonly burst: number;
  /** How far ahead of the pace one may be: the burst's other gaps, and what networks do to intervals. */
  readonly aheadMsMax: number;
}

/** What was spent since the oldest that may still be given back, so that giving back is exact. */
export interface Trail {
  /** When the next was due before the first of these. */
  dueBeforeMs: number;
  readonly spentAtMs: number[];
}

/** Beyond these, the oldest are kept for good. So many writes in flight of one caller are no caller's. */
export const TRAIL_MAX = 64;

/** When one more fits; not after `nowMs`: it fits now. */
export function pacingFitsAtMs(cells: Float64Array, at: number, pacing: Pacing, nowMs: number): number {
  const aheadMs = pacing.aheadMsMax;
  const dueMsMax = nowMs + aheadMs + pacing.gapMs;
  // Nobody can be that far ahead, unless the clock was set back or the gap was shorter until now.
  if ((cells[at] ?? 0) > dueMsMax) cells[at] = dueMsMax;
  return (cells[at] ?? 0) - aheadMs;
}

/** Books one that fits. */
export function pacingSpend(cells: Float64Array, at: number, pacing: Pacing, nowMs: number): void {
  cells[at] = Math.max(nowMs, cells[at] ?? 0) + pacing.gapMs;
}

/** Books one, and remembers what it takes to give it back. */
export function pacingSpendOn(
  trail: Trail,
  cells: Float64Array,
  at: number,
  pacing: Pacing,
  nowMs: number,
): void {
  if (trail.spentAtMs.length === TRAIL_MAX) {
    const oldestMs = trail.spentAtMs.shift() ?? 0;
    trail.dueBeforeMs = Math.max(oldestMs, trail.dueBeforeMs) + pacing.gapMs;
  }
  trail.spentAtMs.push(nowMs);
  pacingSpend(cells, at, pacing, nowMs);
}

/** As if nothing had been spent at `spentAtMs`: what came since is booked anew without it. */
export function pacingRefund(
  trail: Trail,
  cells: Float64Array,
  at: number,
  pacing: Pacing,
  spentAtMs: number,
): void {
  const index = trail.spentAtMs.indexOf(spentAtMs);
  if (index < 0) return;
  trail.spentAtMs.splice(index, 1);
  cells[at] = trail.spentAtMs.reduce((dueMs, ms) => Math.max(ms, dueMs) + pacing.gapMs, trail.dueBeforeMs);
}

/** How many would be admitted right now. */
export function pacingRemaining(cells: Float64Array, at: number, pacing: Pacing, nowMs: number): number {
  const fitsAtMs = pacingFitsAtMs(cells, at, pacing, nowMs);
  if (fitsAtMs > nowMs) return 0;
  return Math.min(pacing.burst, Math.floor((nowMs - fitsAtMs) / pacing.gapMs) + 1);
}
