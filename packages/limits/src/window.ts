/**
 * The fixed window: it starts at a caller's first request, as GitHub's do, so that limit, remaining and reset are
 * exact at every instant, which is what a caller plans by. Two numbers of a row are one window: when it started,
 * and what is used of it. Nothing used means that none is open.
 */
import type { WindowPolicy } from "@trulinks/protocol";

export interface Window {
  readonly limit: number;
  readonly windowMs: number;
}

/** How many numbers of a row one window takes. */
export const WINDOW_WIDTH = 2;

export function windowOf({ limit, window_s: windowS }: WindowPolicy): Window {
  return { limit, windowMs: windowS * 1000 };
}

/** When this cost fits; not after `nowMs`: it fits now; Infinity: it never does, so naming a time would be a lie. */
export function windowFitsAtMs(
  cells: Float64Array,
  at: number,
  window: Window,
  cost: number,
  nowMs: number,
): number {
  if (cost === 0) return nowMs;
  if (usedOf(cells, at, window, nowMs) + cost <= window.limit) return nowMs;
  return cost <= window.limit ? (cells[at] ?? 0) + window.windowMs : Number.POSITIVE_INFINITY;
}

/** Books a cost that fits. */
export function windowSpend(
  cells: Float64Array,
  at: number,
  window: Window,
  cost: number,
  nowMs: number,
): void {
  if (cost === 0) return;
  const used = usedOf(cells, at, window, nowMs);
  if (used === 0) cells[at] = nowMs;
  cells[at + 1] = used + cost;
}

/** Gives back what was spent at `spentAtMs`: in the window it was spent in, or nowhere. */
export function windowRefund(
  cells: Float64Array,
  at: number,
  window: Window,
  cost: number,
  spentAtMs: number,
  nowMs: number,
): void {
  const used = usedOf(cells, at, window, nowMs);
  // Each later window has begun after that moment. Where the clock was set back, nobody can tell them apart.
  if (used === 0 || (cells[at] ?? 0) > spentAtMs || nowMs < spentAtMs) return;
  cells[at + 1] = Math.max(0, used - cost);
}

/** What is used of the window that is open now; 0 where none is. */
export function usedOf(cells: Float64Array, at: number, window: Window, nowMs: number): number {
  const startMs = cells[at] ?? 0;
  if (nowMs >= startMs + window.windowMs) return 0;
  // The clock was set back. The window begins anew with what is used, so that nobody gains by it, and nobody
  // waits for the lost time on top of a window.
  if (nowMs < startMs) cells[at] = nowMs;
  return cells[at + 1] ?? 0;
}

/** When the open window ends; where none is open, when one that began now would. */
export function windowEndsAtMs(cells: Float64Array, at: number, window: Window, nowMs: number): number {
  return (usedOf(cells, at, window, nowMs) === 0 ? nowMs : (cells[at] ?? 0)) + window.windowMs;
}
