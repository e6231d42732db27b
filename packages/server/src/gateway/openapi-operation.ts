/** One operation of an OpenAPI 3.1 document: what it asks of its callers, and what is wrong in how it says so. */
import { suggest } from "../base/nearest.ts";
import { isObject, type JsonObject } from "../schemas/schema-walk.ts";
import { readMarks } from "./openapi-marks.ts";
import { readParameters } from "./openapi-parameters.ts";
import { type Located, objectAt, type Reading, tell } from "./openapi-references.ts";
import { schemaSource } from "./openapi-schema.ts";
import type { Alternative, BodyTerms, Operation, SchemaSource } from "./operation.ts";

export interface OperationPlace {
  /** Such as `POST /projects/{project}/issues`. */
  readonly name: string;
  /** Names in the path. */
  readonly names: readonly string[];
  readonly item: Located<JsonObject>;
  readonly operation: Located<JsonObject>;
  /** What the document asks where the operation itself says nothing. */
  readonly security: readonly Alternative[];
  readonly schemes: readonly string[];
}

export function readOperation(reading: Reading, place: OperationPlace): Operation {
  const { name, operation } = place;
  const { value, pointer } = operation;
  return {
    name,
    ...readMarks(reading, operation),
    security:
      value["security"] === undefined
        ? place.security
        : readSecurity(reading, at(operation, "security"), place.schemes),
    ...readParameters(reading, place),
    body:
      value["requestBody"] === undefined
        ? null
        : readBody(reading, { value: value["requestBody"], pointer: `${pointer}/requestBody` }),
  };
}

export function readSecurity(
  reading: Reading,
  { value, pointer }: Located,
  schemes: readonly string[],
): readonly Alternative[] {
  if (!Array.isArray(value)) {
    tell(reading, pointer, "Expected a list of security requirements.");
    return [];
  }
  return value.map((requirement, index): Alternative => {
    if (!isObject(requirement)) {
      tell(reading, `${pointer}/${index}`, "Expected an object with security schemes and their scopes.");
      return { kind: "caller", scopes: [] };
    }
    const asked = Object.entries(requirement);
    if (asked.length === 0) return { kind: "anybody" };
    for (const [scheme, scopes] of asked) {
      const where = `${pointer}/${index}/${scheme.replaceAll("~", "~0").replaceAll("/", "~1")}`;
      if (!schemes.includes(scheme)) {
        tell(reading, where, `There is no security scheme of this name. ${suggest(scheme, schemes)}`);
      } else if (
        !Array.isArray(scopes) ||
        !scopes.every((scope) => typeof scope === "string" && SCOPE.test(scope))
      ) {
        tell(reading, where, "Expected a list of scopes, each of at most 128 visible characters.");
      }
    }
    return { kind: "caller", scopes: asked.flatMap(([, scopes]) => (Array.isArray(scopes) ? scopes : [])) };
  });
}

// As OAuth has them: no spaces, quotes and backslashes.
const SCOPE = /^[\x21\x23-\x5b\x5d-\x7e]{1,128}$/;

function readBody(reading: Reading, given: Located): BodyTerms | null {
  const body = objectAt(reading, given);
  if (body === null) return null;
  const content = body.value["content"];
  if (!isObject(content) || Object.keys(content).length === 0) {
    tell(reading, `${body.pointer}/content`, "Expected at least one media type.");
    return null;
  }
  const media = new Map<string, SchemaSource | null>();
  let resource = "Request";
  for (const [type, terms] of Object.entries(content)) {
    const where = at({ value: content, pointer: `${body.pointer}/content` }, type);
    if (!MEDIA_RANGE.test(type)) {
      tell(
        reading,
        where.pointer,
        "Expected a media type such as application/json, or a range such as text/*.",
      );
    } else if (!isJson(type) || !isObject(terms) || terms["schema"] === undefined) {
      media.set(typeAlone(type), null);
    } else {
      media.set(typeAlone(type), schemaSource(reading, `${where.pointer}/schema`));
      resource = resourceOf(terms["schema"]) ?? resource;
    }
  }
  return { isRequired: body.value["required"] === true, resource, media };
}

const MEDIA_RANGE = /^(\*\/\*|[\w!#$&^.+-]+\/(\*|[\w!#$&^.+-]+))\s*(;.*)?$/;

/** Without parameters, in lower case. */
export function typeAlone(mediaType: string): string {
  return (mediaType.split(";", 1)[0] ?? "").trim().toLowerCase();
}

export function isJson(mediaType: string): boolean {
  const type = typeAlone(mediaType);
  return type === "application/json" || type.endsWith("+json");
}

function resourceOf(schema: unknown): string | null {
  if (!isObject(schema)) return null;
  const { title, $ref: reference } = schema;
  const name = typeof reference === "string" ? reference.split("/").at(-1) : title;
  return typeof name === "string" && /^[\w .-]{1,64}$/.test(name) ? name : null;
}

/** A member and where it stands. */
export function at({ value, pointer }: Located<JsonObject>, name: string): Located {
  return { value: value[name], pointer: `${pointer}/${name.replaceAll("~", "~0").replaceAll("/", "~1")}` };
}
