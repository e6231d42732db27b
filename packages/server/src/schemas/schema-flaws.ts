/**
 * What a schema may not be: larger than it can be compiled in a moment, other than JSON Schema 2020-12, or with
 * references to elsewhere. Pure, and asked before the schema is compiled.
 */
import { isDeeperThan } from "../base/json-depth.ts";
import { escapeSegment } from "../base/json-pointer.ts";
import { suggest } from "../base/nearest.ts";
import { FORMAT_NAMES } from "./schema-formats.ts";
import type { JsonObject } from "./schema-walk.ts";
import { isObject, partsOf, pointerIn, referred, SCHEMA_KEYWORDS, schemasIn } from "./schema-walk.ts";

export interface SchemaFlaw {
  /** Into the schema. */
  readonly pointer: string;
  readonly message: string;
}

/** Of its JSON text. */
export const SCHEMA_BYTES_MAX = 64 * 1024;
/** Containers within one another. */
export const SCHEMA_DEPTH_MAX = 64;
/** Schemas within it, itself among them: so many are compiled in a quarter of a second. */
export const SCHEMA_PARTS_MAX = 1_000;
/** Alternatives and other members of one list: the compiler goes one level deeper for each. */
export const SCHEMA_LIST_MAX = 200;
export const PATTERN_CHARACTERS_MAX = 256;

const DIALECT = "https://json-schema.org/draft/2020-12/schema";
const FLAWS_MAX = 20;

/** Keywords that say something about data or schemas. Others are refused, as most of them are misspelt, and a misspelt rule would bind nobody. */
export const KEYWORDS: ReadonlySet<string> = new Set([
  ...SCHEMA_KEYWORDS,
  ...["$schema", "$id", "$ref", "$comment", "title", "description", "default", "examples", "deprecated"],
  ...["readOnly", "writeOnly", "type", "enum", "const", "format", "contentEncoding", "contentMediaType"],
  ...["multipleOf", "maximum", "exclusiveMaximum", "minimum", "exclusiveMinimum"],
  ...[
    "maxLength",
    "minLength",
    "pattern",
    "maxItems",
    "minItems",
    "uniqueItems",
    "maxContains",
    "minContains",
  ],
  ...["maxProperties", "minProperties", "required", "dependentRequired"],
]);

const ELSEWHERE: Readonly<Record<string, string>> = {
  $anchor: "Refer by #/$defs/… instead.",
  $dynamicRef: "Refer by $ref and #/$defs/… instead.",
  $dynamicAnchor: "Refer by $ref and #/$defs/… instead.",
  $recursiveRef: "Refer by $ref and # instead.",
  $recursiveAnchor: "Refer by $ref and # instead.",
  $vocabulary: "It is for schemas of schemas.",
};

export function findSchemaFlaws(schema: JsonObject): readonly SchemaFlaw[] {
  const size = sizeFlaw(schema);
  if (size !== null) return [size];
  const flaws: SchemaFlaw[] = [];
  for (const { pointer, schema: part } of schemasIn(schema, SCHEMA_DEPTH_MAX)) {
    for (const [keyword, value] of Object.entries(part)) {
      const message = keywordFlaw(schema, part, keyword, value);
      if (message !== null) flaws.push({ pointer: `${pointer}/${escapeSegment(keyword)}`, message });
      if (flaws.length === FLAWS_MAX) return flaws;
    }
  }
  return flaws;
}

function sizeFlaw(schema: JsonObject): SchemaFlaw | null {
  const whole = (message: string): SchemaFlaw => ({ pointer: "", message });
  if (isDeeperThan(schema, SCHEMA_DEPTH_MAX)) return whole(`Expected at most ${SCHEMA_DEPTH_MAX} levels.`);
  const bytes = Buffer.byteLength(JSON.stringify(schema));
  if (bytes > SCHEMA_BYTES_MAX)
    return whole(`Expected at most ${SCHEMA_BYTES_MAX} bytes, this has ${bytes}.`);
  const parts = [...schemasIn(schema, SCHEMA_DEPTH_MAX)].length;
  if (parts <= SCHEMA_PARTS_MAX) return null;
  return whole(`Expected at most ${SCHEMA_PARTS_MAX} schemas within the schema, this has ${parts}.`);
}

