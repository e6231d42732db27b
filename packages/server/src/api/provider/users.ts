import { ID_CHANCE_BYTES, makeId, type UserId } from "@trulinks/protocol";
import type { Api } from "../manners.ts";
import { listOf, PAGE_QUERY, pageRequestOf, sendPage } from "../pages.ts";
import { flaw, orNotFound, Refusal } from "../problem.ts";
import { UserBody, UserShape, userOf, userShape } from "../resources/user.ts";
import { answers, closed, empty, GivenId, json, refer } from "../schemas.ts";
import type { ProviderDeps } from "./app.ts";

const tags = ["users"];
const config = { resource: "User" };
const params = closed({ user: GivenId });
const shape = refer(UserShape);

export function userRoutes(api: Api, { accounts, erasures, clock, dice, log }: ProviderDeps): void {
  const makeUserId = (): UserId => makeId("user", clock.now(), dice.bytes(ID_CHANCE_BYTES));

  api.post("/v1/users", createUser, async ({ body }, reply) => {
    const id = (body.id as UserId | undefined) ?? makeUserId();
    const user = await accounts.createUser(userOf(id, body, clock.now()));
    if (user === null) throw new Refusal("exists", { detail: "There is a user with this id." });
    return reply.code(201).send(userShape(user));
  });

  api.get("/v1/users", listUsers, async (request, reply) => {
    const page = await accounts.listUsers(pageRequestOf(request.query, "users"));
    return sendPage(request, reply, { page, list: "users", show: userShape });
  });

  api.get("/v1/users/:user", getUser, async ({ params }) =>
    userShape(orNotFound(await accounts.findUser(params.user as UserId))),
  );

  api.put("/v1/users/:user", putUser, async ({ params, body }, reply) => {
    if (body.id !== undefined && body.id !== params.user) {
      const message = "id must be the one in the path, or be left out.";
      throw flaw({ resource: "User", field: "id", code: "invalid", message });
    }
    const { created, user } = await accounts.putUser(userOf(params.user as UserId, body, clock.now()));
    return reply.code(created ? 201 : 200).send(userShape(user));
  });

  api.delete("/v1/users/:user", deleteUser, async ({ params }, reply) => {
    const ended = orNotFound(await accounts.deleteUser(params.user as UserId, clock.now()));
    erasures.wake();
    log.info("user.deleted", { user: params.user, ...ended });
    return reply.code(204).send();
  });
}

const createUser = {
  config,
  schema: {
    operationId: "createUser",
    summary: "Create a user",
    description: "The provider's own id may be the id; without one it is made.",
    tags,
    body: UserBody,
    response: answers({ 201: json("The user", shape) }, "exists"),
  },
};

const listUsers = {
  config,
  schema: {
    operationId: "listUsers",
    summary: "List users",
    description: "By id, ascending.",
    tags,
    querystring: closed(PAGE_QUERY),
    response: answers({ 200: json("Users", listOf(shape, "Users")) }),
  },
};

const getUser = {
  config,
  schema: {
    operationId: "getUser",
    summary: "Show a user",
    description: "The user as it was last put.",
    tags,
    params,
    response: answers({ 200: json("The user", shape) }, "not-found"),
  },
};

const putUser = {
  config,
  schema: {
    operationId: "putUser",
    summary: "Create or replace a user",
    description: "Members that are left out become null.",
    tags,
    params,
    body: UserBody,
    response: answers({ 200: json("The user, replaced", shape), 201: json("The user, made", shape) }),
  },
};

const deleteUser = {
  config,
  schema: {
    operationId: "deleteUser",
    summary: "Delete a user",
    description:
      "In one step its grants are revoked, its tokens and own hooks end, and what waits for it is `revoked`. Then all payloads about it are erased, as if that were asked for.",
    tags,
    params,
    response: answers({ 204: empty("The user is gone") }, "not-found"),
  },
};
