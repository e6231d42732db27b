/** How a refusal is said in HTTP: one problem, in the manner that the caller reads, and when to come back. Pure. */
import {
  answerFor,
  type ErrorCode,
  HEADERS,
  problem,
  type Quota,
  quotaHeaders,
  secondsUntil,
} from "@trulinks/protocol";
import type { LimitName } from "./plan.ts";
import type { Refusal } from "./verdict.ts";

export type HeaderPairs = readonly (readonly [name: string, value: string])[];

export interface Answer {
  readonly status: number;
  readonly headers: HeaderPairs;
  readonly body: string;
}

export interface AnswerOptions {
  readonly quota: Quota;
  readonly nowMs: number;
  /** The request's `Accept`. */
  readonly accept: string | undefined;
  /** Where the errors are explained. */
  readonly documentation?: string | undefined;
}

/** The problem's code for each limit. */
const CODE_OF: Readonly<Record<LimitName, ErrorCode>> = {
  "rate-limit": "rate-limited",
  "serial-requests": "serial-requests",
  "write-pacing": "write-pacing",
  points: "points",
  "content-pacing": "content-pacing",
};

export function answerTo(refusal: Refusal, options: AnswerOptions): Answer {
  const { quota, nowMs, accept, documentation } = options;
  const { code, detail, headers } = sayRefusal(refusal, quota, nowMs);
  const told = answerFor(problem(code, { detail, documentation }), accept);
  return {
    status: told.status,
    headers: [
      ["Content-Type", told.mediaType],
      [HEADERS.guideline, refusal.guideline],
      ...headers,
      ...quotaHeaders(quota, nowMs),
    ],
    body: JSON.stringify(told.body),
  };
}

export interface Said {
  readonly code: ErrorCode;
  readonly detail: string;
  /** `Retry-After`, but where there is none to be. */
  readonly headers: HeaderPairs;
}

/** For a server that answers problems in a way of its own. */
export function sayRefusal(refusal: Refusal, quota: Quota, nowMs: number): Said {
  const { by } = refusal;
  return { code: CODE_OF[by], detail: detailOf(by, quota), headers: retryAfter(refusal, nowMs) };
}

/** GitHub's clients tell one kind from the other by the words of the message. */
function detailOf(by: LimitName, { limit, windowS }: Quota): string {
  if (by === "rate-limit") {
    return `API rate limit exceeded: ${limit} requests in ${windowS} seconds are used up.`;
  }
  return DETAILS[by];
}

const DETAILS: Readonly<Record<Exclude<LimitName, "rate-limit">, string>> = {
  "serial-requests": "You have exceeded a secondary rate limit: too many requests at once.",
  "write-pacing": "You have exceeded a secondary rate limit: writes too close together.",
  points: "You have exceeded a secondary rate limit: too much within a minute.",
  "content-pacing": "You have exceeded a secondary rate limit: too much content created.",
};

/** Content has none, so that nobody creates content by the clock. */
function retryAfter({ by, retryAtMs }: Refusal, nowMs: number): HeaderPairs {
  if (by === "content-pacing" || retryAtMs === null) return [];
  return [[HEADERS.retryAfter, String(secondsUntil(retryAtMs, nowMs))]];
}
