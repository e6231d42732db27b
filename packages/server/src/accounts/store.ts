/**
 * What accounts need from storage. Each verb is one atomic step, on disk when its promise resolves; the comment is
 * its promise, and `store.contract.ts` holds every engine to it.
 */
import type { AppId, GrantId, GroupId, TokenId, UserId } from "@trulinks/protocol";
import type { Page, PageRequest } from "../base/page.ts";

export interface User {
  readonly id: UserId;
  readonly name: string | null;
  readonly email: string | null;
  readonly createdAtMs: number;
}

export interface App {
  readonly id: AppId;
  readonly name: string;
  readonly owner: UserId | null;
  readonly contact: string | null;
  readonly clientId: string;
  readonly createdAtMs: number;
}

/** This user lets this app act for it, with these scopes. */
export interface Grant {
  readonly id: GrantId;
  readonly userId: UserId;
  readonly appId: AppId;
  readonly scopes: readonly string[];
  readonly createdAtMs: number;
}

export interface Token {
  readonly id: TokenId;
  readonly userId: UserId;
  /** Null: a personal token of the user. */
  readonly grantId: GrantId | null;
  readonly appId: AppId | null;
  /** Null: all that its user, or its grant, may do. */
  readonly scopes: readonly string[] | null;
  readonly createdAtMs: number;
  readonly expiresAtMs: number | null;
}

export interface Group {
  readonly id: GroupId;
  readonly usersCount: number;
}

export type Granted =
  | { readonly kind: "made"; readonly grant: Grant }
  | { readonly kind: "same"; readonly grant: Grant }
  | { readonly kind: "unknown-user" }
  | { readonly kind: "unknown-app" };

export interface GrantRequest {
  /** Used if the pair has no live grant yet. */
  readonly id: GrantId;
  readonly userId: UserId;
  readonly appId: AppId;
  /** Null keeps the scopes of a live grant, and gives none to a new one. */
  readonly scopes: readonly string[] | null;
  readonly nowMs: number;
}

export type TokenMade =
  | { readonly kind: "made"; readonly token: Token }
  | { readonly kind: "unknown-user" }
  | { readonly kind: "unknown-app" };

export interface TokenRequest {
  readonly id: TokenId;
  /** SHA-256 of the token's text. Tokens have 160 bits of chance, so a slow hash would protect nothing more. */
  readonly hash: Uint8Array;
  readonly userId: UserId;
  /** With an app, the token belongs to the grant, which is made as `newGrantId` (with the token's scopes) if there is none. */
  readonly appId: AppId | null;
  readonly newGrantId: GrantId;
  readonly scopes: readonly string[] | null;
  readonly nowMs: number;
  readonly expiresAtMs: number | null;
}

/** What a live token stands for. `grant` is null for a personal token. */
export interface Credential {
  readonly token: Token;
  readonly grant: Grant | null;
}

/** What ended with a grant, a user or an app, counted. */
export interface Ended {
  readonly grants: number;
  readonly tokens: number;
  readonly hooks: number;
  readonly deliveries: number;
}

export interface AccountStore {
  /** Null: the id exists already, and nothing was changed. */
  createUser(user: User): Promise<User | null>;
  /** Makes the user, or replaces name and e-mail of the one that has the id; `createdAtMs` then stays. */
  putUser(user: User): Promise<{ readonly created: boolean; readonly user: User }>;
  findUser(id: UserId): Promise<User | null>;
  /** By id, ascending. */
  listUsers(page: PageRequest): Promise<Page<User>>;
  /**
   * Ends the user in one step: the row is gone, grants are revoked, tokens and memberships gone, its own hooks
   * gone, and whatever waited for it (own hooks and app hooks) is `revoked`. Apps it owned stay, without an owner.
   * Null: no such user.
   */
  deleteUser(id: UserId, nowMs: number): Promise<Ended | null>;

  /** `unknown-user`: the owner is not a user. */
  createApp(app: App, clientSecretHash: Uint8Array): Promise<App | "unknown-user">;
  findApp(id: AppId): Promise<App | null>;
  /** By id, ascending. */
  listApps(page: PageRequest): Promise<Page<App>>;
  /** Members that are left out stay. Null: no such app. */
  changeApp(
    id: AppId,
    change: { readonly name?: string; readonly contact?: string | null },
  ): Promise<App | null>;
  /** The old client secret is worth nothing from here on. False: no such app. */
  replaceClientSecret(id: AppId, clientSecretHash: Uint8Array): Promise<boolean>;
  /** As `deleteUser`: grants revoked, tokens gone, hooks gone, waiting deliveries `revoked`, in one step. */
  deleteApp(id: AppId, nowMs: number): Promise<Ended | null>;
  /** The app with this client id and the hash of its secret. */
  findAppByClientId(clientId: string): Promise<{ readonly app: App; readonly secretHash: Uint8Array } | null>;

  /** The same pair again is the same grant (its scopes replaced if some are given). */
  grant(request: GrantRequest): Promise<Granted>;
  /** Live grants only: a revoked one is not found. */
  findGrant(id: GrantId): Promise<Grant | null>;
  /** Live grants by id, ascending. */
  listGrants(
    filter: { readonly userId?: UserId; readonly appId?: AppId },
    page: PageRequest,
  ): Promise<Page<Grant>>;
  changeGrant(id: GrantId, scopes: readonly string[]): Promise<Grant | null>;
  /**
   * Ends the grant in one step: its tokens are worth nothing, no new delivery is made for it, and its waiting ones
   * are `revoked`. One write whatever else the app has. Null: no such live grant.
   */
  revokeGrant(id: GrantId, nowMs: number): Promise<Ended | null>;

  createToken(request: TokenRequest): Promise<TokenMade>;
  /** Live tokens, by id, ascending; none that has expired at `nowMs` (a token ends at `expiresAtMs`), none of a revoked grant. */
  listTokens(
    filter: { readonly userId?: UserId; readonly grantId?: GrantId },
    page: PageRequest,
    nowMs: number,
  ): Promise<Page<Token>>;
  findToken(id: TokenId, nowMs: number): Promise<Token | null>;
  /** False: no such token. */
  revokeToken(id: TokenId): Promise<boolean>;
  /** Null unless the token exists, has not expired at `nowMs`, and its grant (if it has one) is live. */
  findCredential(hash: Uint8Array, nowMs: number): Promise<Credential | null>;

  /** A group exists while it has a user. Adding one who is in it changes nothing. */
  addToGroup(groupId: GroupId, userId: UserId): Promise<"added" | "unknown-user">;
  /** Removing one who is not in it changes nothing. */
  removeFromGroup(groupId: GroupId, userId: UserId): Promise<void>;
  /** By id, ascending. */
  listGroups(page: PageRequest): Promise<Page<Group>>;
  findGroup(id: GroupId): Promise<Group | null>;
  listGroupUsers(groupId: GroupId, page: PageRequest): Promise<Page<UserId>>;
  /** False: no such group. */
  deleteGroup(id: GroupId): Promise<boolean>;
}
