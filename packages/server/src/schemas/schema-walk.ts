/** What a JSON Schema (2020-12) is made of: which of its members are schemas themselves, and what references lead to. Pure. */
import { escapeSegment, segmentsOf } from "../base/json-pointer.ts";

export type JsonObject = Readonly<Record<string, unknown>>;

/** A schema is an object, or `true` for anything and `false` for nothing. */
export type Schema = JsonObject | boolean;

export interface Part {
  readonly keyword: string;
  /** Where the keyword has schemas by name: the name. */
  readonly name: string | null;
  /** Into the schema that it is part of. */
  readonly pointer: string;
  readonly schema: Schema;
}

/** Keywords whose value is a schema. */
const OF_ONE = [
  ...[
    "additionalProperties",
    "unevaluatedProperties",
    "propertyNames",
    "items",
    "unevaluatedItems",
    "contains",
  ],
  ...["not", "if", "then", "else", "contentSchema"],
] as const;
/** … a list of schemas. */
const OF_LIST = ["allOf", "anyOf", "oneOf", "prefixItems"] as const;
/** … schemas by name. */
const OF_NAMED = ["properties", "patternProperties", "$defs", "definitions", "dependentSchemas"] as const;

export const SCHEMA_KEYWORDS: readonly string[] = [...OF_ONE, ...OF_LIST, ...OF_NAMED];

/** The schemas that stand directly in this one, whatever they are for. What is of another form is passed over. */
export function partsOf(schema: JsonObject): readonly Part[] {
  const one = OF_ONE.flatMap((keyword) => part(keyword, null, `/${keyword}`, schema[keyword]));
  const list = OF_LIST.flatMap((keyword) => {
    const schemas = schema[keyword];
    if (!Array.isArray(schemas)) return [];
    return schemas.flatMap((each, index) => part(keyword, null, `/${keyword}/${index}`, each));
  });
  const named = OF_NAMED.flatMap((keyword) => {
    const schemas = schema[keyword];
    if (!isObject(schemas)) return [];
    return Object.entries(schemas).flatMap(([name, each]) =>
      part(keyword, name, `/${keyword}/${escapeSegment(name)}`, each),
    );
  });
  return [...one, ...list, ...named];
}

function part(keyword: string, name: string | null, pointer: string, schema: unknown): readonly Part[] {
  return isSchema(schema) ? [{ keyword, name, pointer, schema }] : [];
}

/** The same schema with something else for each schema that stands directly in it. */
export function mapParts(schema: JsonObject, each: (part: Schema) => unknown): JsonObject {
  const one = (part: unknown): unknown => (isSchema(part) ? each(part) : part);
  const mapped = (keyword: string, value: unknown): unknown => {
    if (includes(OF_ONE, keyword)) return one(value);
    if (includes(OF_LIST, keyword) && Array.isArray(value)) return value.map(one);
    if (!includes(OF_NAMED, keyword) || !isObject(value)) return value;
    return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, one(part)]));
  };
  return Object.fromEntries(
    Object.entries(schema).map(([keyword, value]) => [keyword, mapped(keyword, value)]),
  );
}

function includes(keywords: readonly string[], keyword: string): boolean {
  return keywords.includes(keyword);
}

/** Every schema within this one, itself first; `pointer` leads to it. What is nested deeper than `depthMax` is left out. */
export function* schemasIn(
  schema: JsonObject,
  depthMax: number,
  pointer = "",
): Iterable<{ readonly pointer: string; readonly schema: JsonObject }> {
  yield { pointer, schema };
  if (depthMax === 0) return;
  for (const inner of partsOf(schema)) {
    if (isObject(inner.schema)) yield* schemasIn(inner.schema, depthMax - 1, pointer + inner.pointer);
  }
}

/** What `#` or `#/$defs/…` leads to; null: no schema, or a reference of another form. */
export function referred(root: JsonObject, reference: unknown): Schema | null {
  const pointer = pointerIn(reference);
  if (pointer === null) return null;
  let found: unknown = root;
  for (const segment of segmentsOf(pointer)) {
    const isThere = typeof found === "object" && found !== null && Object.hasOwn(found, segment);
    if (!isThere) return null;
    found = (found as JsonObject)[segment];
  }
  return isSchema(found) ? found : null;
}

/** The JSON pointer in a reference within the document; null: it is of another form. */
export function pointerIn(reference: unknown): string | null {
  if (typeof reference !== "string" || !(reference === "#" || reference.startsWith("#/"))) return null;
  try {
    return decodeURIComponent(reference.slice(1));
  } catch {
    return null;
  }
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isSchema(value: unknown): value is Schema {
  return typeof value === "boolean" || isObject(value);
}
