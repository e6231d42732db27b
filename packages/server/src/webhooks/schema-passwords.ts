/** Which passwords a schema asks for: members whose keys are a password's and whose values can be one. Pure. */
import { pointerOf } from "../base/json-pointer.ts";
import { isObject, partsOf, referred, type Schema } from "../schemas/schema-walk.ts";
import type { JsonObject } from "./event-type.ts";
import { isExempt, isSecretValue } from "./inspect.ts";
import { classOf } from "./key-class.ts";

export interface AskedPassword {
  /** Into the schema. */
  readonly pointer: string;
  /** Into the data, with `*` for what has no name: what `not_password` would have to say. */
  readonly data: string;
}

// References can lead to the same schema on very many ways. Whoever meets this bound has found enough.
const STEPS_MAX = 20_000;
const FOUND_MAX = 20;

export function askedPasswords(root: JsonObject, notPassword: readonly string[]): readonly AskedPassword[] {
  const found: AskedPassword[] = [];
  let stepsLeft = STEPS_MAX;

  /** `way`: the schemas that led here; one that leads to itself again says nothing new. */
  function visit(
    schema: Schema,
    pointer: string,
    segments: readonly string[],
    way: readonly JsonObject[],
  ): void {
    if (!isObject(schema) || way.includes(schema) || --stepsLeft < 0 || found.length >= FOUND_MAX) return;
    const led = [...way, schema];
    for (const name of namesIn(schema)) {
      const inner = [...segments, name];
      if (classOf(name) !== "password" || isExempt(inner, notPassword) || !canBeSecret(root, schema, name))
        continue;
      const at = pointer + whereNamed(schema, name);
      if (!found.some((before) => before.pointer === at)) found.push({ pointer: at, data: pointerOf(inner) });
    }
    const reference = schema["$ref"];
    const target = referred(root, reference);
    if (target !== null) visit(target, decodeURIComponent(String(reference).slice(1)), segments, led);
    for (const part of partsOf(schema)) {
      const step = stepOf(part.keyword, part.name);
      if (step !== null) visit(part.schema, pointer + part.pointer, [...segments, ...step], led);
    }
  }

  visit(root, "", [], []);
  return found;
}

/** Whose members are asked for, described or not. */
function namesIn(schema: JsonObject): readonly string[] {
  const described = isObject(schema["properties"]) ? Object.keys(schema["properties"]) : [];
  const required = Array.isArray(schema["required"]) ? schema["required"].map(String) : [];
  return [...new Set([...described, ...required])];
}

function whereNamed(schema: JsonObject, name: string): string {
  const { properties } = schema;
  if (isObject(properties) && Object.hasOwn(properties, name)) return pointerOf(["properties", name]);
  return "/required";
}

/** A member that is neither text nor number, such as `password: true`, carries none. */
function canBeSecret(root: JsonObject, schema: JsonObject, name: string): boolean {
  const { properties } = schema;
  const described = isObject(properties) && Object.hasOwn(properties, name) ? properties[name] : true;
  return admitsSecret(root, described as Schema, 0);
}

const REFERENCES_MAX = 32;

function admitsSecret(root: JsonObject, schema: Schema, depth: number): boolean {
  if (typeof schema === "boolean") return schema;
  const { type, const: constant, enum: values } = schema;
  if ("const" in schema) return isSecretValue(constant);
  if (Array.isArray(values)) return values.some(isSecretValue);
  const target = depth < REFERENCES_MAX ? referred(root, schema["$ref"]) : null;
  if (target !== null && !admitsSecret(root, target, depth + 1)) return false;
  if (type === undefined) return true;
  return [type].flat().some((each) => each === "string" || each === "number" || each === "integer");
}

/** How the data goes on where the schema does; null: what stands there is not about the data's own members. */
function stepOf(keyword: string, name: string | null): readonly string[] | null {
  switch (keyword) {
    case "properties":
      return [name ?? ""];
    case "items":
    case "prefixItems":
    case "contains":
    case "unevaluatedItems":
    case "additionalProperties":
    case "unevaluatedProperties":
    case "patternProperties":
      return ["*"];
    case "allOf":
    case "anyOf":
    case "oneOf":
    case "if":
    case "then":
    case "else":
    case "dependentSchemas":
      return [];
    default:
      return null;
  }
}