function keywordFlaw(root: JsonObject, part: JsonObject, keyword: string, value: unknown): string | null {
  if (Object.hasOwn(ELSEWHERE, keyword)) return `${keyword} is not taken here. ${ELSEWHERE[keyword]}`;
  if (!KEYWORDS.has(keyword) && !keyword.startsWith("x-")) {
    return `${keyword} is no keyword of JSON Schema 2020-12. ${suggestKeyword(keyword)}`;
  }
  switch (keyword) {
    case "$schema":
      return String(value).replace(/#$/, "") === DIALECT ? null : `Expected ${DIALECT}, or nothing.`;
    case "$id":
      return part === root ? null : "Only the whole schema may have an $id.";
    case "$ref":
      return referenceFlaw(root, value);
    case "type":
      return [value].flat().map(typeFlaw).find(isText) ?? null;
    case "format":
      return FORMAT_NAMES.includes(String(value))
        ? null
        : `There is no such format. ${suggest(String(value).slice(0, 40), FORMAT_NAMES)}`;
    case "pattern":
      return patternFlaw(String(value));
    case "patternProperties":
      return isObject(value) ? (Object.keys(value).map(patternFlaw).find(isText) ?? null) : null;
    case "allOf":
    case "anyOf":
    case "oneOf":
    case "prefixItems":
      return listFlaw(value);
    default:
      return null;
  }
}

function suggestKeyword(keyword: string): string {
  const own = "What is your own begins with x-.";
  return keyword.length > 40 ? own : `${suggest(keyword, [...KEYWORDS])} ${own}`;
}

function referenceFlaw(root: JsonObject, reference: unknown): string | null {
  if (pointerIn(reference) === null) return "Expected a reference within the schema: # or #/$defs/….";
  const target = referred(root, reference);
  if (target === null) return "This reference leads to no schema.";
  const isKnown = [...schemasIn(root, SCHEMA_DEPTH_MAX)].some(({ schema }) => schema === target);
  if (!isKnown && typeof target !== "boolean") return "This reference leads to what is no schema of its own.";
  return leadsToItself(root, target) ? "This reference leads back to itself, and says nothing." : null;
}

/** Through schemas about one and the same value, so that validating would never end. */
function leadsToItself(root: JsonObject, start: unknown): boolean {
  const way = new Set<unknown>();
  const done = new Set<unknown>();
  function isOnWay(schema: unknown): boolean {
    if (!isObject(schema) || done.has(schema)) return false;
    if (way.has(schema)) return true;
    way.add(schema);
    const target = referred(root, schema["$ref"]);
    const same = partsOf(schema).filter(({ keyword }) => SAME_VALUE.has(keyword));
    if ([target, ...same.map((part) => part.schema)].some(isOnWay)) return true;
    way.delete(schema);
    done.add(schema);
    return false;
  }
  return isOnWay(start);
}

const SAME_VALUE: ReadonlySet<string> = new Set([
  ...["allOf", "anyOf", "oneOf", "not", "if", "then", "else", "dependentSchemas"],
]);

const TYPES: readonly string[] = ["array", "boolean", "integer", "null", "number", "object", "string"];

function typeFlaw(type: unknown): string | null {
  if (typeof type !== "string" || TYPES.includes(type)) return null;
  return `There is no such type. ${suggest(type.slice(0, 40), TYPES)}`;
}

function patternFlaw(pattern: string): string | null {
  if (pattern.length > PATTERN_CHARACTERS_MAX) {
    return `Expected a pattern of at most ${PATTERN_CHARACTERS_MAX} characters, this has ${pattern.length}.`;
  }
  try {
    new RegExp(pattern, "u");
    return null;
  } catch {
    return "This is no regular expression of ECMAScript with the flag u.";
  }
}

function listFlaw(value: unknown): string | null {
  if (!Array.isArray(value) || value.length <= SCHEMA_LIST_MAX) return null;
  return `Expected at most ${SCHEMA_LIST_MAX}, this has ${value.length}.`;
}

function isText(value: string | null): value is string {
  return value !== null;
}
