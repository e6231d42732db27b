/**
 * Every error that TruLinks answers with. The code is the end of the problem's `type`; status, title and
 * message are its API. `docs/reference/errors.md` is made from this table.
 */
import { DELIVERY_ERRORS } from "./delivery-errors.ts";
import { GATEWAY_ERRORS } from "./gateway-errors.ts";
import type { Guideline } from "./guidelines.ts";

export interface ErrorEntry {
  readonly status: number;
  /** What kind of problem this is, in a few words; the same for every occurrence. */
  readonly title: string;
  /** What to do about it, for the caller. */
  readonly remedy: string;
  readonly guideline?: Guideline;
}

export const ERRORS = {
  ...GATEWAY_ERRORS,
  unparseable: {
    status: 400,
    title: "Problems parsing the request",
    remedy: "Send a body that is valid JSON in UTF-8, and a path with valid percent-encoding.",
  },
  unauthenticated: {
    status: 401,
    title: "Requires authentication",
    remedy: "Send `Authorization: Bearer <token>`, or `Basic` with the app's client id and secret.",
    guideline: "authenticate",
  },
  "bad-credentials": {
    status: 401,
    title: "Bad credentials",
    remedy: "The token, client id or secret is unknown, revoked or expired. Ask for a new one.",
    guideline: "authenticate",
  },
  "operator-key-required": {
    status: 401,
    title: "Operator key required",
    remedy:
      "Send `Authorization: Bearer <operator key>`; it is in `operator.key` in the data folder unless an option gave it.",
  },
  forbidden: {
    status: 403,
    title: "Forbidden",
    remedy: "These credentials are good, but not for this. Use those of the owner.",
  },
  "not-found": {
    status: 404,
    title: "Not Found",
    remedy: "Check the path and the id; what you may not see is reported as not found.",
  },
  "method-not-allowed": {
    status: 405,
    title: "Method not allowed",
    remedy: "Use one of the methods that the `Allow` header lists.",
  },
  "content-pacing": {
    status: 403,
    title: "Secondary rate limit exceeded: too much content created",
    remedy:
      "Create less that notifies people, and more slowly. No header says when this ends; `GET /rate_limit` does, and costs nothing.",
    guideline: "content-pacing",
  },
  "request-timeout": {
    status: 408,
    title: "The request took too long to arrive",
    remedy: "Send headers and body without long pauses, on a new connection.",
  },
  exists: {
    status: 409,
    title: "Exists already",
    remedy: "Choose another id, or change the existing one.",
  },
  "idempotency-in-flight": {
    status: 409,
    title: "A request with this idempotency key is still running",
    remedy: "Wait for the first request's answer, then repeat to read it again.",
  },
  "idempotency-unknown": {
    status: 409,
    title: "Outcome unknown",
    remedy:
      "The server stopped while a request with this key was running. Look whether it took effect, then use a new key.",
  },
  "too-large": {
    status: 413,
    title: "Body too large",
    remedy: "Send a smaller body; the limit stands in `detail`.",
  },
  "unsupported-media-type": {
    status: 415,
    title: "Unsupported media type",
    remedy: "Send `Content-Type: application/json`.",
  },
  "validation-failed": {
    status: 422,
    title: "Validation Failed",
    remedy: "Mend the members that `errors` points at.",
    guideline: "early-validation",
  },
  "idempotency-key-reused": {
    status: 422,
    title: "Idempotency key reused with another request",
    remedy: "Use a new key for a new request; repeat a key only with the same body.",
  },
  "no-recipient": {
    status: 422,
    title: "No known recipient",
    remedy:
      "Name at least one user or group that exists (`POST /v1/users`, `PUT /v1/groups/{id}/users/{user}`).",
  },
  "no-passwords": {
    status: 422,
    title: "Password in a payload",
    remedy:
      "Leave out the members that `errors` points at; receivers never need a password. What only looks like one stands in the `not_password` of its event type.",
    guideline: "no-passwords",
  },
  "unknown-event-type": {
    status: 422,
    title: "Unknown event type",
    remedy:
      "Publish an event of a type that is registered (`GET /v1/event-types`), or register its type first (`PUT /v1/event-types/{type}`).",
  },
  "too-many": {
    status: 422,
    title: "Too many",
    remedy: "Delete one that is no longer used; the limit stands in `detail`.",
  },
  "header-too-large": {
    status: 431,
    title: "Request header fields too large",
    remedy: "Send fewer or shorter headers, or a shorter path; together they may have 16 KiB.",
  },
  "serial-requests": {
    status: 429,
    title: "Secondary rate limit exceeded: too many requests at once",
    remedy:
      "Send a request when the one before has been answered. Wait the seconds that `Retry-After` says before the next.",
    guideline: "serial-requests",
  },
  "write-pacing": {
    status: 429,
    title: "Secondary rate limit exceeded: writes too close together",
    remedy:
      "Keep a second between requests that are POST, PATCH, PUT or DELETE. Wait the seconds that `Retry-After` says before the next.",
    guideline: "write-pacing",
  },
  points: {
    status: 429,
    title: "Secondary rate limit exceeded: too much within a minute",
    remedy:
      "Spread requests over time; writes cost more than reads. Wait the seconds that `Retry-After` says before the next.",
    guideline: "rate-limit",
  },
  internal: {
    status: 500,
    title: "Internal error",
    remedy: "This is a fault of the server. Its log names the request id that stands in `detail`.",
  },
  unavailable: {
    status: 503,
    title: "Temporarily unavailable",
    remedy: "Wait the seconds that `Retry-After` says and try again.",
    guideline: "retry-after",
  },
  "almost-full": {
    status: 503,
    title: "Almost no space is left",
    remedy:
      "Wait the seconds that `Retry-After` says and send it again. What was acknowledged is safe and is delivered meanwhile. Whoever operates the platform frees space on the disk of the data folder, or sets `storage.free_bytes_min`.",
    guideline: "retry-after",
  },
  ...DELIVERY_ERRORS,
} as const satisfies Record<string, ErrorEntry>;

export type ErrorCode = keyof typeof ERRORS;
