/** Request bodies: JSON in UTF-8, to the letter. What would be changed silently by parsing is refused or told. */
import type { FieldError } from "@trulinks/protocol";
import type { FastifyInstance, FastifyRequest } from "fastify";
import { isDeeperThan } from "../base/json-depth.ts";
import { findInexactNumbers } from "./inexact-numbers.ts";
import { flaw, Refusal, resourceOf } from "./problem.ts";

declare module "fastify" {
  interface FastifyRequest {
    /** JSON pointers of the body's numbers that JavaScript cannot hold; only looked for where the route says so. */
    inexactNumbers: readonly string[] | null;
  }
}

export function acceptJson(app: FastifyInstance): void {
  const parse = app.getDefaultJsonParser("error", "error");
  app.decorateRequest("inexactNumbers", null);
  app.removeAllContentTypeParsers();
  app.addContentTypeParser<Buffer>("application/json", { parseAs: "buffer" }, (request, bytes, done) => {
    // Where no body is asked for, none is fine whatever the header says; elsewhere the schema will miss it.
    if (bytes.length === 0) return done(null, undefined);
    const text = textOf(request, bytes);
    if (text instanceof Refusal) return done(text);
    parse(request, text, (error, body) => {
      if (error) return done(new Refusal("unparseable", { detail: reasonOf(error) }));
      if (isDeeperThan(body, BODY_DEPTH_MAX)) return done(new Refusal("unparseable", { detail: TOO_DEEP }));
      if (request.routeOptions.config.exactNumbers) request.inexactNumbers = findInexactNumbers(text);
      done(null, body);
    });
  });
}

/** Where no body is asked for, an empty one or an empty object is fine, and anything else a mistake worth telling. */
export function refuseUnaskedBody(request: FastifyRequest): void {
  const { body } = request;
  if (request.routeOptions.schema?.body !== undefined || body === undefined) return;
  if (typeof body === "object" && body !== null && Object.keys(body).length === 0) return;
  const message = "No body is taken here.";
  throw flaw({ resource: resourceOf(request), field: "", code: "unknown", message, pointer: "" });
}

/** Where each number has to be taken to the letter, one that cannot be is told. */
export function refuseInexactNumbers(request: FastifyRequest): void {
  const pointers =
    request.routeOptions.config.exactNumbers === "refused" ? (request.inexactNumbers ?? []) : [];
  if (pointers.length === 0) return;
  const errors = pointers.map((pointer) => inexactNumber(resourceOf(request), pointer));
  throw new Refusal("validation-failed", { errors });
}

export function inexactNumber(resource: string, pointer: string): FieldError {
  const field = pointer.slice(pointer.lastIndexOf("/") + 1);
  const message = "This number would not arrive as it was sent. Send it as a string.";
  return { resource, field, code: "invalid", message, pointer };
}

// Far below what overflows the stack of anything recursive that looks at a body.
const BODY_DEPTH_MAX = 1_000;
const TOO_DEEP = `The body is nested deeper than ${BODY_DEPTH_MAX} levels.`;

const decoder = new TextDecoder("utf-8", { fatal: true });

function textOf(request: FastifyRequest, bytes: Buffer): string | Refusal {
  const encoding = request.headers["content-encoding"] ?? "identity";
  if (encoding !== "identity") {
    return new Refusal("unsupported-media-type", { detail: "The body must not be compressed." });
  }
  try {
    return decoder.decode(bytes);
  } catch {
    return new Refusal("unparseable", { detail: "The body is not UTF-8." });
  }
}

// The parser's own message quotes the text, which may hold a secret.
function reasonOf(error: Error): string {
  const position = /position \d+/.exec(error.message)?.[0];
  if (error.message.includes("forbidden prototype")) {
    return "The body has a member `__proto__`, or `constructor` with `prototype`; neither is taken.";
  }
  return position ? `The body is not valid JSON at ${position}.` : "The body is not valid JSON.";
}
