import type { FastifyRequest } from "fastify";

interface QuerySchema {
  readonly properties?: Readonly<Record<string, { readonly type?: string }>>;
}

// Digits that a double holds exactly; anything else stays text and fails its schema.
const INTEGER = /^-?\d{1,15}$/;

/** Everything in a URL is text: what the schema calls an integer becomes one if it is written as one. */
export function parseParameters(request: FastifyRequest): void {
  const { properties = {} } = (request.routeOptions.schema?.querystring ?? {}) as QuerySchema;
  const query = request.query as Record<string, unknown>;
  for (const [name, { type }] of Object.entries(properties)) {
    const text = query[name];
    if (type === "integer" && typeof text === "string" && INTEGER.test(text)) query[name] = Number(text);
  }
}
