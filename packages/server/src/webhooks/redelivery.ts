/** Whether a delivery is sent once more because somebody asks, and what of it its hook then sees. Pure. */
import type { DeliveryState } from "./delivery.ts";
import type { Hook } from "./hook.ts";
import type { View } from "./view.ts";
import { type ScopeTerms, type Stored, viewNow } from "./view-now.ts";

export interface RedeliveryFacts {
  readonly state: DeliveryState;
  /** A worker has it just now. */
  readonly isUnderWay: boolean;
  /** It has no number: a ping, or the like. */
  readonly isPing: boolean;
  /** How many attempts were made so far. */
  readonly attempts: number;
  /** As it is now; null: there is none any more. */
  readonly hook: Pick<Hook, "state" | "url" | "verifyTls" | "include"> | null;
  /** Of the grant under which it was made, as they are now; null: it was made under none. */
  readonly grantScopes: readonly string[] | null | "ended";
  readonly stored: Stored;
  /** Its event's data are no longer kept. */
  readonly isPayloadGone: boolean;
  /**
   * What the event's type asks of grants: the scopes of its newest version, and those of fields of all its versions, as the
   * event may be of any. Null where there never was such a type.
   */
  readonly terms: ScopeTerms | null;
}

/** Why a delivery is not sent once more. */
export const REDELIVERY_REFUSALS = [
  "revoked",
  "under-way",
  "too-many-attempts",
  "hook-gone",
  "hook-disabled",
  "hook-pending",
  "grant-ended",
  "scopes-lacking",
  "payload-gone",
] as const;
export type RedeliveryRefusal = (typeof REDELIVERY_REFUSALS)[number];

export type Redelivery =
  | { readonly kind: "again"; readonly view: View | null }
  | { readonly kind: "refused"; readonly because: RedeliveryRefusal };

/** With fewer attempts than this on record a delivery may begin another round of them. */
export const REDELIVERED_ATTEMPTS_MAX = 1_000;

export function judgeRedelivery(facts: RedeliveryFacts): Redelivery {
  const { state, isUnderWay, isPing, attempts, hook, grantScopes, stored, isPayloadGone, terms } = facts;
  if (state === "revoked") return refused("revoked");
  if (hook === null) return refused("hook-gone");
  if (hook.state === "disabled") return refused("hook-disabled");
  if (grantScopes === "ended") return refused("grant-ended");
  if (isUnderWay) return refused("under-way");
  if (isPayloadGone) return refused("payload-gone");
  if (attempts >= REDELIVERED_ATTEMPTS_MAX) return refused("too-many-attempts");
  // Where nobody has shown yet that he wants it, each knock is counted; this one would not be.
  if (isPing && hook.state === "pending") return refused("hook-pending");
  // The terms say all that can have been withheld; so what the grant has a scope for by now is shown.
  const before = terms === null ? stored : { ...stored, view: null };
  const seen = viewNow(before, hook, { grantScopes, terms });
  return seen === null ? refused("scopes-lacking") : { kind: "again", view: seen.view };
}

function refused(because: RedeliveryRefusal): Redelivery {
  return { kind: "refused", because };
}
