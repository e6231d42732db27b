/** What a receiver reads of one delivery in the feed: the message as it would be posted now, or that there is none to be had. */
import type { FeedDelivery, FeedEntry } from "./feed-store.ts";
import type { Hook } from "./hook.ts";
import type { View } from "./view.ts";
import { type ScopeTerms, viewNow } from "./view-now.ts";

/**
 * `rejected`: the receiver has had it, and declined. `expired`, `replaced`: it is no longer worth sending. `revoked`: its
 * grant, user or app is gone, or the grant has lost the scopes that it takes. `purged`: its payload is no longer kept.
 */
export const TOMBSTONE_STATES = ["rejected", "expired", "replaced", "revoked", "purged"] as const;
export type TombstoneState = (typeof TOMBSTONE_STATES)[number];

export type FeedVerdict =
  | { readonly kind: "given"; readonly sent: FeedDelivery; readonly view: View | null }
  | { readonly kind: "tombstone"; readonly state: TombstoneState };

export interface FeedFacts {
  readonly hook: Pick<Hook, "url" | "verifyTls" | "include">;
  /** Of the event's type as it is registered now; null: it is not. */
  readonly terms: ScopeTerms | null;
  readonly nowMs: number;
}

/** What never arrived and can still be given is given, whatever became of the attempts; and what has arrived, as often as it is read. */
export function feedVerdict(entry: FeedEntry, { hook, terms, nowMs }: FeedFacts): FeedVerdict {
  const { state, sent, expiresAtMs } = entry;
  switch (state) {
    case "rejected":
    case "expired":
    case "replaced":
    case "revoked":
      return { kind: "tombstone", state };
    case "waiting":
    case "delivered":
    case "failed": {
      // Its time is over, and the keeper has not come by yet.
      if (state === "waiting" && expiresAtMs !== null && expiresAtMs <= nowMs) {
        return { kind: "tombstone", state: "expired" };
      }
      if (sent === null) return { kind: "tombstone", state: "purged" };
      if (sent.grantScopes === "ended") return { kind: "tombstone", state: "revoked" };
      const stored = { view: sent.view, sensitive: sent.event.sensitive };
      const seen = viewNow(stored, hook, { grantScopes: sent.grantScopes, terms });
      return seen === null
        ? { kind: "tombstone", state: "revoked" }
        : { kind: "given", sent, view: seen.view };
    }
    default:
      return state satisfies never;
  }
}
