/** How the gateway says no: one problem, in the manner the caller reads. */
import type { IncomingMessage, ServerResponse } from "node:http";
import {
  answerFor,
  type ErrorCode,
  type FieldError,
  HEADERS,
  type ProblemMembers,
  problem,
} from "@trulinks/protocol";
import type { Clock } from "../base/clock.ts";
import { discardBody } from "./body.ts";
import type { HeaderPairs } from "./request-headers.ts";

export interface Refusal {
  readonly code: ErrorCode;
  readonly detail?: string;
  readonly errors?: readonly FieldError[];
  /** Where the policy has another than the table of errors. */
  readonly status?: number;
  readonly headers?: HeaderPairs;
  /** Of this kind of problem alone. */
  readonly members?: ProblemMembers;
}

export interface RefusalOptions {
  readonly clock: Clock;
  /** Where the errors are explained. */
  readonly documentation?: string;
  readonly bodyBytesMax: number;
}

// Only Bearer, although Basic works: a browser would ask its user for a name and password.
export const CHALLENGE: HeaderPairs = [["WWW-Authenticate", 'Bearer realm="api"']];

/** How long a caller that still sends a body is listened to after its refusal, so that it can read the answer. */
const LINGER_MS = 2_000;

/** Answers and returns the status sent. `own` are the gateway's headers. */
export function sendRefusal(
  request: IncomingMessage,
  response: ServerResponse,
  { code, detail, errors, status: asked, headers = [], members }: Refusal,
  own: HeaderPairs,
  { clock, documentation, bodyBytesMax }: RefusalOptions,
): number {
  const { status, mediaType, body } = answerFor(
    problem(code, { detail, errors, status: asked, members, documentation }),
    request.headers.accept,
  );
  const bytes = Buffer.from(JSON.stringify(body));
  const guideline: HeaderPairs = body.guideline === undefined ? [] : [[HEADERS.guideline, body.guideline]];
  const framing: HeaderPairs = [
    ["Content-Type", mediaType],
    ["Content-Length", String(bytes.length)],
  ];

  // Who waits for `100 Continue` and is refused may send its body or not: nobody can tell what the next bytes are.
  const isBodyUnsure = request.headers.expect !== undefined;
  const ends = isBodyUnsure || code === "too-large";
  const closing: HeaderPairs = ends ? [["Connection", "close"]] : [];
  response.writeHead(status, [...framing, ...guideline, ...closing, ...headers, ...own].flat());

  if (request.complete || isBodyUnsure) {
    response.end(bytes);
  } else if (ends) {
    // Closing on unread bytes resets the connection, and the reset can overtake the answer.
    response.write(bytes);
    const cancel = clock.after(LINGER_MS, () => response.end());
    request.once("end", () => response.end());
    response.once("close", cancel);
    discardBody(request, bodyBytesMax);
  } else {
    response.end(bytes);
    discardBody(request, bodyBytesMax);
  }
  return status;
}
