import type { EventId, HookId, UserId } from "@trulinks/protocol";
import type { Secret } from "../base/secret.ts";
import type { Hook, HookOwner } from "./hook.ts";
import type { HookChange } from "./store.ts";

/** What a hook may be made with; all but `owner`, `url` and `events` has a default. */
export interface HookRequest {
  readonly owner: HookOwner;
  readonly url: string;
  readonly events: readonly string[];
  /** `whsec_…` for standard signatures, 1 to 256 visible ASCII characters for GitHub's; made if left out. */
  readonly secret?: Secret;
  readonly secretPer?: "user" | "hook";
  readonly signature?: "standard" | "github";
  readonly verifyTls?: boolean;
  readonly ca?: string;
  readonly ackDeadlineMs?: number;
  readonly retries?: "default" | "none";
  readonly inFlightMax?: number;
}

/** The operator's hooks start active; an integrator's start pending, with a signed ping under way. */
export type Maker = "operator" | "integrator";

/** A member of the request that cannot be; `member` is its name on the wire, such as `url`. */
export interface HookFlaw {
  readonly kind: "flawed";
  readonly member: string;
  /** What is wrong and what was expected; never echoes a secret. */
  readonly message: string;
}

export type HookCreated =
  | { readonly kind: "made"; readonly hook: Hook; readonly secret: Secret }
  | HookFlaw
  | { readonly kind: "unknown-owner" }
  | { readonly kind: "too-many" };

export type HookChanged =
  | { readonly kind: "changed"; readonly hook: Hook }
  | HookFlaw
  | { readonly kind: "unknown-hook" };

export interface LiveSecret {
  readonly secret: Secret;
  readonly version: number;
  /** Null for the newest. */
  readonly untilMs: number | null;
}

/** What can be done with hooks. Whether the caller may is asked before, elsewhere. */
export interface Hooks {
  create(request: HookRequest, by: Maker): Promise<HookCreated>;
  /** An integrator cannot lift `pending`: only a receiver that answers the ping can. */
  change(id: HookId, change: HookChange, by: Maker): Promise<HookChanged>;
  /** False: no such hook. */
  remove(id: HookId): Promise<boolean>;
  /** The id of the ping's event; null: no such hook, or a disabled one. */
  ping(id: HookId): Promise<EventId | null>;
  /** The new secret, this once; the old one signs beside it for 24 h. Null: no such hook. */
  rotateSecret(id: HookId): Promise<Secret | null>;
  /** One user's live secrets for an app's hook, newest first. Null: not served by this hook. */
  readUserSecret(id: HookId, userId: UserId): Promise<readonly LiveSecret[] | null>;
  rotateUserSecret(id: HookId, userId: UserId): Promise<readonly LiveSecret[] | null>;
}
