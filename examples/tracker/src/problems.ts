/** Errors as this API answers them: RFC 9457, and shaped like GitHub's. */
import type { FieldError } from "@trulinks/protocol";

export const PROBLEMS = {
  unparseable: { status: 400, message: "Problems parsing JSON" },
  unauthenticated: { status: 401, message: "Requires authentication" },
  "bad-identity": {
    status: 401,
    message: "Bad identity: it is not signed by the gateway for this request, or too old",
  },
  "operator-key-required": { status: 401, message: "Requires the operator key" },
  "scope-missing": { status: 403, message: "Resource not accessible by this app" },
  forbidden: { status: 403, message: "Must be the owner to do this" },
  "not-found": { status: 404, message: "Not Found" },
  conflict: { status: 409, message: "Conflict" },
  "too-large": { status: 413, message: "Body too large: at most 64 KiB" },
  "unsupported-media-type": { status: 415, message: "Send Content-Type: application/json" },
  "validation-failed": { status: 422, message: "Validation Failed" },
  "idempotency-key-reused": { status: 422, message: "This Idempotency-Key was used for another request" },
  internal: { status: 500, message: "Internal error" },
} as const satisfies Record<string, { status: number; message: string }>;

export type ProblemCode = keyof typeof PROBLEMS;

export interface ProblemBody {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly message: string;
  readonly documentation_url: string;
  readonly errors?: readonly FieldError[];
}

/** What a route throws to answer with a problem; a transaction around it is rolled back. */
export class Refusal extends Error {
  readonly code: ProblemCode;
  readonly detail: string;
  readonly errors: readonly FieldError[];

  constructor(
    code: ProblemCode,
    detail: string = PROBLEMS[code].message,
    errors: readonly FieldError[] = [],
  ) {
    super(detail);
    this.code = code;
    this.detail = detail;
    this.errors = errors;
  }
}

/** One member of the body that cannot be accepted, for a reason that the schema does not know. */
export function fieldRefusal(
  resource: string,
  field: string,
  code: FieldError["code"],
  message: string,
): Refusal {
  const error = { resource, field, code, message, pointer: `/${field}` };
  return new Refusal("validation-failed", PROBLEMS["validation-failed"].message, [error]);
}

export function problemBody({ code, detail, errors }: Refusal): ProblemBody {
  const { status, message } = PROBLEMS[code];
  return {
    type: `urn:tracker:problem:${code}`,
    title: message,
    status,
    detail,
    message: detail,
    documentation_url: "/openapi.json",
    ...(errors.length > 0 ? { errors } : {}),
  };
}
