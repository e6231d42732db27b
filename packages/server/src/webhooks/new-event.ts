/** An event on its way into the store, and what the store says of it. */
import type { EventId, GroupId, HookId, UserId } from "@trulinks/protocol";
import type { Trace } from "../base/trace-context.ts";
import type { Claim } from "./claim.ts";
import type { FieldScopes } from "./view.ts";

export interface NewEvent {
  readonly id: EventId;
  /** Under which, beside its id, the same event is recognised: `id:<given id>`, `key:<idempotency key>`, both or none. */
  readonly receiptKeys: readonly string[];
  /** SHA-256 of the request's canonical JSON: tells the same event again from another under the same key. Null without keys. */
  readonly fingerprint: string | null;
  readonly type: string;
  readonly action: string;
  /** JSON text. */
  readonly data: string;
  readonly userIds: readonly UserId[];
  readonly groupIds: readonly GroupId[];
  readonly atMs: number;
  /** Takes the place of what still waits under the same key for the same hook and user. */
  readonly key: string | null;
  readonly expiresAtMs: number | null;
  /** JSON pointers of the values in `data` that only secured hooks see. */
  readonly sensitive: readonly string[];
  /** A grant sees the event only with one of these; null: every grant does. */
  readonly scopes: readonly string[] | null;
  readonly fieldScopes: readonly FieldScopes[];
  /** The W3C trace context under which it was published; null: not traced. */
  readonly trace: Trace | null;
}

/** What the first answer to an event said; repeated word for word when the event comes again. */
export interface Receipt {
  readonly id: EventId;
  readonly deliveries: number;
  /** Users and groups that were named and are not known. */
  readonly unknown: readonly string[];
}

export type Ingested =
  | {
      readonly kind: "accepted";
      readonly receipt: Receipt;
      readonly claims: readonly Claim[];
      /** The hooks of those deliveries that did not come back leased, each at least once. */
      readonly left: readonly HookId[];
    }
  | { readonly kind: "repeated"; readonly receipt: Receipt }
  /** One of the keys was used for another event. Nothing was stored. */
  | { readonly kind: "reused" }
  /** None of the users and groups is known. Nothing was stored. */
  | { readonly kind: "no-recipient" };
