import type { HookId } from "@trulinks/protocol";
import type { HookBacklog, WaitingCounts } from "../webhooks/backlog-store.ts";
import { WAITING_BECAUSE, type WaitingBecause } from "../webhooks/delivery.ts";
import type { HookState } from "../webhooks/hook.ts";

/** Deliveries that wait for one reason, added up by the database. */
export interface WaitingGroup {
  readonly because: WaitingBecause;
  readonly count: number;
  readonly bytes: number;
  readonly oldest_at_ms: number;
}

export interface WaitingSum {
  readonly waiting: number;
  readonly bytes: number;
  readonly oldestAtMs: number | null;
  readonly because: WaitingCounts;
}

/** A reason may come in several groups. */
export function sumOf(groups: readonly WaitingGroup[]): WaitingSum {
  const because: Record<WaitingBecause, number> = { ...NONE };
  let waiting = 0;
  let bytes = 0;
  let oldestAtMs: number | null = null;
  for (const group of groups) {
    because[group.because] += group.count;
    waiting += group.count;
    bytes += group.bytes;
    oldestAtMs = Math.min(oldestAtMs ?? group.oldest_at_ms, group.oldest_at_ms);
  }
  return { waiting, bytes, oldestAtMs, because };
}

export function emptyBacklog(hookId: HookId): HookBacklog {
  return { hookId, ...sumOf([]), isMore: false, nextTryAtMs: null };
}

/** States that no hook is in are among them. */
export function hookCountsOf(
  rows: readonly { readonly state: HookState; readonly count: number }[],
): Readonly<Record<HookState, number>> {
  const counts = { pending: 0, active: 0, paused: 0, disabled: 0 };
  for (const { state, count } of rows) counts[state] = count;
  return counts;
}

const NONE = Object.fromEntries(WAITING_BECAUSE.map((because) => [because, 0])) as WaitingCounts;
