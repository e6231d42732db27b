/** Ajv's errors as the wire tells them. */
import type { FieldError, FieldErrorCode } from "@trulinks/protocol";
import { escapeSegment, unescapeSegment } from "../base/json-pointer.ts";

/** The parts of Ajv's error objects that are read; `parentSchema` is there because Ajv is told to be verbose. */
export interface SchemaError {
  readonly keyword: string;
  readonly instancePath: string;
  readonly params: Readonly<Record<string, unknown>>;
  readonly message?: string;
  readonly parentSchema?: {
    readonly description?: string;
    readonly propertyNames?: { readonly description?: string };
  };
  /** Set where it is the name of a member that is wrong. */
  readonly propertyName?: string;
}

// More would help nobody, and one body can hold tens of thousands.
const ERRORS_MAX = 100;

/** `part`: what was validated, in Fastify's words: `body`, `params`, `querystring` or `headers`. */
export function fieldErrors(
  errors: readonly SchemaError[],
  part: string,
  resource: string,
): readonly FieldError[] {
  // Of a name that cannot be Ajv tells twice: that the names are wrong, and beside it what is wrong with this one.
  const told = errors.filter(({ propertyName }) => propertyName === undefined);
  return told.slice(0, ERRORS_MAX).map((error) => {
    const { code, member, message } = tell(error);
    const path = member === null ? error.instancePath : `${error.instancePath}/${escapeSegment(member)}`;
    return { resource, field: fieldOf(path), code, message, pointer: pointerOf(path, part) };
  });
}

interface Told {
  readonly code: FieldErrorCode;
  /** The member that is meant, where the error's path names its parent. */
  readonly member: string | null;
  readonly message: string;
}

function tell({ keyword, instancePath, params, message = "is invalid", parentSchema }: SchemaError): Told {
  const field = fieldOf(instancePath) || "The value";
  switch (keyword) {
    case "required":
      return asked("missing_field", String(params.missingProperty), "is required.");
    case "additionalProperties":
    case "unevaluatedProperties":
      return asked("unknown", String(params[ADDITIONAL[keyword]]), "is not known here.");
    case "false schema":
      return invalid(`${field} is not taken here.`);
    case "propertyNames":
      return misnamed(String(params.propertyName), parentSchema?.propertyNames?.description);
    case "type":
      // Several types are told with commas between them.
      return invalid(`${field} ${message.replaceAll(",", " or ")}.`);
    case "enum":
      return invalid(`${field} must be one of: ${listed(params.allowedValues as readonly unknown[])}.`);
    case "pattern":
      return invalid(`${field} must be ${parentSchema?.description ?? `of the form ${params.pattern}`}.`);
    default:
      return invalid(`${field} ${message}.`);
  }
}

const ADDITIONAL = {
  additionalProperties: "additionalProperty",
  unevaluatedProperties: "unevaluatedProperty",
} as const;

const LISTED_MAX = 50;

function listed(values: readonly unknown[]): string {
  const texts = values.map((value) => (typeof value === "string" ? value : JSON.stringify(value)));
  const more = texts.length > LISTED_MAX ? [`${texts.length - LISTED_MAX} more`] : [];
  return [...texts.slice(0, LISTED_MAX), ...more].join(", ");
}

function asked(code: FieldErrorCode, member: string, claim: string): Told {
  return { code, member, message: `${member} ${claim}` };
}

function misnamed(member: string, description = "another name"): Told {
  return { code: "invalid", member, message: `A name here must be ${description}.` };
}

function invalid(message: string): Told {
  return { code: "invalid", member: null, message };
}

const PARTS: Readonly<Record<string, string>> = {
  params: "#/path",
  querystring: "#/query",
  headers: "#/header",
};

function pointerOf(path: string, part: string): string {
  return (PARTS[part] ?? "") + path;
}

function fieldOf(path: string): string {
  return unescapeSegment(path.slice(path.lastIndexOf("/") + 1));
}

const SUMMARY_ERRORS_MAX = 3;

/** The first errors in one sentence each; undefined if there are none. */
export function summaryOf(errors: readonly FieldError[] = []): string | undefined {
  if (errors.length === 0) return undefined;
  const messages = errors.slice(0, SUMMARY_ERRORS_MAX).map(({ message }) => message);
  const left = errors.length - messages.length;
  return [...messages, ...(left > 0 ? [`${left} more in \`errors\`.`] : [])].join(" ");
}
