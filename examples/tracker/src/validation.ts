/** Requests against their schemas: bodies exactly as they are, parameters read as the type that they name. */
import type { FieldError } from "@trulinks/protocol";
import type { FastifySchemaCompiler, FastifySchemaValidationError } from "fastify";
import type { TSchema } from "typebox";
import { Compile } from "typebox/compile";

interface Flaw {
  readonly keyword: string;
  readonly instancePath: string;
  readonly message: string;
  readonly params: Readonly<Record<string, unknown>>;
}

/** Fastify's own Ajv would turn 5 into "5" and drop unknown members; here both are errors. */
export const validatorCompiler: FastifySchemaCompiler<TSchema> = ({ schema, httpPart }) => {
  const validator = Compile(schema);
  return (value: unknown) => {
    const parsed = httpPart === "body" ? value : parseParameters(schema, value);
    if (validator.Check(parsed)) return { value: parsed };
    return { error: validator.Errors(parsed) as unknown as FastifySchemaValidationError[] };
  };
};

/** All flaws of one part of a request, shaped as GitHub's. */
export function fieldErrors(flaws: readonly Flaw[], part: string, resource: string): readonly FieldError[] {
  const prefix = part === "body" ? "" : `#/${part === "params" ? "path" : "query"}`;
  return flaws.flatMap((flaw) => namesOf(flaw).map((name) => fieldError(flaw, name, prefix, resource)));
}

function fieldError(flaw: Flaw, name: string | null, prefix: string, resource: string): FieldError {
  const path = name === null ? flaw.instancePath : `${flaw.instancePath}/${name}`;
  return {
    resource,
    field: path.slice(path.lastIndexOf("/") + 1),
    code:
      flaw.keyword === "required"
        ? "missing_field"
        : flaw.keyword === "additionalProperties"
          ? "unknown"
          : "invalid",
    message:
      name === null ? flaw.message : flaw.keyword === "required" ? "is required" : "is not a known member",
    pointer: `${prefix}${path}`,
  };
}

/** The members that a flaw is about, where it is told at their parent; [null]: the instance itself. */
function namesOf({ keyword, params }: Flaw): readonly (string | null)[] {
  // An unknown member is reported twice, once by the `false` schema that it meets.
  if (keyword === "boolean") return [];
  if (keyword === "required") return params.requiredProperties as readonly string[];
  if (keyword === "additionalProperties") return params.additionalProperties as readonly string[];
  return [null];
}

function parseParameters(schema: TSchema, value: unknown): unknown {
  const properties = (schema as { properties?: Record<string, { type?: string }> }).properties ?? {};
  const entries = Object.entries(value as Record<string, unknown>);
  return Object.fromEntries(
    entries.map(([name, text]) => {
      const isInteger = properties[name]?.type === "integer";
      return [
        name,
        isInteger && typeof text === "string" && /^[0-9]{1,15}$/.test(text) ? Number(text) : text,
      ];
    }),
  );
}
