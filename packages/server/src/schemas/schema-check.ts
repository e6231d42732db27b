/**
 * Schemas made into checks by Ajv. A check ends, whatever the schema and the data are: a schema is looked at so often
 * and no more, and patterns that can take longer than their text is long run under a deadline.
 */
import { createContext, Script } from "node:vm";
import type { ErrorObject, ValidateFunction } from "ajv";
import { _ } from "ajv";
import { Ajv2020 } from "ajv/dist/2020.js";
import { canonicalJson } from "../base/canonical-json.ts";
import { isLinear } from "./pattern-cost.ts";
import { findSchemaFlaws, type SchemaFlaw } from "./schema-flaws.ts";
import { FORMATS } from "./schema-formats.ts";
import type { JsonObject } from "./schema-walk.ts";
import { isObject, mapParts, partsOf, type Schema } from "./schema-walk.ts";

/** What is wrong with data, in Ajv's words. Never what stands in them. */
export interface DataFlaw {
  readonly keyword: string;
  readonly instancePath: string;
  readonly params: Readonly<Record<string, unknown>>;
  readonly message?: string;
  /** Set where it is the name of a member that is wrong. */
  readonly propertyName?: string;
}

/** `too-costly`: the schema's patterns or references take too long with this data. */
export type DataVerdict =
  | { readonly kind: "good" }
  | { readonly kind: "flawed"; readonly flaws: readonly DataFlaw[] }
  | { readonly kind: "too-costly" };

export type DataCheck = (data: unknown) => DataVerdict;

export type Compiled =
  | { readonly kind: "compiled"; readonly check: DataCheck }
  | { readonly kind: "flawed"; readonly flaws: readonly SchemaFlaw[] };

/** How often schemas are looked at for one event: an event of the largest size has half as many values. */
export const LOOKS_MAX = 250_000;
/** Long enough for a machine that is busy with other things. */
export const PATTERNS_MS_MAX = 500;
export const DATA_FLAWS_MAX = 100;
const DATA_FLAWS_CHARACTERS_MAX = 64 * 1024;

const OPTIONS = {
  allErrors: true,
  strict: false,
  // Inlined, what is referred to often would be compiled as often.
  inlineRefs: false,
  // Or `required: ["constructor"]` would be met by every object.
  ownProperties: true,
  validateSchema: false,
  logger: false,
  formats: FORMATS,
} as const;

/** `patternsMsMax`: how long patterns may take for one value. */
export function compileSchema(schema: JsonObject, patternsMsMax: number = PATTERNS_MS_MAX): Compiled {
  const flaws = judgeSchema(schema);
  if (flaws.length > 0) return { kind: "flawed", flaws };
  const looks = { left: 0 };
  try {
    const validate = compilerOf(looks).compile(counted(schema) as JsonObject);
    return { kind: "compiled", check: checkOf(validate, looks, isWatched(schema) ? patternsMsMax : null) };
  } catch (error) {
    const because = error instanceof Error ? error.message : String(error);
    return {
      kind: "flawed",
      flaws: [{ pointer: "", message: `This schema cannot be compiled: ${because}.` }],
    };
  }
}

/** What is wrong with a schema, found without compiling it. Empty: it is taken. */
export function judgeSchema(schema: JsonObject): readonly SchemaFlaw[] {
  const flaws = findSchemaFlaws(schema);
  return flaws.length > 0 ? flaws : formalFlaws(schema);
}

// Of all that it keeps only the schema of schemas is used.
const formal = new Ajv2020(OPTIONS);

function formalFlaws(schema: JsonObject): readonly SchemaFlaw[] {
  if (formal.validateSchema(schema)) return [];
  const errors = formal.errors ?? [];
  // Of one place the first is told. Several types stand there with commas between them.
  const told = new Map(errors.toReversed().map((error) => [error.instancePath, error]));
  return [...told.values()].toReversed().map(({ instancePath, message = "is invalid" }) => ({
    pointer: instancePath,
    message: `This ${message.replaceAll(",", " or ")}.`,
  }));
}

interface Looks {
  left: number;
}

class TooCostly extends Error {}

