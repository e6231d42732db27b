/** What an operation asks of its caller, said once: it guards the route and stands in the OpenAPI document. */
import type { FastifyRequest, FastifySchema } from "fastify";
import type { Caller } from "./caller.ts";
import { Refusal } from "./problems.ts";

export const SCOPES = {
  "projects:read": "See projects and their watchers",
  "projects:write": "Make projects, and watch them",
  "issues:read": "Read issues and comments",
  "issues:write": "Open, change and comment on issues",
  "pulls:read": "Read pull requests",
  "pulls:write": "Open and merge pull requests",
  "notifications:read": "Read the user's notifications",
  "notifications:write": "Mark notifications as read",
} as const;
export type Scope = keyof typeof SCOPES;

export type Access =
  | { readonly kind: "operator" }
  /** A user, and where an app acts for it, only with this scope. */
  | { readonly kind: "user"; readonly scope: Scope }
  /** As `user`, but what is public is open to strangers, too. */
  | { readonly kind: "public"; readonly scope: Scope };

/**
 * The options of a route: its schema with the security it asks for, and the access that is checked. Answers are in
 * the document only; their types would keep a change from answering with what it answered before.
 */
export function guarded<Schema extends FastifySchema>(
  access: Access,
  schema: Schema,
): { readonly schema: Omit<Schema, "response">; readonly config: RouteConfig } {
  const security =
    access.kind === "operator"
      ? [{ operator: [] }]
      : [...(access.kind === "public" ? [{}] : []), { token: [access.scope] }];
  return { schema: { ...schema, security }, config: { access } };
}

/** Fastify's `config` of a route: without access, a route is open to all. */
export interface RouteConfig {
  readonly access?: Access;
}

/** Set on every request before its route runs. */
export function callerOf(request: FastifyRequest): Caller {
  return request.getDecorator<Caller>("caller");
}

/** Throws the refusal unless the caller may use an operation with this access. */
export function checkAccess(access: Access, caller: Caller): void {
  if (access.kind === "operator") {
    if (caller.kind !== "operator") throw new Refusal("operator-key-required");
    return;
  }
  if (caller.kind === "user") {
    if (caller.scopes === null || caller.scopes.includes(access.scope)) return;
    throw new Refusal("scope-missing", `This app was not granted the scope ${access.scope}.`);
  }
  if (access.kind === "user") throw new Refusal("unauthenticated");
}

/** The user that acts. Routes with access `user` have one. */
export function actorOf(request: FastifyRequest): { readonly user: string; readonly app: string | null } {
  const caller = callerOf(request);
  if (caller.kind !== "user") throw new Refusal("unauthenticated");
  return caller;
}
