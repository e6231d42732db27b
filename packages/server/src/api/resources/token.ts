import { type Static, Type } from "typebox";
import type { Token } from "../../accounts/store.ts";
import { closed, GivenId, Id, nullable, Scopes, Time, timeOf } from "../schemas.ts";

const members = {
  id: Id,
  user: Id,
  grant: nullable(Type.String({ description: "Null for a personal token" })),
  app: nullable(Type.String()),
  scopes: nullable(Type.Array(Type.String(), { description: "Null: all that its user or its grant may do" })),
  created_at: Time,
  expires_at: nullable(Time),
};

export const TokenShape = closed(members, { $id: "Token" });

export const NewTokenShape = closed(
  { ...members, token: Type.String({ description: "Shown this once" }) },
  { $id: "NewToken" },
);

/** Ten years: whoever wants longer wants a token that does not expire. */
export const EXPIRES_IN_S_MAX = 10 * 365 * 86_400;

export const TokenBody = closed({
  user: GivenId,
  app: Type.Optional(GivenId),
  scopes: Type.Optional(Scopes),
  expires_in_s: Type.Optional(
    Type.Integer({ minimum: 1, maximum: EXPIRES_IN_S_MAX, description: "Never, if left out" }),
  ),
});

export function tokenShape(token: Token): Static<typeof TokenShape> {
  return {
    id: token.id,
    user: token.userId,
    grant: token.grantId,
    app: token.appId,
    scopes: token.scopes === null ? null : [...token.scopes],
    created_at: timeOf(token.createdAtMs),
    expires_at: token.expiresAtMs === null ? null : timeOf(token.expiresAtMs),
  };
}
