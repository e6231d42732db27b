/** A delivery leased to one worker, and how to ask for some. */
import type { DeliveryId, EventId, HookId, UserId } from "@trulinks/protocol";
import type { Trace } from "../base/trace-context.ts";
import type { Hook } from "./hook.ts";
import type { View } from "./view.ts";

/** A secret as it lies on disk: encrypted, and bound to its row by the name `hook:<id>`. */
export type Sealed = Uint8Array;

export interface SealedSecret {
  readonly sealed: Sealed;
  /** When it stops to sign; null for the newest. */
  readonly untilMs: number | null;
}

/** A version of the secret that is derived for one user of one hook; the first is 1. */
export interface SecretVersion {
  readonly version: number;
  readonly untilMs: number | null;
}

/** A delivery leased to one worker, with all that it takes to post it. */
export interface Claim {
  readonly deliveryId: DeliveryId;
  /** The fence: each claiming raises it, so a worker whose lease ended can no longer settle. */
  readonly lease: number;
  /** The hook's deadline plus 5 s after the claiming. */
  readonly leaseUntilMs: number;
  /** The number this attempt has, from 1. A lease that ran out used up none. */
  readonly attempt: number;
  /** Attempts that were made before the retry schedule began anew; 0 unless it was redelivered. */
  readonly triedBefore: number;
  readonly event: ClaimedEvent;
  readonly hook: Hook;
  /** The hook's own live secrets, newest first. */
  readonly secrets: readonly SealedSecret[];
  /** Whom the event concerns, with the live versions of its secret, newest first. Null for a ping. */
  readonly user: { readonly id: UserId; readonly versions: readonly SecretVersion[] } | null;
  /** Null for a ping. */
  readonly sequence: number | null;
  /** What of the data is sent, fixed when the delivery was stored; null: all of it. */
  readonly view: View | null;
  /** It was kept for a hook that did not deliver, and released, or somebody asked for it once more; left out: neither. */
  readonly isReleased?: boolean;
  /** From then on it is no longer worth sending; null: never. */
  readonly expiresAtMs: number | null;
}

export interface ClaimedEvent {
  readonly id: EventId;
  readonly type: string;
  readonly action: string;
  /** JSON text. */
  readonly data: string;
  readonly atMs: number;
  /** The W3C trace context under which it was published; null: not traced. */
  readonly trace: Trace | null;
  /** As in `NewEvent`: a hook that is not secured when it is sent to sees none of these, whatever it saw when stored. */
  readonly sensitive: readonly string[];
  /** It is an example that was asked for, and nothing that has happened. */
  readonly isTest?: true;
}

/** A claim that was not tried. */
export interface GivenBack extends Pick<Claim, "deliveryId" | "lease"> {
  /** When it is due again; left out: at once. */
  readonly dueAtMs?: number;
}

export interface ClaimRequest {
  readonly nowMs: number;
  /** How many deliveries the worker can take at once. */
  readonly countMax: number;
  /** How many of them may be retries: what has not been tried yet comes first. */
  readonly retriesMax: number;
  /** How many of them may be of one hook. */
  readonly hookMax: number;
  /** Hooks that have all they may have in flight; theirs stay in the store. */
  readonly exceptHooks: readonly HookId[];
  /** Only of these, out of turn; left out: of all. Means nothing where events are stored. */
  readonly onlyHooks?: readonly HookId[];
}
