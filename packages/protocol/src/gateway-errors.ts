/** The errors with which the gateway answers for the provider's API. A part of `ERRORS`. */
import type { ErrorEntry } from "./errors.ts";

export const GATEWAY_ERRORS = {
  "upgrade-unsupported": {
    status: 400,
    title: "Protocol upgrades are not supported",
    remedy: "Send an ordinary request; for a stream, ask for server-sent events.",
  },
  "scope-missing": {
    status: 403,
    title: "Scope missing",
    remedy:
      "Use a token whose grant has the scope that `detail` names; the user gives it when it lets the app act.",
    guideline: "authenticate",
  },
  suspended: {
    status: 403,
    title: "Suspended",
    remedy: "Mend what `reason` says, and wait until `until`, or appeal at `appeal_url`.",
    guideline: "heed-errors",
  },
  banned: {
    status: 403,
    title: "Banned",
    remedy: "Read `reason`, and `until` if it ends at all, and appeal at `appeal_url`.",
    guideline: "heed-errors",
  },
  "unknown-operation": {
    status: 404,
    title: "No such operation",
    remedy: "Check the path against the API's documentation; it has no operation there.",
  },
  "no-upstream": {
    status: 404,
    title: "Not Found",
    remedy: "No provider's API is connected. Start with `--upstream URL` to forward requests to one.",
  },
  "upstream-unreachable": {
    status: 502,
    title: "The API behind the gateway did not answer",
    remedy: "Try again later.",
  },
  "upstream-timeout": {
    status: 504,
    title: "The API behind the gateway took too long",
    remedy: "Look whether the request took effect, then try again.",
  },
  "rate-limited": {
    status: 429,
    title: "API rate limit exceeded",
    remedy: "Wait the seconds that `Retry-After` says. `GET /rate_limit` shows the quota and costs nothing.",
    guideline: "rate-limit",
  },
} as const satisfies Record<string, ErrorEntry>;
