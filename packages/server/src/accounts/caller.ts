import type { AppId, GrantId, TokenId, UserId } from "@trulinks/protocol";

/** Who sends a request, once its credentials have been looked at. */
export type Caller =
  /** The provider: whoever holds the operator key. */
  | { readonly kind: "operator" }
  /** A user with a personal token. */
  | {
      readonly kind: "user";
      readonly userId: UserId;
      readonly tokenId: TokenId;
      readonly scopes: readonly string[] | null;
    }
  /** An app that acts for a user. */
  | {
      readonly kind: "grant";
      readonly grantId: GrantId;
      readonly userId: UserId;
      readonly appId: AppId;
      readonly tokenId: TokenId;
      /** Those of the grant that the token has, too. */
      readonly scopes: readonly string[];
    }
  /** An app for itself, by client id and secret. */
  | { readonly kind: "app"; readonly appId: AppId }
  | { readonly kind: "anonymous"; readonly address: string };

/**
 * The name under which a caller's quota is kept: a grant, else a user, else an app, else an address
 * (IPv6: its /64, since one host commonly owns that many).
 */
export function quotaKey(caller: Caller): string {
  switch (caller.kind) {
    case "operator":
      return "operator";
    case "grant":
      return `grant:${caller.grantId}`;
    case "user":
      return `user:${caller.userId}`;
    case "app":
      return `app:${caller.appId}`;
    case "anonymous":
      return `address:${caller.address}`;
    default:
      return caller satisfies never;
  }
}
