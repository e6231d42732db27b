/** What both listeners say alike of event types: to read them is the same for everybody. */
import type { EventTypeStore } from "../webhooks/event-type-store.ts";
import type { Api } from "./manners.ts";
import { listOf, PAGE_QUERY, pageRequestOf, sendPage } from "./pages.ts";
import { orNotFound } from "./problem.ts";
import { EventTypeName, EventTypeShape, eventTypeShape } from "./resources/event-type.ts";
import { answers, closed, json, refer } from "./schemas.ts";

const tags = ["event-types"];
const config = { resource: "EventType" };
const shape = refer(EventTypeShape);

export const eventTypeParams = closed({ type: EventTypeName });

type EventTypes = Pick<EventTypeStore, "findEventType" | "listEventTypes">;

/** The list and each type, at `path` and below it. */
export function readEventTypeRoutes(api: Api, path: string, eventTypes: EventTypes): void {
  api.get(path, listEventTypes, async (request, reply) => {
    const page = await eventTypes.listEventTypes(pageRequestOf(request.query, "event-types"));
    return sendPage(request, reply, { page, list: "event-types", show: eventTypeShape });
  });

  api.get(`${path}/:type`, getEventType, async ({ params: { type } }) =>
    eventTypeShape(orNotFound(await eventTypes.findEventType(type))),
  );
}

const listEventTypes = {
  config,
  schema: {
    operationId: "listEventTypes",
    summary: "List event types",
    description: "What the provider's events are called and what stands in them; by type, ascending.",
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
    params: eventTypeParams,
    response: answers({ 200: json("The type", shape) }, "not-found"),
  },
};
