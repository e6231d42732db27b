import type { Quota, WindowPolicy } from "@trulinks/protocol";
import type { Ask } from "./decision.ts";
import type { Spending } from "./window.ts";

/** Which caller, and by which policy. The policy comes with every call, so that a changed one holds at once. */
export interface Account {
  readonly key: string;
  readonly policy: WindowPolicy;
}

export type Spent =
  | { readonly kind: "admitted"; readonly quota: Quota; readonly receipt: Receipt }
  | { readonly kind: "refused"; readonly quota: Quota; readonly retryAtMs: number | null };

/** Proof of what was spent, for giving it back. */
export interface Receipt extends Spending {
  /** The key it was booked under; not the caller's own while the ledger is full. */
  readonly bookedAs: string;
}

/**
 * Remembers what the callers of one limit have spent. One ledger for each kind of caller, so that those who cost
 * nothing to invent (addresses) cannot crowd out those who do (users).
 */
export interface Ledger {
  /** Decides and books in one step: of several asked at the same time, never more are admitted than fit. */
  spend(account: Account, ask: Ask): Promise<Spent>;
  /** Gives a cost back to the window it came from; after that window's end nothing happens. */
  refund(account: Account, receipt: Receipt, nowMs: number): Promise<Quota>;
  /** What stands there now. Costs nothing and changes nothing. */
  look(account: Account, nowMs: number): Promise<Quota>;
}