/** A compiler of its own for each schema, so that what is forgotten is forgotten. It costs half a millisecond. */
function compilerOf(looks: Looks): Ajv2020 {
  const ajv = new Ajv2020(OPTIONS);
  ajv.addKeyword({
    keyword: LOOK,
    code({ gen }) {
      const counter = gen.scopeValue("obj", { ref: looks });
      const costly = gen.scopeValue("Error", { ref: TooCostly });
      gen.if(_`--${counter}.left < 0`, () => gen.throw(_`new ${costly}()`));
    },
  });
  ajv.removeKeyword("uniqueItems");
  ajv.addKeyword({
    keyword: "uniqueItems",
    type: "array",
    schemaType: "boolean",
    error: { message: "must NOT have duplicate items" },
    validate: (isAsked: boolean, items: readonly unknown[]) => !isAsked || areUnique(items),
  });
  return ajv;
}

const LOOK = "x-trulinks-look";

// Ajv's own compares each with each.
function areUnique(items: readonly unknown[]): boolean {
  return new Set(items.map(canonicalJson)).size === items.length;
}

/** The schema with each schema in it counted, and without what only people read. */
function counted(schema: Schema): Schema {
  if (!isObject(schema)) return schema;
  const own = Object.entries(schema).filter(([keyword]) => !keyword.startsWith("x-") && keyword !== "$id");
  return { ...mapParts(Object.fromEntries(own), counted), [LOOK]: true };
}

function isWatched(schema: JsonObject): boolean {
  const { pattern, patternProperties } = schema;
  const patterns = [
    ...(typeof pattern === "string" ? [pattern] : []),
    ...(isObject(patternProperties) ? Object.keys(patternProperties) : []),
  ];
  if (!patterns.every(isLinear)) return true;
  return partsOf(schema).some(({ schema: inner }) => isObject(inner) && isWatched(inner));
}

function checkOf(validate: ValidateFunction, looks: Looks, patternsMsMax: number | null): DataCheck {
  const run = (data: unknown): boolean => {
    looks.left = LOOKS_MAX;
    return validate(data) as boolean;
  };
  const runIt = patternsMsMax === null ? run : watched(run, patternsMsMax);
  return (data) => {
    try {
      if (runIt(data)) return { kind: "good" };
    } catch (error) {
      if (error instanceof TooCostly || isTimeout(error)) return { kind: "too-costly" };
      throw error;
    }
    return { kind: "flawed", flaws: toldOf(validate.errors ?? []) };
  };
}

interface Watch {
  readonly context: Record<string, unknown>;
  readonly script: Script;
}

// One for all: a context is half a megabyte, and no check runs within another.
let watch: Watch | null = null;

/** The same, ended after so long: V8 ends a pattern that backtracks only from outside. It costs 0.1 ms. */
function watched(run: (data: unknown) => boolean, msMax: number): (data: unknown) => boolean {
  watch ??= { context: createContext({ run: null, data: null }), script: new Script("run(data)") };
  const { context, script } = watch;
  return (data) => {
    Object.assign(context, { run, data });
    try {
      return script.runInContext(context, { timeout: msMax }) as boolean;
    } finally {
      Object.assign(context, { run: null, data: null });
    }
  };
}

function isTimeout(error: unknown): boolean {
  // An error of the context that was ended is none of ours.
  return (error as { readonly code?: unknown } | null)?.code === "ERR_SCRIPT_EXECUTION_TIMEOUT";
}

/** The first flaws, fewer where they lie behind very long names, but always one. */
function toldOf(errors: readonly ErrorObject[]): readonly DataFlaw[] {
  let charactersLeft = DATA_FLAWS_CHARACTERS_MAX;
  const told: DataFlaw[] = [];
  for (const error of errors) {
    charactersLeft -= error.instancePath.length;
    if (told.length === DATA_FLAWS_MAX || (told.length > 0 && charactersLeft < 0)) break;
    told.push(flawOf(error));
  }
  return told;
}

function flawOf({ keyword, instancePath, params, message, propertyName }: ErrorObject): DataFlaw {
  const told = { keyword, instancePath, params, ...(message === undefined ? {} : { message }) };
  return propertyName === undefined ? told : { ...told, propertyName };
}
