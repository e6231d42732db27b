import { type Static, Type } from "typebox";
import { actorOf, guarded } from "../access.ts";
import { change, type TrackerDeps } from "../change.ts";
import type { Database } from "../database.ts";
import { tellUser } from "../outbox.ts";
import { Refusal } from "../problems.ts";
import type { TrackerApp } from "../server.ts";
import { Time, UserId } from "./fields.ts";

const NewUser = Type.Object(
  {
    id: UserId,
    name: Type.String({ minLength: 1, maxLength: 100 }),
    email: Type.Optional(Type.String({ maxLength: 254, pattern: "^[^@\\s]+@[^@\\s]+$" })),
  },
  { additionalProperties: false },
);
/** What everybody may see: no e-mail address. */
const User = Type.Object({ id: UserId, name: Type.String(), created_at: Time });

/** Who did something, in the data of events. Only there does the address stand. */
export interface Sender {
  readonly id: string;
  readonly name: string;
  readonly email: string | null;
}

export function senderOf(db: Database, id: string): Sender {
  const sender = db.one<Sender>("SELECT id, name, email FROM users WHERE id = ?", id);
  if (sender === null) throw new Refusal("not-found");
  return sender;
}

export function isUser(db: Database, id: string): boolean {
  return db.one("SELECT 1 FROM users WHERE id = ?", id) !== null;
}

export function addUserRoutes(app: TrackerApp, deps: TrackerDeps): void {
  const { db } = deps;

  app.post(
    "/users",
    guarded(
      { kind: "operator" },
      { summary: "Sign a user up", tags: ["users"], body: NewUser, response: { 201: User } },
    ),
    (request, reply) =>
      change(deps, request, reply, 201, (now) => {
        const { id, name, email = null } = request.body;
        if (isUser(db, id)) throw new Refusal("conflict", `A user with the id ${id} exists already.`);
        db.run("INSERT INTO users (id, name, email, created_at) VALUES (?, ?, ?, ?)", id, name, email, now);
        tellUser(db, { id, name, email });
        return findUser(db, id);
      }),
  );

  app.get(
    "/user",
    guarded(
      { kind: "user", scope: "projects:read" },
      { summary: "The user who is calling", tags: ["users"], response: { 200: User } },
    ),
    (request) => findUser(db, actorOf(request).user),
  );

  app.get(
    "/users/:id",
    guarded(
      { kind: "public", scope: "projects:read" },
      { summary: "A user", tags: ["users"], params: Type.Object({ id: UserId }), response: { 200: User } },
    ),
    (request) => findUser(db, request.params.id),
  );
}

function findUser(db: Database, id: string): Static<typeof User> {
  const user = db.one<Static<typeof User>>("SELECT id, name, created_at FROM users WHERE id = ?", id);
  if (user === null) throw new Refusal("not-found");
  return user;
}
