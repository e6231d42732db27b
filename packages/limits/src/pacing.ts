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

/** Writes in the order in which they were booked, so that any of them can be given back exactly. */
export interface Trail {
  /** When the next was due before the first of these. */
  dueBeforeMs: number;
  readonly spentAtMs: number[];
}

/** Beyond these, the oldest are kept for good. So many writes of one caller that are under way are no client's. */
export const TRAIL_MAX = 64;

/** When one more fits; not after `nowMs`: it fits now. */
export function pacingFitsAtMs(cells: Float64Array, at: number, pacing: Pacing, nowMs: number): number {
  const aheadMs = pacing.aheadMsMax;
  const dueMsMax = nowMs + aheadMs + pacing.gapMs;
  // Nobody can be that far ahead, unless the clock was set back or the gap was shorter until now.
  if ((cells[at] ?? 0) > dueMsMax) cells[at] = dueMsMax;
  return (cells[at] ?? 0) - aheadMs;
}

/** Books one that fits; returns when it was due. A trail, where there is one, remembers it. */
export function pacingSpend(
  cells: Float64Array,
  at: number,
  pacing: Pacing,
  trail: Trail | null,
  nowMs: number,
): number {
  const dueMs = cells[at] ?? 0;
  cells[at] = nextDueMs(pacing, dueMs, nowMs);
  if (trail === null) return dueMs;
  if (trail.spentAtMs.length === TRAIL_MAX) {
    trail.dueBeforeMs = nextDueMs(pacing, trail.dueBeforeMs, trail.spentAtMs.shift() ?? 0);
  }
  trail.spentAtMs.push(nowMs);
  return dueMs;
}

/** As if one had not been booked that was due at `dueMs` and came at `spentAtMs`; what came since is booked anew. */
export function pacingRefund(
  cells: Float64Array,
  at: number,
  pacing: Pacing,
  trail: Trail | null,
  { dueMs, spentAtMs }: { readonly dueMs: number; readonly spentAtMs: number },
): void {
  const dueAfterMs = nextDueMs(pacing, dueMs, spentAtMs);
  if (trail === null) {
    // Nothing has come since, or a later one stands that cannot be told from it any more.
    if (cells[at] === dueAfterMs) cells[at] = dueMs;
    return;
  }
  const index = trail.spentAtMs.indexOf(spentAtMs);
  // It was alone when it came, and what came beside it later began the trail.
  if (trail.dueBeforeMs === dueAfterMs) trail.dueBeforeMs = dueMs;
  else if (index >= 0) trail.spentAtMs.splice(index, 1);
  cells[at] = trail.spentAtMs.reduce((due, ms) => nextDueMs(pacing, due, ms), trail.dueBeforeMs);
}

function nextDueMs({ gapMs }: Pacing, dueMs: number, nowMs: number): number {
  return Math.max(nowMs, dueMs) + gapMs;
}

/** How many would be admitted right now. */
export function pacingRemaining(cells: Float64Array, at: number, pacing: Pacing, nowMs: number): number {
  const fitsAtMs = pacingFitsAtMs(cells, at, pacing, nowMs);
  if (fitsAtMs > nowMs) return 0;
  return Math.min(pacing.burst, Math.floor((nowMs - fitsAtMs) / pacing.gapMs) + 1);
}
