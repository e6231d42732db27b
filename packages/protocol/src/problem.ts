/** RFC 9457 problem bodies that are also shaped like GitHub's, so that GitHub's clients read them unchanged. */
import { ERRORS, type ErrorCode, type ErrorEntry } from "./errors.ts";
import type { Guideline } from "./guidelines.ts";

/** GitHub's codes of a validation error; `unknown` is ours, for a member that the schema does not have. */
export type FieldErrorCode =
  | "missing"
  | "missing_field"
  | "invalid"
  | "already_exists"
  | "unprocessable"
  | "unknown"
  | "custom";

export interface FieldError {
  /** What kind of thing was sent, such as `Hook`. */
  readonly resource: string;
  /** The member's name; an empty string for the body itself. */
  readonly field: string;
  readonly code: FieldErrorCode;
  /** What was wrong and what was expected. Never echoes a value that may be a secret. */
  readonly message: string;
  /** RFC 6901, into the body; for parameters `#/path/<name>`, `#/query/<name>` or `#/header/<name>`. */
  readonly pointer: string;
}

export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly guideline?: Guideline;
  readonly message: string;
  readonly documentation_url: string;
  readonly errors?: readonly FieldError[];
  /** The first number of a feed that can be read, where one before it was asked for. */
  readonly oldest?: number;
  /** The last number of a feed, where one beyond it was acknowledged. */
  readonly newest?: number;
  /** Why somebody is suspended or banned, until when (null: until it is lifted), and where to see it and to appeal. */
  readonly reason?: string;
  readonly until?: string | null;
  readonly evidence_url?: string;
  readonly appeal_url?: string;
}

export const PROBLEM_TYPE_PREFIX = "urn:trulinks:problem:";
export const PROBLEM_MEDIA_TYPE = "application/problem+json; charset=utf-8";

export type ProblemMembers = Pick<
  Problem,
  "oldest" | "newest" | "reason" | "until" | "evidence_url" | "appeal_url"
>;

export interface ProblemOptions {
  /** What went wrong this time; the error's title if left out. */
  readonly detail?: string | undefined;
  readonly errors?: readonly FieldError[] | undefined;
  /** Members of this kind of problem alone. */
  readonly members?: ProblemMembers | undefined;
  /** Another than that of the table; the policy sets one for `validation-failed`. */
  readonly status?: number | undefined;
  /** Where the errors are explained; `#<code>` is put behind it. */
  readonly documentation?: string | undefined;
}

const DOCUMENTATION = "/integrations/problems";

export function problem(code: ErrorCode, options: ProblemOptions = {}): Problem {
  const entry: ErrorEntry = ERRORS[code];
  return {
    type: PROBLEM_TYPE_PREFIX + code,
    title: entry.title,
    status: options.status ?? entry.status,
    detail: options.detail ?? `${entry.title}.`,
    ...(entry.guideline ? { guideline: entry.guideline } : {}),
    message:
      options.detail === undefined ? `${entry.title}. ${entry.remedy}` : `${options.detail} ${entry.remedy}`,
    documentation_url: `${options.documentation ?? DOCUMENTATION}#${code}`,
    ...(options.errors ? { errors: options.errors } : {}),
    ...options.members,
  };
}

/** The code of a problem's `type`, or null if it is none of ours. */
export function errorCodeOf(type: string): ErrorCode | null {
  const code = type.startsWith(PROBLEM_TYPE_PREFIX) ? type.slice(PROBLEM_TYPE_PREFIX.length) : "";
  return Object.hasOwn(ERRORS, code) ? (code as ErrorCode) : null;
}

/**
 * How a problem goes to a caller. One whose `Accept` names `application/vnd.github` gets `application/json`, and
 * 403 where others get 429: Octokit's plugins read no problem+json and do not heed `Retry-After` under 429.
 */
export function answerFor(
  body: Problem,
  accept: string | undefined,
): { readonly status: number; readonly mediaType: string; readonly body: Problem } {
  if (!accept?.includes("application/vnd.github")) {
    return { status: body.status, mediaType: PROBLEM_MEDIA_TYPE, body };
  }
  const status = body.status === 429 ? 403 : body.status;
  return { status, mediaType: "application/json; charset=utf-8", body: { ...body, status } };
}
