/** How the two APIs refuse: handlers throw a `Refusal`, and this is the one place that turns one into an answer. */
import {
  answerFor,
  type ErrorCode,
  type FieldError,
  HEADERS,
  type Problem,
  problem,
} from "@trulinks/protocol";
import type { FastifyReply, FastifyRequest } from "fastify";
import { Unavailable } from "../base/unavailable.ts";
import { fieldErrors, summaryOf } from "../schemas/field-errors.ts";

export interface RefusalOptions {
  /** What went wrong this time. Never a secret, nothing of another's. */
  readonly detail?: string;
  readonly errors?: readonly FieldError[];
  readonly headers?: Readonly<Record<string, string>>;
  /** Members that this kind of problem alone has. */
  readonly members?: Pick<Problem, "oldest" | "newest">;
}

/** A request that is not carried out; the code says all about it that is not particular. */
export class Refusal extends Error {
  readonly code: ErrorCode;
  readonly options: RefusalOptions;

  constructor(code: ErrorCode, options: RefusalOptions = {}) {
    super(code);
    this.name = "Refusal";
    this.code = code;
    this.options = options;
  }
}

/** A refusal that points at one member of the body. */
export function flaw(error: Omit<FieldError, "pointer"> & { readonly pointer?: string }): Refusal {
  const { pointer = `/${error.field}`, ...rest } = error;
  return new Refusal("validation-failed", { errors: [{ ...rest, pointer }] });
}

/** Something the body names does not exist. */
export function missing(resource: string, field: string): Refusal {
  return flaw({ resource, field, code: "missing", message: `${field} names nothing that exists.` });
}

export function orNotFound<Value>(value: Value | null): Value {
  if (value === null) throw new Refusal("not-found");
  return value;
}

/** What an error becomes; null for one that only a bug can have thrown. */
export function refusalOf(error: unknown, request: FastifyRequest): Refusal | null {
  if (error instanceof Refusal) return error;
  if (error instanceof Unavailable) {
    const headers = { [HEADERS.retryAfter]: String(error.retryAfterS) };
    return new Refusal("unavailable", { headers });
  }
  const { code, validation, validationContext } = error as Partial<FrameworkError>;
  if (validation) {
    const errors = fieldErrors(validation, validationContext ?? "body", resourceOf(request));
    return new Refusal("validation-failed", { errors });
  }
  switch (code) {
    case "FST_ERR_CTP_BODY_TOO_LARGE":
      return new Refusal("too-large", {
        detail: `The body is larger than ${request.routeOptions.bodyLimit} bytes.`,
      });
    case "FST_ERR_CTP_INVALID_MEDIA_TYPE":
      return new Refusal("unsupported-media-type");
    case "FST_ERR_CTP_INVALID_CONTENT_LENGTH":
    case "FST_ERR_BAD_URL":
      return new Refusal("unparseable");
    case "FST_ERR_MAX_PARAM_LENGTH":
      return new Refusal("not-found");
    default:
      return null;
  }
}

interface FrameworkError {
  readonly code: string;
  readonly validation: Parameters<typeof fieldErrors>[0];
  readonly validationContext: string;
}

/** `documentation`: the page that explains the problems. */
export function problemOf({ code, options }: Refusal, documentation: string): Problem {
  const { errors, members } = options;
  return problem(code, { detail: options.detail ?? summaryOf(errors), errors, members, documentation });
}

/** Sends a refusal as a problem, in the form that the caller's `Accept` asks for. */
export function sendRefusal(
  request: FastifyRequest,
  reply: FastifyReply,
  refusal: Refusal,
  documentation: string,
): FastifyReply {
  const body = problemOf(refusal, documentation);
  const answer = answerFor(body, request.headers.accept);
  if (body.guideline) reply.header(HEADERS.guideline, body.guideline);
  if (body.status === 401) reply.header("WWW-Authenticate", 'Bearer realm="TruLinks"');
  return reply
    .code(answer.status)
    .headers(refusal.options.headers ?? {})
    .type(answer.mediaType)
    .serializer(JSON.stringify)
    .send(answer.body);
}

/** What kind of thing the request is about, such as `Hook`; stands in validation errors. */
export function resourceOf(request: FastifyRequest): string {
  return request.routeOptions.config.resource ?? "Request";
}
