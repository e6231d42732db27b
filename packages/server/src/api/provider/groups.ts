import type { GroupId, UserId } from "@trulinks/protocol";
import { Type } from "typebox";
import type { Group } from "../../accounts/store.ts";
import type { Api } from "../manners.ts";
import { listOf, PAGE_QUERY, pageRequestOf, sendPage } from "../pages.ts";
import { orNotFound, Refusal } from "../problem.ts";
import { answers, closed, empty, GivenId, Id, json, refer } from "../schemas.ts";
import type { ProviderDeps } from "./app.ts";

const tags = ["groups"];
const config = { resource: "Group" };
const params = closed({ group: GivenId });
const memberParams = closed({ group: GivenId, user: GivenId });

export const GroupShape = closed(
  { id: Id, users_count: Type.Integer() },
  { $id: "Group", description: "Users who are reached by events for the group; it exists while it has one" },
);

const shape = refer(GroupShape);
const groupShape = ({ id, usersCount }: Group) => ({ id, users_count: usersCount });
const memberShape = (id: UserId) => ({ id });

export function groupRoutes(api: Api, { accounts }: ProviderDeps): void {
  api.get("/v1/groups", listGroups, async (request, reply) => {
    const page = await accounts.listGroups(pageRequestOf(request.query, "groups"));
    return sendPage(request, reply, { page, list: "groups", show: groupShape });
  });

  api.get("/v1/groups/:group", getGroup, async ({ params }) =>
    groupShape(orNotFound(await accounts.findGroup(params.group as GroupId))),
  );

  api.delete("/v1/groups/:group", deleteGroup, async ({ params }, reply) => {
    if (!(await accounts.deleteGroup(params.group as GroupId))) throw new Refusal("not-found");
    return reply.code(204).send();
  });

  api.get("/v1/groups/:group/users", listGroupUsers, async (request, reply) => {
    const pageRequest = pageRequestOf(request.query, "group-users");
    const page = await accounts.listGroupUsers(request.params.group as GroupId, pageRequest);
    return sendPage(request, reply, { page, list: "group-users", show: memberShape });
  });

  api.put("/v1/groups/:group/users/:user", addToGroup, async ({ params }, reply) => {
    const added = await accounts.addToGroup(params.group as GroupId, params.user as UserId);
    if (added === "unknown-user") throw new Refusal("not-found", { detail: "There is no such user." });
    return reply.code(204).send();
  });

  api.delete("/v1/groups/:group/users/:user", removeFromGroup, async ({ params }, reply) => {
    await accounts.removeFromGroup(params.group as GroupId, params.user as UserId);
    return reply.code(204).send();
  });
}

const listGroups = {
  config,
  schema: {
    operationId: "listGroups",
    summary: "List groups",
    description: "By id, ascending.",
    tags,
    querystring: closed(PAGE_QUERY),
    response: answers({ 200: json("Groups", listOf(shape, "Groups")) }),
  },
};

const getGroup = {
  config,
  schema: {
    operationId: "getGroup",
    summary: "Show a group",
    description: "A group without users is not found.",
    tags,
    params,
    response: answers({ 200: json("The group", shape) }, "not-found"),
  },
};

const deleteGroup = {
  config,
  schema: {
    operationId: "deleteGroup",
    summary: "Delete a group",
    description: "Its users stay.",
    tags,
    params,
    response: answers({ 204: empty("The group is gone") }, "not-found"),
  },
};

const listGroupUsers = {
  config,
  schema: {
    operationId: "listGroupUsers",
    summary: "List a group's users",
    description: "By id, ascending; none for a group that does not exist.",
    tags,
    params,
    querystring: closed(PAGE_QUERY),
    response: answers({ 200: json("Users", listOf(closed({ id: Id }), "Users")) }),
  },
};

const addToGroup = {
  config,
  schema: {
    operationId: "addToGroup",
    summary: "Add a user to a group",
    description: "Makes the group if there is none. Adding one who is in it changes nothing.",
    tags,
    params: memberParams,
    response: answers({ 204: empty("The user is in the group") }, "not-found"),
  },
};

const removeFromGroup = {
  config,
  schema: {
    operationId: "removeFromGroup",
    summary: "Remove a user from a group",
    description: "Removing one who is not in it changes nothing.",
    tags,
    params: memberParams,
    response: answers({ 204: empty("The user is not in the group") }),
  },
};
