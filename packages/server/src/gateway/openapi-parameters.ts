/** The parameters of an operation in an OpenAPI document: which are judged, how their text is read, and what they must be. */

import { judgeSchema } from "../schemas/schema-check.ts";
import { isObject, type JsonObject } from "../schemas/schema-walk.ts";
import { type Located, objectAt, type Reading, tell } from "./openapi-references.ts";
import { createBundler, itemsOf, tellSchemaFlaws, typesOf } from "./openapi-schema.ts";
import type { Operation, Parameter, ParameterPlace, ParsedType } from "./operation.ts";

interface ParametersPlace {
  readonly names: readonly string[];
  readonly item: Located<JsonObject>;
  readonly operation: Located<JsonObject>;
}

/** A parameter object in the document. */
type Given = Located<JsonObject>;

const SURELY_SMALL_CHARACTERS = 6_000;

/** For one operation. */
export const PARAMETERS_MAX = 200;
// What these say is read by HTTP itself, and is no parameter (OpenAPI 3.1, 4.8.12.1).
const NO_PARAMETERS: ReadonlySet<string> = new Set(["accept", "content-type", "authorization"]);

export function readParameters(
  reading: Reading,
  { names, item, operation }: ParametersPlace,
): Pick<Operation, "parameters" | "parametersSchema"> {
  // Those of the operation stand in for those of its path that have their names.
  const given = new Map([...listOf(reading, item), ...listOf(reading, operation)]);
  for (const name of names) {
    if (!given.has(`path ${name}`)) {
      tell(reading, operation.pointer, `The path has {${name}}, and no parameter of this name is described.`);
    }
  }
  const judged = [...given.values()].flatMap((parameter) => {
    const read = readParameter(reading, parameter, names);
    return read === null ? [] : [{ parameter: read, given: parameter }];
  });
  if (judged.length === 0) return { parameters: [], parametersSchema: null };
  const source = (): JsonObject => togetherOf(reading.document, judged);
  const together = source();
  // Each is good by itself. What is as short as this holds fewer schemas than are too many.
  const flaws = JSON.stringify(together).length <= SURELY_SMALL_CHARACTERS ? [] : judgeSchema(together);
  for (const { message } of flaws) tell(reading, operation.pointer, `Its parameters together: ${message}`);
  return { parameters: judged.map(({ parameter }) => parameter), parametersSchema: source };
}

function listOf(reading: Reading, { value, pointer }: Located<JsonObject>): readonly [string, Given][] {
  const list = value["parameters"];
  if (list === undefined) return [];
  const where = `${pointer}/parameters`;
  if (!Array.isArray(list) || list.length > PARAMETERS_MAX) {
    tell(reading, where, `Expected a list of at most ${PARAMETERS_MAX} parameters.`);
    return [];
  }
  const found: [string, Given][] = [];
  for (const [index, each] of list.entries()) {
    const parameter = objectAt(reading, { value: each, pointer: `${where}/${index}` });
    if (parameter === null) continue;
    const { name, in: place } = parameter.value;
    if (typeof name !== "string" || name === "" || name.length > 256) {
      tell(reading, `${parameter.pointer}/name`, "Expected a name of at most 256 characters.");
    } else if (!["path", "query", "header", "cookie"].includes(String(place))) {
      tell(reading, `${parameter.pointer}/in`, "Expected path, query, header or cookie.");
    } else {
      found.push([`${place} ${name}`, parameter]);
    }
  }
  return found;
}

/** Null: it is not judged, for what it is or because it is flawed. */
function readParameter(
  reading: Reading,
  { value, pointer }: Given,
  names: readonly string[],
): Parameter | null {
  const name = String(value["name"]);
  const place = value["in"] as ParameterPlace | "cookie";
  if (place === "path" && !names.includes(name)) {
    tell(reading, `${pointer}/name`, `The path has no {${name}}.`);
    return null;
  }
  if (place === "path" && value["required"] !== true) {
    tell(reading, pointer, "A parameter of the path is always there. Expected required: true.");
    return null;
  }
  if (value["schema"] === undefined && !isObject(value["content"])) {
    tell(reading, pointer, "Expected a schema, or content.");
    return null;
  }
  const { schema } = value;
  if (schema === undefined || place === "cookie") return null;
  tellSchemaFlaws(reading, `${pointer}/schema`);
  if (place === "header" && NO_PARAMETERS.has(name.toLowerCase())) return null;
  const types = typesOf(reading.document, schema);
  const list = types.has("array") ? separatorOf(value, place) : null;
  // How the members of an object are written differs from one API to the next.
  if (types.has("object") || list === "unread") return null;
  const parsed = list === null ? types : typesOf(reading.document, itemsOf(reading.document, schema));
  return {
    place,
    name: place === "header" ? name.toLowerCase() : name,
    types: [...parsed].filter(isParsed),
    list,
  };
}

function separatorOf(value: JsonObject, place: ParameterPlace): Parameter["list"] | "unread" {
  const { style = place === "query" ? "form" : "simple", explode = style === "form" } = value;
  if (style === "simple") return ",";
  if (style === "form") return explode === true ? "repeated" : ",";
  if (style === "spaceDelimited" && explode !== true) return " ";
  if (style === "pipeDelimited" && explode !== true) return "|";
  return "unread";
}

function isParsed(type: string): type is ParsedType {
  return type === "string" || type === "number" || type === "boolean" || type === "null";
}

/** One schema for all of them, so that they are looked at in one go. */
function togetherOf(
  document: JsonObject,
  judged: readonly { readonly parameter: Parameter; readonly given: Given }[],
): JsonObject {
  const bundler = createBundler(document);
  const sectionOf = (place: ParameterPlace): JsonObject => {
    const here = judged.filter(({ parameter }) => parameter.place === place);
    const properties = here.map(({ parameter, given }) => [
      parameter.name,
      bundler.take(`${given.pointer}/schema`),
    ]);
    const required = here
      .filter(({ given }) => given.value["required"] === true)
      .map(({ parameter }) => parameter.name);
    return { type: "object", properties: Object.fromEntries(properties), required };
  };
  const properties = { path: sectionOf("path"), query: sectionOf("query"), header: sectionOf("header") };
  return { type: "object", properties, $defs: bundler.definitions() };
}
