import type { FastifyPluginCallback } from "fastify";
import type { Limits } from "./limits.ts";
import { enterNode } from "./node.ts";

/** Limits as a plugin: `await app.register(fastifyLimits(limits))`, before the routes that it is to hold. */
export function fastifyLimits(limits: Limits): FastifyPluginCallback {
  const plugin: FastifyPluginCallback = (fastify, _options, done) => {
    fastify.addHook("onRequest", (request, reply, next) => {
      enterNode(limits.enter, request.raw, reply.raw, {
        onPassed: () => next(),
        onAnswer: ({ status, headers, body }) =>
          void reply.code(status).headers(Object.fromEntries(headers)).send(body),
      });
    });
    done();
  };
  // It is for everything beside it, and not only for what is registered within it.
  return Object.assign(plugin, {
    [Symbol.for("skip-override")]: true,
    [Symbol.for("fastify.display-name")]: "@trulinks/limits",
  });
}
