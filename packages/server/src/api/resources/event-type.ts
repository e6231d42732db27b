/** Event types on the wire, for both APIs. */
import { actionOf, EVENT_TYPE_CHARACTERS_MAX, EVENT_TYPE_PATTERN, type FieldError } from "@trulinks/protocol";
import { type Static, Type } from "typebox";
import { fieldErrors } from "../../schemas/field-errors.ts";
import type { PutEventType } from "../../webhooks/catalogue.ts";
import {
  EVENT_TYPE_ACTION_CHARACTERS_MAX,
  EVENT_TYPE_DESCRIPTION_CHARACTERS_MAX,
  EVENT_TYPE_EXAMPLES_MAX,
  EVENT_TYPE_POINTERS_MAX,
  EVENT_TYPE_VERSIONS_MAX,
  EVENT_TYPES_MAX,
  type EventType,
  type EventTypeDefinition,
  type JsonObject,
} from "../../webhooks/event-type.ts";
import type { EventTypeFlaw } from "../../webhooks/event-type-flaws.ts";
import { Refusal } from "../problem.ts";
import { closed, nullable, Scopes, Time, timeOf } from "../schemas.ts";
import { DataPointer } from "./data-pointer.ts";

export const EventTypeName = Type.String({
  maxLength: EVENT_TYPE_CHARACTERS_MAX,
  pattern: EVENT_TYPE_PATTERN,
  description: "dotted words such as issue.opened",
});

const Pointers = Type.Array(DataPointer, { maxItems: EVENT_TYPE_POINTERS_MAX, uniqueItems: true });
const SomeScopes = { ...Scopes, minItems: 1 };

const FieldScopesList = Type.Array(closed({ pointer: DataPointer, scopes: SomeScopes }), {
  maxItems: EVENT_TYPE_POINTERS_MAX,
});

const AnyObject = Type.Record(Type.String(), Type.Unknown());

const told = {
  schema: "JSON Schema 2020-12 of an event's `data`",
  sensitive:
    "JSON pointers into `data`, in which `*` stands for every element of an array: masked unless the hook is secured. E-mail formats in the schema and keys of phone numbers are so without being named",
  not_password:
    "JSON pointers into `data`, in which `*` stands for any one name: no password, whatever the key says",
  action: "What happened, as one word; the type's last segment if left out",
  examples: "Data of events as they may be; each satisfies the schema",
  scopes: "A grant sees events of the type only with one of these; null: every grant does",
  field_scopes:
    "Fields that a grant sees only with one of these scopes; `*` stands for every element of an array",
};

export const EventTypeBody = closed({
  schema: { ...AnyObject, description: told.schema },
  description: Type.Optional(
    nullable(
      Type.String({
        maxLength: EVENT_TYPE_DESCRIPTION_CHARACTERS_MAX,
        pattern: "^[^\\u0000\\ud800-\\udfff]*$",
        description: "text, for integrators",
      }),
    ),
  ),
  sensitive: Type.Optional({ ...Pointers, description: told.sensitive }),
  not_password: Type.Optional({ ...Pointers, description: told.not_password }),
  action: Type.Optional(
    Type.String({
      maxLength: EVENT_TYPE_ACTION_CHARACTERS_MAX,
      pattern: "^[a-z0-9_]+$",
      description: "one word of a-z 0-9 _",
    }),
  ),
  examples: Type.Optional(
    Type.Array(AnyObject, { maxItems: EVENT_TYPE_EXAMPLES_MAX, description: told.examples }),
  ),
  scopes: Type.Optional(nullable({ ...SomeScopes, description: told.scopes })),
  field_scopes: Type.Optional({ ...FieldScopesList, description: told.field_scopes }),
});

