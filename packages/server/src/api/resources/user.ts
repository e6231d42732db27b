import type { UserId } from "@trulinks/protocol";
import type { Static } from "typebox";
import { Type } from "typebox";
import type { User } from "../../accounts/store.ts";
import { closed, Email, GivenId, Id, nullable, ShortText, Time, timeOf } from "../schemas.ts";

export const UserShape = closed(
  { id: Id, name: nullable(Type.String()), email: nullable(Type.String()), created_at: Time },
  { $id: "User" },
);

export const UserBody = closed({
  id: Type.Optional(GivenId),
  name: Type.Optional(nullable(ShortText)),
  email: Type.Optional(nullable(Email)),
});

export function userShape({ id, name, email, createdAtMs }: User): Static<typeof UserShape> {
  return { id, name, email, created_at: timeOf(createdAtMs) };
}

export function userOf(id: UserId, { name, email }: Static<typeof UserBody>, nowMs: number): User {
  return { id, name: name ?? null, email: email ?? null, createdAtMs: nowMs };
}
