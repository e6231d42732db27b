/** Which quota a caller spends: by which policy, under which name, in which ledger. */
import { type Account, createMemoryLedger, type Ledger } from "@trulinks/limits";
import type { Policy, Quota } from "@trulinks/protocol";
import type { Caller } from "../accounts/caller.ts";

/** Kinds of callers that have a quota of their own kind in the policy. */
export type QuotaKind = "user" | "app" | "anonymous";

export interface Quotas {
  /** Asked for every request, so that a changed policy holds from the next one on. */
  readonly rateLimit: () => Policy["rate_limit"];
  readonly ledgers: Readonly<Record<QuotaKind, Ledger>>;
  /** The name under which a caller's quota is kept. */
  readonly keyOf: (caller: Caller) => string;
}

// Addresses cost nothing to invent, so they have a ledger apart from those who had to be let in.
const CALLERS_MAX: Readonly<Record<QuotaKind, number>> = {
  user: 1_000_000,
  app: 100_000,
  anonymous: 200_000,
};
const RESOURCE = "core";

export function memoryLedgers(
  callersMax: Readonly<Record<QuotaKind, number>> = CALLERS_MAX,
): Quotas["ledgers"] {
  const ledger = (kind: QuotaKind): Ledger =>
    createMemoryLedger({ resource: RESOURCE, callersMax: callersMax[kind] });
  return { user: ledger("user"), app: ledger("app"), anonymous: ledger("anonymous") };
}

export interface QuotaAccess {
  readonly account: Account;
  readonly ledger: Ledger;
}

export function quotaAccess(quotas: Quotas, caller: Caller): QuotaAccess {
  const kind = quotaKind(caller);
  return {
    account: { key: quotas.keyOf(caller), policy: quotas.rateLimit()[kind] },
    ledger: quotas.ledgers[kind],
  };
}

export function lookAtQuota(quotas: Quotas, caller: Caller, nowMs: number): Promise<Quota> {
  const { account, ledger } = quotaAccess(quotas, caller);
  return ledger.look(account, nowMs);
}

function quotaKind(caller: Caller): QuotaKind {
  switch (caller.kind) {
    case "grant":
    case "user":
    case "operator":
      return "user";
    case "app":
      return "app";
    case "anonymous":
      return "anonymous";
    default:
      return caller satisfies never;
  }
}
