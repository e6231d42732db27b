/** The OpenAPI 3.1 document of an API, made from the schemas that validate its requests. */
import swagger from "@fastify/swagger";
import type { ErrorCode } from "@trulinks/protocol";
import type { FastifyInstance, FastifySchema } from "fastify";
import { type TSchema, Type } from "typebox";
import { GROWING_METHODS } from "./growth.ts";
import { type Answers, addProblems, ProblemShape } from "./schemas.ts";

export interface DocumentOptions {
  readonly title: string;
  readonly description: string;
  readonly version: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly securitySchemes: Readonly<Record<string, SecurityScheme>>;
  /** The problems of missing and bad credentials. */
  readonly unauthenticated: readonly ErrorCode[];
  /** Schemas with an `$id`, to which answers refer. */
  readonly shapes: readonly TSchema[];
}

interface SecurityScheme {
  readonly type: "http";
  readonly scheme: "bearer" | "basic";
  readonly description: string;
}

type Security = NonNullable<FastifySchema["security"]>;

const ON_EVERY: readonly ErrorCode[] = ["validation-failed", "internal", "unavailable"];
const ON_BODY: readonly ErrorCode[] = ["too-large", "unsupported-media-type"];
const ON_POST: readonly ErrorCode[] = [
  "idempotency-in-flight",
  "idempotency-unknown",
  "idempotency-key-reused",
];

/** Gives each route what all have in common: no unknown query parameters, security, and the usual problems. */
export function completeSchemas(app: FastifyInstance, options: DocumentOptions): void {
  app.addHook("onRoute", (route) => {
    const { config, method } = route;
    const given: FastifySchema = route.schema ?? {};
    const takesBody = given.body !== undefined || method === "POST";
    const isParsed = takesBody || route.url.includes(":");
    const codes = [
      ...options.unauthenticated,
      ...ON_EVERY,
      ...(isParsed ? (["unparseable"] as const) : []),
      ...(takesBody ? ON_BODY : []),
      ...(method === "POST" ? ON_POST : []),
      ...(GROWING_METHODS.includes(String(method)) ? (["almost-full"] as const) : []),
    ];
    route.schema = {
      ...given,
      querystring: given.querystring ?? NO_QUERY,
      ...(method === "POST" ? { headers: IDEMPOTENCY_HEADERS } : {}),
      response: addProblems({ ...(given.response as Answers) }, codes),
      security: securityOf(config?.open === true, options),
    };
  });
}

const NO_QUERY = Type.Object({}, { additionalProperties: false });

// Checked in idempotency.ts, so that its refusal has the usual pointer; here it is only documented.
const IDEMPOTENCY_HEADERS = Type.Object({
  "Idempotency-Key": Type.Optional(
    Type.String({
      description: "1 to 255 visible ASCII characters. The same again gives the first answer again.",
    }),
  ),
});

function securityOf(open: boolean, { securitySchemes }: DocumentOptions): Security {
  const each = Object.keys(securitySchemes).map((name) => ({ [name]: [] }));
  return open ? [{}, ...each] : each;
}

export async function documentRoutes(app: FastifyInstance, options: DocumentOptions): Promise<void> {
  for (const shape of [...options.shapes, ProblemShape]) app.addSchema(shape);
  await app.register(swagger, {
    openapi: {
      openapi: "3.1.0",
      info: {
        title: options.title,
        description: options.description,
        version: options.version,
        license: { name: "Apache-2.0", identifier: "Apache-2.0" } as { name: string },
      },
      tags: Object.entries(options.tags).map(([name, description]) => ({ name, description })),
      components: { securitySchemes: options.securitySchemes },
    },
    convertConstToEnum: false,
    refResolver: { buildLocalReference: (schema) => String(schema.$id) },
  });
}
