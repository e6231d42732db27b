/** Whatever a route or Fastify throws, as the problem that the caller gets. */
import type { FastifyError, FastifyReply, FastifyRequest } from "fastify";
import { PROBLEMS, problemBody, Refusal } from "./problems.ts";
import { fieldErrors } from "./validation.ts";

export function answerNotFound(_request: FastifyRequest, reply: FastifyReply): FastifyReply {
  return send(reply, new Refusal("not-found"));
}

export function answerProblem(
  error: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
  warn: (sentence: string) => void,
): FastifyReply {
  const refusal = toRefusal(error, request);
  if (refusal.code === "internal") {
    warn(
      `${request.method} ${request.routeOptions.url} failed: ${error instanceof Error ? error.stack : error}`,
    );
  }
  return send(reply, refusal);
}

function toRefusal(error: unknown, request: FastifyRequest): Refusal {
  if (error instanceof Refusal) return error;
  const { validation, validationContext = "body", statusCode } = error as Partial<FastifyError>;
  if (validation) {
    const resource = String(request.routeOptions.schema?.tags?.[0] ?? "request");
    const flaws = validation as Parameters<typeof fieldErrors>[0];
    return new Refusal("validation-failed", undefined, fieldErrors(flaws, validationContext, resource));
  }
  switch (statusCode) {
    case 400:
      return new Refusal("unparseable");
    case 404:
      return new Refusal("not-found");
    case 413:
      return new Refusal("too-large");
    case 415:
      return new Refusal("unsupported-media-type");
    default:
      return new Refusal("internal");
  }
}

function send(reply: FastifyReply, refusal: Refusal): FastifyReply {
  return reply
    .code(PROBLEMS[refusal.code].status)
    .type("application/problem+json; charset=utf-8")
    .serializer(JSON.stringify)
    .send(problemBody(refusal));
}
