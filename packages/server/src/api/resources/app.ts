import { type Static, Type } from "typebox";
import type { App } from "../../accounts/store.ts";
import { closed, GivenId, Id, nullable, ShortText, Time, timeOf } from "../schemas.ts";

const members = {
  id: Id,
  name: Type.String(),
  owner: nullable(Type.String({ description: "The user who is answerable for the app" })),
  contact: nullable(Type.String({ description: "Where notices go" })),
  client_id: Type.String(),
  created_at: Time,
};

export const AppShape = closed(members, { $id: "App" });

export const NewAppShape = closed(
  { ...members, client_secret: Type.String({ description: "Shown this once" }) },
  { $id: "NewApp" },
);

export const ClientSecretShape = closed(
  { client_id: Type.String(), client_secret: Type.String({ description: "Shown this once" }) },
  { $id: "ClientSecret" },
);

export const AppBody = closed({
  name: ShortText,
  owner: Type.Optional(GivenId),
  contact: Type.Optional(nullable(ShortText)),
});

export const AppChangeBody = closed({
  name: Type.Optional(ShortText),
  contact: Type.Optional(nullable(ShortText)),
});

export function appShape(app: App): Static<typeof AppShape> {
  const { id, name, owner, contact, clientId, createdAtMs } = app;
  return { id, name, owner, contact, client_id: clientId, created_at: timeOf(createdAtMs) };
}
