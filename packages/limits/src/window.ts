/**
 * The primary quota: a fixed window per caller that starts at the caller's first request, as GitHub's do. Limit,
 * remaining and reset are exact at every instant, which is what a caller plans by.
 */
import type { Quota, WindowPolicy } from "@trulinks/protocol";
import { ADMITTED, type Ask, type Decision } from "./decision.ts";

/** What is remembered of one caller's window. Null stands for none: the next request starts one. */
export interface WindowCell {
  readonly startMs: number;
  readonly used: number;
}

/** Which window a cost was spent in, so that it comes back there or not at all. */
export interface Spending {
  readonly cost: number;
  readonly startMs: number;
}

export function decide(
  policy: WindowPolicy,
  cell: WindowCell | null,
  { cost, nowMs }: Ask,
): Decision<WindowCell | null> {
  if (!Number.isInteger(cost) || cost < 1)
    throw new RangeError(`cost must be a whole number from 1, not ${cost}`);

  const open = openWindow(policy, cell, nowMs);
  const used = (open?.used ?? 0) + cost;
  if (used <= policy.limit) return { verdict: ADMITTED, cell: { startMs: open?.startMs ?? nowMs, used } };

  // A cost above the whole limit is never admitted, so naming a time to wait for would be a lie.
  const retryAtMs = cost <= policy.limit && open ? endMs(policy, open) : null;
  return { verdict: { kind: "refused", by: "rate-limit", retryAtMs }, cell: open };
}

/** Gives a cost back to the window it was spent in; in any other window it has no meaning any more. */
export function refund(
  policy: WindowPolicy,
  cell: WindowCell | null,
  { cost, startMs, nowMs }: Spending & { readonly nowMs: number },
): WindowCell | null {
  const open = openWindow(policy, cell, nowMs);
  if (open?.startMs !== startMs) return open;
  return { startMs, used: Math.max(0, open.used - cost) };
}

/** What is left. Where no window is open, `resetMs` is the end of the one that a request now would start. */
export function quotaOf(
  policy: WindowPolicy,
  cell: WindowCell | null,
  { resource, nowMs }: { readonly resource: string; readonly nowMs: number },
): Quota {
  const open = openWindow(policy, cell, nowMs) ?? { startMs: nowMs, used: 0 };
  return {
    resource,
    limit: policy.limit,
    used: open.used,
    remaining: Math.max(0, policy.limit - open.used),
    windowS: policy.window_s,
    resetMs: endMs(policy, open),
  };
}

/** The cell's window if it is still open. */
export function openWindow(policy: WindowPolicy, cell: WindowCell | null, nowMs: number): WindowCell | null {
  if (cell === null || nowMs >= endMs(policy, cell)) return null;
  // The clock was set back. The window begins anew with what is used, so that nobody gains by it, and nobody
  // waits for the lost time on top of a window.
  return nowMs < cell.startMs ? { startMs: nowMs, used: cell.used } : cell;
}

function endMs(policy: WindowPolicy, cell: WindowCell): number {
  return cell.startMs + policy.window_s * 1000;
}
