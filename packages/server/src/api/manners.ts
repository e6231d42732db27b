/** What every route of both APIs has in common, so that a route says only what is its own. */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { TypeBoxTypeProvider } from "@fastify/type-provider-typebox";
import { HEADERS, ID_CHANCE_BYTES, makeId } from "@trulinks/protocol";
import Fastify, {
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  type RawServerDefault,
} from "fastify";
import type { Caller } from "../accounts/caller.ts";
import type { Clock } from "../base/clock.ts";
import type { Dice } from "../base/dice.ts";
import type { Log } from "../base/log.ts";
import { Unavailable } from "../base/unavailable.ts";
import { createAllowed } from "./allowed-methods.ts";
import { queueBigBodies } from "./big-bodies.ts";
import type { AnsweredFact } from "./fact.ts";
import { refuseGrowth } from "./growth.ts";
import { type IdempotencyDeps, rememberAnswers } from "./idempotency.ts";
import { acceptJson, refuseInexactNumbers, refuseUnaskedBody } from "./json-body.ts";
import { completeSchemas, type DocumentOptions, documentRoutes } from "./openapi.ts";
import { parseParameters } from "./parameters.ts";
import { Refusal, refusalOf, sendRefusal } from "./problem.ts";

/** Bodies without a limit of their own. */
export const BODY_BYTES_MAX = 64 * 1024;

// Longer than any id, so that it is the schema that refuses.
const PARAMETER_CHARACTERS_MAX = 4_096;

declare module "fastify" {
  interface FastifyRequest {
    caller: Caller;
  }
  interface FastifyContextConfig {
    /** What the route is about, such as `Hook`; stands in validation errors. */
    readonly resource?: string;
    /** Needs no credentials. Bad ones are refused all the same. */
    readonly open?: boolean;
    /** It ends what waits, and so frees space in time, whatever its method. */
    readonly isFreeing?: boolean;
    /** Numbers that JavaScript cannot hold are looked for in the body, and either told to the handler or refused. */
    readonly exactNumbers?: "told" | "refused";
  }
}

/** `routing` serves requests of a `node:http` server, which may belong to others as well. */
export type Api = FastifyInstance<
  RawServerDefault,
  IncomingMessage,
  ServerResponse,
  FastifyBaseLogger,
  TypeBoxTypeProvider
>;

export interface MannersDeps extends IdempotencyDeps {
  readonly clock: Clock;
  readonly dice: Dice;
  readonly log: Log;
  readonly onFact?: ((fact: AnsweredFact) => void) | undefined;
  /** Whether the disk that the store lies on is almost full. */
  readonly isSpaceShort: () => boolean;
}

export interface MannersOptions extends DocumentOptions {
  readonly api: "provider" | "integrator";
  /** The page that explains the problems, such as `/integrations/problems`. */
  readonly problemsPage: string;
  /** Who is calling; throws a `Refusal` if the credentials are missing or bad. */
  authenticate(request: FastifyRequest, open: boolean): Promise<Caller>;
}

export async function createApi(deps: MannersDeps, options: MannersOptions): Promise<Api> {
  const fail = createFail(deps, options);
  const app = Fastify({
    bodyLimit: BODY_BYTES_MAX,
    routerOptions: { maxParamLength: PARAMETER_CHARACTERS_MAX },
    genReqId: () => makeId("request", deps.clock.now(), deps.dice.bytes(ID_CHANCE_BYTES)),
    ajv: {
      customOptions: {
        coerceTypes: false,
        removeAdditional: false,
        useDefaults: false,
        allErrors: true,
        verbose: true,
        allowUnionTypes: true,
      },
    },
    frameworkErrors: (error, request, reply) => fail(error, request, greet(request, reply)),
  }).withTypeProvider<TypeBoxTypeProvider>();

  app.setSerializerCompiler(() => (body) => JSON.stringify(body));
  app.setErrorHandler(fail);
  acceptJson(app);
  completeSchemas(app, options);
  await documentRoutes(app, options);

  const allowed = createAllowed(app);
  app.decorateRequest("caller");
  app.addHook("onRequest", async (request, reply) => {
    greet(request, reply);
    request.caller = await options.authenticate(request, request.routeOptions.config.open === true);
  });
  refuseGrowth(app, deps.isSpaceShort);
  queueBigBodies(app);
  app.addHook("preValidation", async (request) => {
    parseParameters(request);
    refuseUnaskedBody(request);
    refuseInexactNumbers(request);
  });
  rememberAnswers(app, deps);
  app.addHook("onResponse", async (request, reply) => tellAnswer(deps, options.api, request, reply));
  app.setNotFoundHandler((request) => {
    const methods = allowed(request.url);
    if (methods.length === 0) throw new Refusal("not-found");
    throw new Refusal("method-not-allowed", { headers: { Allow: methods.join(", ") } });
  });
  return app;
}

function greet(request: FastifyRequest, reply: FastifyReply): FastifyReply {
  return reply.headers({
    [HEADERS.request]: request.id,
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
  });
}

type Fail = (error: unknown, request: FastifyRequest, reply: FastifyReply) => FastifyReply;

function createFail({ log }: MannersDeps, { api, problemsPage }: MannersOptions): Fail {
  return (error, request, reply) => {
    const refusal = refusalOf(error, request);
    const fields = { api, request: request.id, route: request.routeOptions.url ?? null };
    if (error instanceof Unavailable) log.warn("api.unavailable", { ...fields, reason: error.message });
    if (refusal) return sendRefusal(request, reply, refusal, problemsPage);
    log.error("api.failed", { ...fields, error });
    const detail = `Request ${request.id} failed.`;
    return sendRefusal(request, reply, new Refusal("internal", { detail }), problemsPage);
  };
}

function tellAnswer(
  { log, onFact }: MannersDeps,
  api: MannersOptions["api"],
  request: FastifyRequest,
  reply: FastifyReply,
): void {
  log.info("api.answered", {
    api,
    method: request.method,
    route: request.routeOptions.url ?? null,
    status: reply.statusCode,
    duration_ms: Math.round(reply.elapsedTime),
    request: request.id,
  });
  onFact?.({ kind: "answered", api, status: reply.statusCode });
}
