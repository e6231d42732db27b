import { type Static, Type } from "typebox";
import type { Grant } from "../../accounts/store.ts";
import { closed, GivenId, Id, Scopes, Time, timeOf } from "../schemas.ts";

export const GrantShape = closed(
  { id: Id, user: Id, app: Id, scopes: Type.Array(Type.String()), created_at: Time },
  { $id: "Grant", description: "This user lets this app act for it, with these scopes" },
);

export const GrantBody = closed({ user: GivenId, app: GivenId, scopes: Type.Optional(Scopes) });

export const GrantChangeBody = closed({ scopes: Scopes });

export function grantShape({ id, userId, appId, scopes, createdAtMs }: Grant): Static<typeof GrantShape> {
  return { id, user: userId, app: appId, scopes: [...scopes], created_at: timeOf(createdAtMs) };
}
