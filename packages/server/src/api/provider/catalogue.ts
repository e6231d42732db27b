import { eventTypeParams, readEventTypeRoutes } from "../event-type-operations.ts";
import type { Api } from "../manners.ts";
import { listOf, PAGE_QUERY, pageRequestOf, sendPage } from "../pages.ts";
import { orNotFound, Refusal } from "../problem.ts";
import {
  definitionOf,
  EventTypeBody,
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
const shape = refer(EventTypeShape);

export function catalogueRoutes(
  api: Api,
  { catalogues, eventTypes }: Pick<ProviderDeps, "catalogues" | "eventTypes">,
): void {
  readEventTypeRoutes(api, "/v1/event-types", eventTypes);

  api.put("/v1/event-types/:type", putEventType, async ({ params: { type }, body }) =>
    putEventTypeShape(await catalogues.put(type, definitionOf(type, body))),
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
    params: eventTypeParams,
    body: EventTypeBody,
    response: answers({ 200: json("The type", shape) }, "too-many", "no-passwords"),
  },
};

const deleteEventType = {
  config,
  schema: {
    operationId: "deleteEventType",
    summary: "Delete an event type",
    description: "What was published of it is still delivered, and its versions can still be read.",
    tags,
    params: eventTypeParams,
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
    params: eventTypeParams,
    querystring: closed(PAGE_QUERY),
    response: answers({ 200: json("Versions", listOf(shape, "Versions")) }, "not-found"),
  },
};
