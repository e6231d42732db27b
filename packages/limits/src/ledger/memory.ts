import type { Quota } from "@trulinks/protocol";
import type { Account, Ledger, Receipt, Spent } from "../ledger.ts";
import { decide, openWindow, quotaOf, refund, type WindowCell } from "../window.ts";

export interface MemoryLedgerOptions {
  /** The quota's name in headers and in `GET /rate_limit`. */
  readonly resource: string;
  /** How many callers are remembered at once; about 200 bytes each. */
  readonly callersMax: number;
}

export interface MemoryLedger extends Ledger {
  /** How many callers are remembered now. */
  readonly callers: number;
}

/** The name under which all newcomers are booked together while the ledger is full. No caller has an empty key. */
const NEWCOMERS = "";

/**
 * A ledger in this process's memory. It never forgets a window that is open, so that no flood of new callers can
 * reset anybody's quota: while it is full, newcomers share one quota, until that shared window has ended.
 */
export function createMemoryLedger({ resource, callersMax }: MemoryLedgerOptions): MemoryLedger {
  // In the order in which the windows began, hence also in the order in which they end: one policy holds for all.
  const cells = new Map<string, WindowCell>();

  function forgetEnded({ policy }: Account, nowMs: number): void {
    for (const [key, cell] of cells) {
      const open = openWindow(policy, cell, nowMs);
      // Only after the clock was set back does an open window differ from its cell; it then moves to the end.
      if (open === cell) return;
      write(key, open);
    }
  }

  function bookedAs(account: Account, nowMs: number): string {
    if (account.key === NEWCOMERS) throw new RangeError("a caller's key must not be empty");
    if (cells.has(account.key)) return account.key;
    forgetEnded(account, nowMs);
    // A newcomer stays with the others while their window lasts, even if there is room again: with a window of
    // its own it would have two at once.
    return cells.has(NEWCOMERS) || cells.size >= callersMax ? NEWCOMERS : account.key;
  }

  function write(key: string, cell: WindowCell | null): void {
    const before = cells.get(key);
    if (before === cell) return;
    // Another window takes its place at the end; the same one keeps its place.
    if (before?.startMs !== cell?.startMs) cells.delete(key);
    if (cell !== null) cells.set(key, cell);
  }

  function quota({ policy }: Account, cell: WindowCell | null, nowMs: number): Quota {
    return quotaOf(policy, cell, { resource, nowMs });
  }

  return {
    get callers() {
      return cells.has(NEWCOMERS) ? cells.size - 1 : cells.size;
    },

    async spend(account, { cost, nowMs }): Promise<Spent> {
      const key = bookedAs(account, nowMs);
      const { verdict, cell } = decide(account.policy, cells.get(key) ?? null, { cost, nowMs });
      write(key, cell);
      const left = quota(account, cell, nowMs);
      if (verdict.kind === "refused") return { kind: "refused", quota: left, retryAtMs: verdict.retryAtMs };
      return {
        kind: "admitted",
        quota: left,
        receipt: { bookedAs: key, cost, startMs: cell?.startMs ?? nowMs },
      };
    },

    async refund(account, receipt: Receipt, nowMs) {
      const cell = refund(account.policy, cells.get(receipt.bookedAs) ?? null, { ...receipt, nowMs });
      write(receipt.bookedAs, cell);
      return quota(account, cell, nowMs);
    },

    async look(account, nowMs) {
      return quota(account, cells.get(bookedAs(account, nowMs)) ?? null, nowMs);
    },
  };
}