export const EventTypeShape = closed(
  {
    type: Type.String(),
    version: Type.Integer({ description: "From 1; raised with each change" }),
    action: Type.String({ description: told.action }),
    description: nullable(Type.String()),
    schema: Type.Unsafe<JsonObject>({ type: "object", description: told.schema }),
    sensitive: Type.Array(Type.String(), { description: told.sensitive }),
    not_password: Type.Array(Type.String(), { description: told.not_password }),
    examples: Type.Unsafe<JsonObject[]>({
      type: "array",
      items: { type: "object" },
      description: told.examples,
    }),
    scopes: nullable(Type.Array(Type.String(), { description: told.scopes })),
    field_scopes: Type.Array(closed({ pointer: Type.String(), scopes: Type.Array(Type.String()) }), {
      description: told.field_scopes,
    }),
    changed_at: Time,
  },
  { $id: "EventType" },
);

export function eventTypeShape(eventType: EventType): Static<typeof EventTypeShape> {
  const { type, version, action, description, schema, sensitive, notPassword } = eventType;
  const { examples, scopes, fieldScopes, atMs } = eventType;
  return {
    type,
    version,
    action,
    description,
    schema,
    sensitive: [...sensitive],
    not_password: [...notPassword],
    examples: [...examples],
    scopes: scopes === null ? null : [...scopes],
    field_scopes: fieldScopes.map(({ pointer, scopes }) => ({ pointer, scopes: [...scopes] })),
    changed_at: timeOf(atMs),
  };
}

export function definitionOf(type: string, body: Static<typeof EventTypeBody>): EventTypeDefinition {
  return {
    description: body.description ?? null,
    schema: body.schema,
    sensitive: body.sensitive ?? [],
    notPassword: body.not_password ?? [],
    action: body.action ?? actionOf(type),
    examples: body.examples ?? [],
    scopes: body.scopes ?? null,
    fieldScopes: body.field_scopes ?? [],
  };
}

/** The type as it is now, or the refusal that says why it is not. */
export function putEventTypeShape(put: PutEventType): Static<typeof EventTypeShape> {
  switch (put.kind) {
    case "put":
      return eventTypeShape(put.eventType);
    case "flawed":
      throw flawedEventType(put.flaws);
    case "too-many-types":
      throw new Refusal("too-many", { detail: `There are at most ${EVENT_TYPES_MAX} event types.` });
    case "too-many-versions":
      throw new Refusal("too-many", {
        detail: `An event type has at most ${EVENT_TYPE_VERSIONS_MAX} versions; this one has had as many.`,
      });
    default:
      return put satisfies never;
  }
}

const FLAWS_MAX = 100;

function flawedEventType(flaws: readonly EventTypeFlaw[]): Refusal {
  const isPassword = flaws.every(({ kind }) => kind === "password");
  return new Refusal(isPassword ? "no-passwords" : "validation-failed", {
    errors: flaws.slice(0, FLAWS_MAX).flatMap(errorsOf),
  });
}

function errorsOf(flaw: EventTypeFlaw): readonly FieldError[] {
  switch (flaw.kind) {
    case "reserved":
      return [errorAt("#/path/type", reservedType(flaw.type))];
    case "schema":
      return [errorAt(flaw.pointer, flaw.message)];
    case "password":
      return [
        errorAt(
          flaw.pointer,
          `A password never travels in a payload. If ${flaw.data} is none, name it in not_password.`,
        ),
      ];
    case "example": {
      const instancePath = flaw.pointer + flaw.flaw.instancePath;
      return fieldErrors([{ ...flaw.flaw, instancePath }], "body", "EventType");
    }
    case "example-too-costly":
      return [errorAt(flaw.pointer, "It takes too long to hold this example against the schema.")];
    default:
      return flaw satisfies never;
  }
}

/** Why no provider registers or publishes events of this type. */
export function reservedType(type: string): string {
  return `${type} is a type of the platform's own events: hook.*, grant.*, app.*, policy.changed and ping are. Choose another name.`;
}

function errorAt(pointer: string, message: string): FieldError {
  const field = pointer.slice(pointer.lastIndexOf("/") + 1);
  return { resource: "EventType", field, code: "invalid", message, pointer };
}
