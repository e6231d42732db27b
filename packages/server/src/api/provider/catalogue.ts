import type { Api } from "../manners.ts";
import { listOf, PAGE_QUERY, pageRequestOf, sendPage } from "../pages.ts";
import { orNotFound, Refusal } from "../problem.ts";
import {
  definitionOf,
  EventTypeBody,
  EventTypeName,
  EventTypeShape,
  eventTypeShape,
  putEventTypeShape,
} from "../resources/event-type.ts";
import { answers, closed, empty, json, refer } from "../schemas.ts";
import type { ProviderDeps } from "./app.ts";

/** A schema of the largest size, and examples beside it. */
export const EVENT_TYPE_BYTES_MAX = 256 * 1024;

const tags = ["event-types"];
const config = { resource: "EventType" };
const params = closed({ type: EventTypeName });
const shape = refer(EventTypeShape);

export function catalogueRoutes(
  api: Api,
  { catalogues, eventTypes }: Pick<ProviderDeps, "catalogues" | "eventTypes">,
): void {
  api.put("/v1/event-types/:type", putEventType, async ({ params: { type }, body }) =>
    putEventTypeShape(await catalogues.put(type, definitionOf(type, body))),
  );

  api.get("/v1/event-types", listEventTypes, async (request, reply) => {
    const page = await eventTypes.listEventTypes(pageRequestOf(request.query, "event-types"));
    return sendPage(request, reply, { page, list: "event-types", show: eventTypeShape });
  });

  api.get("/v1/event-types/:type", getEventType, async ({ params: { type } }) =>
    eventTypeShape(orNotFound(await eventTypes.findEventType(type))),
  );

  api.delete("/v1/event-types/:type", deleteEventType, async ({ params: { type } }, reply) => {
    if (!(await catalogues.delete(type))) throw new Refusal("not-found");
    return reply.code(204).send();
  });

  api.get("/v1/event-types/:type/versions", listEventTypeVersions, async (request, reply) => {
    const { type } = request.params;
    const asked = pageRequestOf(request.query, "event-type-versions");
    const page = orNotFound(await eventTypes.listEventTypeVersions(type, asked));
    return sendPage(request, reply, { page, list: "event-type-versions", show: eventTypeShape });
  });
}

const putEventType = {
  bodyLimit: EVENT_TYPE_BYTES_MAX,
  config: { ...config, exactNumbers: "refused" as const },
  schema: {
    operationId: "putEventType",
    summary: "Register or change an event type",
    description:
      "From the first type on, only events of registered types are taken, and only with data that satisfies the schema. The same again changes nothing; anything else is the next version. A schema that asks for a password is refused unless `not_password` names the member.",
    tags,
    params,
    body: EventTypeBody,
    response: answers({ 200: json("The type", shape) }, "too-many", "no-passwords"),
  },
};

const listEventTypes = {
  config,
  schema: {
    operationId: "listEventTypes",
    summary: "List event types",
    description: "By type, ascending.",
    tags,
    querystring: closed(PAGE_QUERY),
    response: answers({ 200: json("Event types", listOf(shape, "Event types")) }),
  },
};

const getEventType = {
  config,
  schema: {
    operationId: "getEventType",
    summary: "Show an event type",
    description: "In its newest version.",
    tags,
    params,
    response: answers({ 200: json("The type", shape) }, "not-found"),
  },
};

const deleteEventType = {
  config,
  schema: {
    operationId: "deleteEventType",
    summary: "Delete an event type",
    description: "What was published of it is still delivered, and its versions can still be read.",
    tags,
    params,
    response: answers({ 204: empty("The type is gone") }, "not-found"),
  },
};

const listEventTypeVersions = {
  config,
  schema: {
    operationId: "listEventTypeVersions",
    summary: "List the versions of an event type",
    description: "Newest first; those of a deleted type as well.",
    tags,
    params,
    querystring: closed(PAGE_QUERY),
    response: answers({ 200: json("Versions", listOf(shape, "Versions")) }, "not-found"),
  },
};
