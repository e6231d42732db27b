/** Who may do what on the public listener: one table (DESIGN: "who reads what"), read from top to bottom. */
import type { AppId, GrantId, UserId } from "@trulinks/protocol";
import type { Caller } from "./caller.ts";

export type Owner =
  | { readonly kind: "user"; readonly userId: UserId }
  | { readonly kind: "app"; readonly appId: AppId };

/** Something that belongs to somebody. */
export type Thing =
  | { readonly kind: "hook"; readonly owner: Owner }
  | { readonly kind: "grant"; readonly userId: UserId; readonly appId: AppId }
  /** A collection, or the caller's own app: what the caller may reach of it is a matter of `reachOf` and its like. */
  | { readonly kind: "hooks" | "grants" | "deliveries" | "replays" | "app" };

export type Action =
  | { readonly verb: "read" | "change"; readonly thing: Thing }
  /** Reads or rotates the secret that one user has for an app's hook. */
  | { readonly verb: "secret"; readonly thing: Extract<Thing, { kind: "hook" }> }
  /** Reads what a hook is sent, and says what is settled by that. */
  | { readonly verb: "feed"; readonly thing: Extract<Thing, { kind: "hook" }> };

export type Verdict =
  | "yes"
  /** 401: this takes credentials. */
  | "unauthenticated"
  /** 403: the caller may know of it, and may not do this. */
  | "forbidden"
  /** 404: for this caller it does not exist. */
  | "hidden";

type Asker = Exclude<Caller["kind"], "operator" | "anonymous">;

// What a kind of caller may do with collections, and with the things that it knows of (see `knowsOf`).
// What is missing in a row is forbidden.
const TABLE: Readonly<Record<Asker, readonly `${Action["verb"]} ${Thing["kind"]}`[]>> = {
  user: [
    ...(["read hooks", "change hooks", "read hook", "change hook", "feed hook"] as const),
    ...(["read grants", "read grant", "change grant", "read deliveries", "change deliveries"] as const),
    ...(["read replays", "change replays"] as const),
  ],
  app: [
    ...(["read hooks", "change hooks", "read hook", "change hook", "feed hook", "secret hook"] as const),
    ...(["read grants", "read grant", "change grant", "read app"] as const),
    ...(["read deliveries", "change deliveries", "read replays", "change replays"] as const),
  ],
  grant: ["read hooks", "read hook", "read deliveries"],
};

export function may(caller: Caller, { verb, thing }: Action): Verdict {
  if (caller.kind === "operator") return "yes";
  if (caller.kind === "anonymous") return "unauthenticated";
  if (!knowsOf(caller, thing)) return "hidden";
  // A user's hook has no secrets of users, so even its owner finds none there.
  if (verb === "secret" && thing.owner.kind === "user") return "hidden";
  return TABLE[caller.kind].includes(`${verb} ${thing.kind}`) ? "yes" : "forbidden";
}

function knowsOf(caller: Extract<Caller, { kind: Asker }>, thing: Thing): boolean {
  if (thing.kind === "hook") {
    if (thing.owner.kind === "user") return caller.kind === "user" && caller.userId === thing.owner.userId;
    return caller.kind !== "user" && caller.appId === thing.owner.appId;
  }
  if (thing.kind === "grant") {
    // A grant's token may do nothing with grants, so it is told the same of every one: forbidden.
    if (caller.kind === "grant") return true;
    return caller.kind === "user" ? caller.userId === thing.userId : caller.appId === thing.appId;
  }
  return true;
}

/** Whose deliveries a caller may know of; null for those of nobody. */
export type Reach =
  | { readonly kind: "all" }
  | { readonly kind: "grant"; readonly grantId: GrantId }
  | { readonly kind: "user"; readonly userId: UserId }
  | { readonly kind: "app"; readonly appId: AppId };

export function reachOf(caller: Caller): Reach | null {
  switch (caller.kind) {
    case "operator":
      return { kind: "all" };
    case "grant":
      return { kind: "grant", grantId: caller.grantId };
    case "user":
      return { kind: "user", userId: caller.userId };
    case "app":
      return { kind: "app", appId: caller.appId };
    case "anonymous":
      return null;
    default:
      return caller satisfies never;
  }
}

/** Whose hooks a caller sees in lists, and owns when it makes one. Null: none. */
export function hookOwnerOf(caller: Caller): Owner | null {
  if (caller.kind === "user") return { kind: "user", userId: caller.userId };
  if (caller.kind === "app" || caller.kind === "grant") return { kind: "app", appId: caller.appId };
  return null;
}

/** Which grants a caller sees in lists. Null: none. */
export function grantFilterOf(
  caller: Caller,
): { readonly userId: UserId } | { readonly appId: AppId } | null {
  if (caller.kind === "user") return { userId: caller.userId };
  if (caller.kind === "app") return { appId: caller.appId };
  return null;
}
