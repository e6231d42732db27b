/** Whether a request is what the provider's document asks of it. Decides; `examine.ts` reads what it needs. */
import type { IncomingHttpHeaders } from "node:http";
import type { FieldError } from "@trulinks/protocol";
import type { Caller } from "../accounts/caller.ts";
import { isDeeperThan } from "../base/json-depth.ts";
import { fieldErrors } from "../schemas/field-errors.ts";
import type { DataCheck, DataVerdict } from "../schemas/schema-check.ts";
import type { Alternative, BodyTerms, SchemaSource } from "./operation.ts";
import { CHALLENGE, type Refusal } from "./refusal.ts";

/** Null: the caller may. */
export function judgeScopes(security: readonly Alternative[], caller: Caller): Refusal | null {
  if (security.length === 0 || security.some(({ kind }) => kind === "anybody")) return null;
  if (caller.kind === "anonymous") return { code: "unauthenticated", headers: CHALLENGE };
  const has = scopesOf(caller);
  if (has === null) return null;
  const asked = security.flatMap((one) => (one.kind === "caller" ? [one.scopes] : []));
  if (asked.some((scopes) => scopes.every((scope) => has.includes(scope)))) return null;
  const ways = asked.map((scopes) => scopes.join(" and ")).join(", or ");
  return { code: "scope-missing", detail: `This operation asks for the scope ${ways}.` };
}

/** Null: nothing limits what is done in this caller's name. */
function scopesOf(caller: Exclude<Caller, { kind: "anonymous" }>): readonly string[] | null {
  switch (caller.kind) {
    case "grant":
      return caller.scopes;
    case "user":
      return caller.scopes;
    case "operator":
      return null;
    // It acts for no user, so no user has given it a scope.
    case "app":
      return [];
    default:
      return caller satisfies never;
  }
}

export type BodyPlan =
  /** Passed on as a stream. */
  | { readonly kind: "unread" }
  | { readonly kind: "judged"; readonly schema: SchemaSource }
  | { readonly kind: "refused"; readonly refusal: Refusal }
  | { readonly kind: "flawed"; readonly errors: readonly FieldError[] };

export function planBody(terms: BodyTerms | null, hasBody: boolean, headers: IncomingHttpHeaders): BodyPlan {
  if (terms === null) return { kind: "unread" };
  if (!hasBody) {
    if (!terms.isRequired) return { kind: "unread" };
    const message = "A body is required.";
    const error = {
      resource: terms.resource,
      field: "",
      code: "missing_field",
      message,
      pointer: "",
    } as const;
    return { kind: "flawed", errors: [error] };
  }
  const schema = mediaOf(terms.media, headers["content-type"]);
  if (schema === undefined) return { kind: "refused", refusal: wrongType(terms.media) };
  if (schema === null) return { kind: "unread" };
  const encoding = headers["content-encoding"] ?? "identity";
  if (encoding === "identity") return { kind: "judged", schema };
  const detail = "The body must not be compressed: it is held against a schema.";
  return { kind: "refused", refusal: { code: "unsupported-media-type", detail } };
}

function mediaOf(
  media: BodyTerms["media"],
  contentType: string | undefined,
): SchemaSource | null | undefined {
  const type = (contentType?.split(";", 1)[0] ?? "").trim().toLowerCase();
  if (type === "") return undefined;
  const exact = media.get(type);
  if (exact !== undefined) return exact;
  const range = media.get(`${type.slice(0, type.indexOf("/"))}/*`);
  return range !== undefined ? range : media.get("*/*");
}

function wrongType(media: BodyTerms["media"]): Refusal {
  const types = [...media.keys()].join(", ");
  return { code: "unsupported-media-type", detail: `Expected a body of one of these types: ${types}.` };
}

export type JsonRead =
  | { readonly kind: "value"; readonly value: unknown }
  | { readonly kind: "refused"; readonly refusal: Refusal };

// Far below what overflows the stack of anything recursive that looks at a body.
const BODY_DEPTH_MAX = 200;
const decoder = new TextDecoder("utf-8", { fatal: true });

export function readJson(bytes: Uint8Array): JsonRead {
  let value: unknown;
  try {
    value = JSON.parse(decoder.decode(bytes));
  } catch (error) {
    // The parser's own message quotes the text, which may hold a secret.
    const position = error instanceof SyntaxError ? /position \d+/.exec(error.message)?.[0] : undefined;
    const what = error instanceof SyntaxError ? "valid JSON" : "UTF-8";
    return unparseable(`The body is not ${what}${position === undefined ? "" : ` at ${position}`}.`);
  }
  if (isDeeperThan(value, BODY_DEPTH_MAX)) {
    return unparseable(`The body is nested deeper than ${BODY_DEPTH_MAX} levels.`);
  }
  return { kind: "value", value };
}

function unparseable(detail: string): JsonRead {
  return { kind: "refused", refusal: { code: "unparseable", detail } };
}

export function bodyErrors(check: DataCheck, value: unknown, resource: string): readonly FieldError[] {
  return errorsOf(check(value), { part: "body", resource });
}

/** A parameter's path begins with where it stands: `/query/limit`. */
export function parameterErrors(check: DataCheck, values: unknown): readonly FieldError[] {
  const errors = errorsOf(check(values), { part: "body", resource: "Request" });
  return errors.map((error) => ({ ...error, pointer: `#${error.pointer}` }));
}

interface Told {
  readonly part: string;
  readonly resource: string;
}

function errorsOf(verdict: DataVerdict, { part, resource }: Told): readonly FieldError[] {
  switch (verdict.kind) {
    case "good":
      return [];
    case "flawed":
      return fieldErrors(verdict.flaws, part, resource);
    case "too-costly": {
      const message = "It takes too long to hold this against its schema.";
      return [{ resource, field: "", code: "unprocessable", message, pointer: "" }];
    }
    default:
      return verdict satisfies never;
  }
}
