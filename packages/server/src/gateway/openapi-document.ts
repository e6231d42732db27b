/**
 * An OpenAPI 3.1 document as the operations that it describes. Everything that binds a request is judged here, once, at
 * the start; what binds answers is passed over. Pure.
 */
import { isDeeperThan } from "../base/json-depth.ts";
import { suggest } from "../base/nearest.ts";
import { isObject, type JsonObject } from "../schemas/schema-walk.ts";
import { at, readOperation, readSecurity } from "./openapi-operation.ts";
import { type DocumentFlaw, type Located, objectAt, type Reading, tell } from "./openapi-references.ts";
import type { Alternative, Operation } from "./operation.ts";
import { parseTemplate } from "./path-template.ts";

/** One operation, and where a router finds it. */
export interface Routed {
  readonly method: string;
  /** In the router's own notation, with parameters called p0, p1, …. */
  readonly route: string;
  /** What the parameters are called in the document. */
  readonly names: readonly string[];
  readonly operation: Operation;
}

export type OpenapiRead =
  | { readonly kind: "operations"; readonly routed: readonly Routed[] }
  | { readonly kind: "flawed"; readonly flaws: readonly DocumentFlaw[] };

export const OPERATIONS_MAX = 10_000;
export const DOCUMENT_DEPTH_MAX = 200;
export const DOCUMENT_FLAWS_MAX = 20;

const METHODS: readonly string[] = ["get", "put", "post", "delete", "options", "head", "patch", "trace"];
const PATH_MEMBERS: readonly string[] = [
  ...METHODS,
  "$ref",
  "summary",
  "description",
  "servers",
  "parameters",
];

export function readOpenapi(document: unknown): OpenapiRead {
  const flawed = (pointer: string, message: string): OpenapiRead => ({
    kind: "flawed",
    flaws: [{ pointer, message }],
  });
  if (!isObject(document)) return flawed("", "Expected an OpenAPI 3.1 document: an object.");
  const { openapi } = document;
  if (typeof openapi !== "string" || !/^3\.1\.\d{1,3}$/.test(openapi)) {
    return flawed(
      "/openapi",
      "Expected 3.1.0 or 3.1.1: other versions of OpenAPI have schemas of another kind.",
    );
  }
  if (isDeeperThan(document, DOCUMENT_DEPTH_MAX)) {
    return flawed("", `Expected at most ${DOCUMENT_DEPTH_MAX} levels.`);
  }
  if (!isObject(document["paths"])) return flawed("/paths", "Expected an object with the paths of the API.");

  const reading: Reading = { document, flaws: [], judged: new Set() };
  const routed = readPaths(reading, { value: document["paths"], pointer: "/paths" });
  if (reading.flaws.length === 0) return { kind: "operations", routed };
  // What several operations refer to is wrong once.
  const told = new Map(reading.flaws.map((flaw) => [`${flaw.pointer} ${flaw.message}`, flaw]));
  return { kind: "flawed", flaws: [...told.values()].slice(0, DOCUMENT_FLAWS_MAX) };
}

function readPaths(reading: Reading, paths: Located<JsonObject>): readonly Routed[] {
  const schemes = Object.keys(section(section(reading.document, "components"), "securitySchemes"));
  const whole = { value: reading.document, pointer: "" };
  const asked = at(whole, "security");
  const security = asked.value === undefined ? [] : readSecurity(reading, asked, schemes);

  const routed: Routed[] = [];
  const taken = new Map<string, string>();
  for (const template of Object.keys(paths.value)) {
    if (template.startsWith("x-")) continue;
    const given = at(paths, template);
    const parsed = parseTemplate(template);
    if (parsed.kind === "flawed") {
      tell(reading, given.pointer, parsed.message);
      continue;
    }
    const { names, route } = parsed;
    const twin = taken.get(route);
    if (twin !== undefined) {
      tell(reading, given.pointer, `No request can tell this path from ${twin}. Keep one.`);
      continue;
    }
    taken.set(route, template);
    const item = objectAt(reading, given);
    if (item === null) continue;
    for (const one of readPathItem(reading, { template, names, item, security, schemes })) {
      routed.push({ route, names, ...one });
    }
    if (routed.length > OPERATIONS_MAX) {
      tell(reading, given.pointer, `Expected at most ${OPERATIONS_MAX} operations.`);
      break;
    }
    if (reading.flaws.length >= DOCUMENT_FLAWS_MAX) break;
  }
  return routed;
}

interface PathItem {
  readonly template: string;
  readonly names: readonly string[];
  readonly item: Located<JsonObject>;
  readonly security: readonly Alternative[];
  readonly schemes: readonly string[];
}

function readPathItem(
  reading: Reading,
  { template, item, ...rest }: PathItem,
): readonly Pick<Routed, "method" | "operation">[] {
  for (const name of Object.keys(item.value)) {
    if (PATH_MEMBERS.includes(name) || name.startsWith("x-")) continue;
    const hint = suggest(name.slice(0, 40), PATH_MEMBERS);
    tell(reading, at(item, name).pointer, `There is no ${name.slice(0, 40)} in a path. ${hint}`);
  }
  return METHODS.flatMap((lower) => {
    if (item.value[lower] === undefined) return [];
    const method = lower.toUpperCase();
    const operation = at(item, lower);
    if (!isObject(operation.value)) {
      tell(reading, operation.pointer, "Expected an object.");
      return [];
    }
    const place = { name: `${method} ${template}`, item, ...rest };
    const located = { value: operation.value, pointer: operation.pointer };
    return [{ method, operation: readOperation(reading, { ...place, operation: located }) }];
  });
}

function section(within: JsonObject, name: string): JsonObject {
  const value = within[name];
  return isObject(value) ? value : {};
}
