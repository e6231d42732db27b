/** A schema of an OpenAPI document as one that stands alone: what it refers to is brought along, notes for people are not. */
import { judgeSchema } from "../schemas/schema-check.ts";
import { FORMAT_NAMES } from "../schemas/schema-formats.ts";
import { isObject, type JsonObject, mapParts, pointerIn, type Schema } from "../schemas/schema-walk.ts";
import { type Reading, tell, valueAt } from "./openapi-references.ts";
import type { ParsedType, SchemaSource } from "./operation.ts";

export interface Bundle {
  readonly schema: JsonObject;
  /** Where in the document a pointer into the schema leads. */
  originOf(pointer: string): string;
}

/** Members of a Schema Object that say nothing about what is valid, besides those that begin with `x-`. */
const NOTES: ReadonlySet<string> = new Set([
  ...["title", "description", "default", "example", "examples", "deprecated", "$comment"],
  ...["discriminator", "xml", "externalDocs", "readOnly", "writeOnly"],
  // Reached by references alone, each of which brings its target along.
  ...["$defs", "definitions"],
]);

/** A reference to nothing stays as it is, so that whoever judges the schema finds it. */
export function bundleSchema(document: JsonObject, pointer: string): Bundle {
  const bundler = createBundler(document);
  const root = bundler.take(pointer);
  const $defs = bundler.definitions();
  const own = isObject(root) ? root : { allOf: [root] };
  return {
    schema: Object.keys($defs).length === 0 ? own : { ...own, $defs },
    originOf: (inner) => bundler.originOf(inner) ?? pointer + inner,
  };
}

/** What is wrong with a schema is told now; it is made again when it is first needed. */
export function schemaSource(reading: Reading, pointer: string): SchemaSource {
  tellSchemaFlaws(reading, pointer);
  return () => bundleSchema(reading.document, pointer).schema;
}

export function tellSchemaFlaws(reading: Reading, given: string): void {
  const schema = valueAt(reading.document, given);
  const target = isObject(schema) && Object.keys(schema).length === 1 ? pointerIn(schema["$ref"]) : null;
  const isThere = target !== null && valueAt(reading.document, target) !== undefined;
  const pointer = isThere ? target : given;
  if (reading.judged.has(pointer)) return;
  reading.judged.add(pointer);
  const bundle = bundleSchema(reading.document, pointer);
  for (const flaw of judgeSchema(bundle.schema)) {
    tell(reading, bundle.originOf(flaw.pointer), flaw.message);
  }
}

export interface Bundler {
  /** The schema that stands at a pointer, as it may stand beside `$defs`. */
  take(pointer: string): Schema;
  /** What those that were taken refer to, and what that refers to. */
  definitions(): JsonObject;
  /** Where in the document a pointer into the definitions leads; null for any other. */
  originOf(pointer: string): string | null;
}

export function createBundler(document: JsonObject): Bundler {
  const names = new Map<string, string>();
  const take = (pointer: string): Schema =>
    standingAlone(document, valueAt(document, pointer) as Schema, names);
  return {
    take,
    definitions() {
      const definitions: Record<string, unknown> = {};
      // Grows while it is walked: what is brought along refers to more.
      for (const [target, name] of names) definitions[name] = take(target);
      return definitions;
    },
    originOf(pointer) {
      const [, found, rest = ""] = /^\/\$defs\/([^/]+)(.*)$/.exec(pointer) ?? [];
      const origin = [...names].find(([, name]) => name === found)?.[0];
      return origin === undefined ? null : origin + rest;
    },
  };
}

function standingAlone(document: JsonObject, schema: Schema, names: Map<string, string>): Schema {
  if (!isObject(schema)) return schema;
  const kept = Object.entries(schema).flatMap(([keyword, value]): [string, unknown][] => {
    if (NOTES.has(keyword) || keyword.startsWith("x-")) return [];
    // What a format means beyond the known ones is between the provider and its callers.
    if (keyword === "format" && !FORMAT_NAMES.includes(String(value))) return [];
    if (keyword === "$ref") return [[keyword, renamed(document, value, names)]];
    if (keyword === "required") return [[keyword, requiredOfRequests(document, schema)]];
    return [[keyword, value]];
  });
  return mapParts(Object.fromEntries(kept), (part) => standingAlone(document, part, names));
}

function renamed(document: JsonObject, reference: unknown, names: Map<string, string>): unknown {
  const target = pointerIn(reference);
  const found = target === null ? undefined : valueAt(document, target);
  if (target === null || !(isObject(found) || typeof found === "boolean")) return reference;
  let name = names.get(target);
  if (name === undefined) {
    name = `${names.size}`;
    names.set(target, name);
  }
  return `#/$defs/${name}`;
}

/** What is only read binds answers, and is not asked of a request. */
function requiredOfRequests(document: JsonObject, { required, properties }: JsonObject): unknown {
  if (!Array.isArray(required) || !isObject(properties)) return required;
  return required.filter((name) => {
    const property = followed(document, properties[String(name)]);
    return !(isObject(property) && property["readOnly"] === true);
  });
}

const STEPS_MAX = 16;

function followed(document: JsonObject, schema: unknown): unknown {
  let found = schema;
  for (let steps = 0; steps < STEPS_MAX; steps++) {
    const target = isObject(found) ? pointerIn(found["$ref"]) : null;
    if (target === null) return found;
    found = valueAt(document, target);
  }
  return found;
}

const PARSED: Readonly<Record<string, ParsedType | "array" | "object">> = {
  ...({ string: "string", number: "number", integer: "number", boolean: "boolean" } as const),
  ...({ null: "null", array: "array", object: "object" } as const),
};

/** Of which types a value may be, as far as the schema says so directly or through alternatives. */
export function typesOf(
  document: JsonObject,
  schema: unknown,
  seen: Set<unknown> = new Set(),
): ReadonlySet<string> {
  const found = followed(document, schema);
  if (!isObject(found) || seen.has(found)) return new Set();
  seen.add(found);
  const values = [...("const" in found ? [found["const"]] : []), ...listed(found["enum"])];
  const own = [
    ...[found["type"]].flat().flatMap((type) => PARSED[String(type)] ?? []),
    ...values.map((value) => (value === null ? "null" : Array.isArray(value) ? "array" : typeof value)),
  ];
  const inner = ["allOf", "anyOf", "oneOf"].flatMap((keyword) => listed(found[keyword]));
  return new Set([...own, ...inner.flatMap((part) => [...typesOf(document, part, seen)])]);
}

/** The schema of an array's items. */
export function itemsOf(document: JsonObject, schema: unknown): unknown {
  const found = followed(document, schema);
  return isObject(found) ? found["items"] : undefined;
}

function listed(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
