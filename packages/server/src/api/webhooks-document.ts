/** The registered event types in an OpenAPI document: what integrators' hooks receive. Pure. */

import { isObject, mapParts, pointerIn, type Schema } from "../schemas/schema-walk.ts";
import type { EventType, JsonObject } from "../webhooks/event-type.ts";
import { PLATFORM_EVENT_TYPES } from "../webhooks/platform-catalogue.ts";

interface Document {
  readonly components?: { readonly schemas?: JsonObject };
}

/** The same document with a webhook for each type, and for each of the platform's own. */
export function withWebhooks<Given extends object>(document: Given, registered: readonly EventType[]): Given {
  const eventTypes = [...PLATFORM_EVENT_TYPES, ...registered];
  const { components } = document as Document;
  const schemas = Object.fromEntries(eventTypes.map((one) => [nameOf(one), dataSchema(one)]));
  return {
    ...document,
    components: { ...components, schemas: { ...components?.schemas, ...schemas } },
    webhooks: Object.fromEntries(eventTypes.map((one) => [one.type, { post: operationOf(one) }])),
  };
}

function nameOf({ type }: EventType): string {
  return `event.${type}`;
}

function operationOf(eventType: EventType): JsonObject {
  const { type, version, description, scopes, examples } = eventType;
  const notes = [
    description,
    `Version ${version}.`,
    scopes === null ? null : `Only for grants with one of these scopes: ${scopes.join(", ")}.`,
  ];
  return {
    summary: type,
    description: notes.filter((note) => note !== null).join("\n\n"),
    tags: ["event-types"],
    requestBody: {
      required: true,
      content: {
        "application/json": {
          schema: envelopeSchema(eventType),
          ...(examples.length === 0 ? {} : { examples: examplesOf(eventType) }),
        },
      },
    },
    responses: {
      "2XX": { description: "Accepted" },
      "422": { description: "Looked at and declined for good" },
      "410": { description: "Gone: the hook is disabled" },
      default: { description: "Failed; it is sent again" },
    },
  };
}

function envelopeSchema(eventType: EventType): JsonObject {
  const { type, action } = eventType;
  return {
    type: "object",
    properties: {
      id: { type: "string", description: "The event's" },
      type: { const: type },
      action: { const: action },
      timestamp: { type: "string", format: "date-time", description: "When it was published" },
      hook: { type: "string" },
      sequence: { type: "integer", description: "A number per hook without holes" },
      user: { type: "string", description: "Whom it concerns" },
      masked: {
        type: "array",
        items: { type: "string" },
        description: "JSON pointers into `data` of what is null because the hook is not secured",
      },
      test: { const: true, description: "An example that was asked for; nothing has happened" },
      data: { $ref: `#/components/schemas/${nameOf(eventType)}` },
    },
    required: ["id", "type", "action", "timestamp", "hook", "data"],
  };
}

// Only the data of an example is known; the rest stands for what is made when an event is sent.
function examplesOf({ type, action, examples }: EventType): JsonObject {
  const envelope = { id: "evt_…", type, action, timestamp: "2026-11-23T08:00:00.000Z", hook: "hok_…" };
  const bodies = examples.map((data, index) => [
    `example-${index + 1}`,
    { value: { ...envelope, sequence: 1, data } },
  ]);
  return Object.fromEntries(bodies);
}

/** In the document references begin at the document, and no longer at the schema. */
function dataSchema(eventType: EventType): Schema {
  const at = `#/components/schemas/${nameOf(eventType)}`;
  const moved = (schema: Schema): Schema => {
    if (!isObject(schema)) return schema;
    const { $schema: _, $id: __, ...own } = schema;
    const isReference = pointerIn(own["$ref"]) !== null;
    const reference = isReference ? { $ref: at + String(own["$ref"]).slice(1) } : {};
    return { ...mapParts(own, moved), ...reference };
  };
  return moved(eventType.schema);
}
