/**
 * What the catch-up feed needs from storage. Each verb is one atomic step, on disk when its promise resolves; the comment
 * is its promise, and `feed-store.contract.ts` holds every engine to it.
 */
import type { DeliveryId, HookId } from "@trulinks/protocol";
import type { Claim, SealedSecret } from "./claim.ts";
import type { DeliveryState } from "./delivery.ts";
import type { Hook } from "./hook.ts";

export interface FeedRequest {
  readonly hookId: HookId;
  /** What comes after this number; null: from the oldest that is kept. */
  readonly after: number | null;
  readonly countMax: number;
  /** Of the events' data together. One entry comes however large it is. */
  readonly bytesMax: number;
  readonly nowMs: number;
}

/** A delivery with a number, and what it takes to read it. */
export interface FeedEntry {
  readonly sequence: number;
  readonly state: DeliveryState;
  readonly expiresAtMs: number | null;
  /** Null: its payload is no longer kept, or its state is one of which none is given (see `isGiven`). */
  readonly sent: FeedDelivery | null;
}

export interface FeedDelivery extends Pick<Claim, "event" | "user" | "view"> {
  readonly deliveryId: DeliveryId;
  /** The number that an attempt made now would have. */
  readonly attempt: number;
  /**
   * The scopes of the grant that the user has given to the hook's app, as it is now; null: a user's own hook, bound by
   * none. `ended`: there is no grant any more.
   */
  readonly grantScopes: readonly string[] | null | "ended";
}

export type FeedPage =
  | {
      readonly kind: "page";
      readonly hook: Hook;
      /** The hook's own live secrets, newest first. */
      readonly secrets: readonly SealedSecret[];
      /** One number after the other, without a hole. */
      readonly entries: readonly FeedEntry[];
      /** The number of the hook's newest delivery; 0: it never had one. */
      readonly newest: number;
    }
  /** The first that was asked for is no longer kept; `oldest`: the first after it that can be read, or will be. */
  | { readonly kind: "behind"; readonly oldest: number }
  | { readonly kind: "unknown-hook" };

export interface Acknowledgement {
  readonly hookId: HookId;
  readonly through: number;
  readonly nowMs: number;
  /** How many are settled in this step at most. */
  readonly countMax: number;
}

export type Acknowledged =
  /** `isMore`: there may be more up to that number for another step. */
  | { readonly kind: "settled"; readonly settled: number; readonly isMore: boolean }
  | { readonly kind: "beyond"; readonly newest: number }
  | { readonly kind: "unknown-hook" };

/** Where somebody stands in the feed of a hook. */
export interface FeedPlace {
  readonly hookId: HookId;
  readonly after: number;
}

export interface FeedStore {
  /**
   * The deliveries of a hook in the order of their numbers, whatever the hook's state and theirs; a page ends before a
   * number that is no longer kept. Changes nothing.
   */
  readFeed(request: FeedRequest): Promise<FeedPage>;
  /**
   * Ends as `delivered`, without an attempt, what waits for the hook up to a number, the lowest first; also what a worker
   * has leased: it can settle no more. Pings are left alone.
   */
  acknowledge(acknowledgement: Acknowledgement): Promise<Acknowledged>;
  /** Those of the hooks that have a delivery after the number, or are gone; each named at most once in `places`. */
  findNewer(places: readonly FeedPlace[]): Promise<readonly HookId[]>;
}
