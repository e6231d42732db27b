import { Type } from "typebox";
import type { Api } from "../manners.ts";
import { answers, closed, json, nullable, refer } from "../schemas.ts";
import type { IntegratorDeps } from "./app.ts";

const Reset = Type.Integer({ description: "In seconds since 1970" });
const Quota = closed({
  limit: Type.Integer(),
  used: Type.Integer(),
  remaining: Type.Integer(),
  reset: Reset,
});

export const RateLimitShape = closed(
  {
    resources: Type.Record(Type.String(), Quota),
    rate: Quota,
    abuse: Type.Record(
      Type.String(),
      closed({ limit: Type.Integer(), remaining: Type.Integer(), reset: Reset }),
    ),
    standing: closed({ state: Type.String(), until: nullable(Type.String()) }),
  },
  { $id: "RateLimit", description: "Shaped like GitHub's" },
);

type RateLimitDeps = Pick<IntegratorDeps, "prefix" | "aliases" | "rateLimitStatus" | "clientAddress">;

export function rateLimitRoutes(
  api: Api,
  { prefix, aliases, rateLimitStatus, clientAddress }: RateLimitDeps,
): void {
  const paths = {
    getRateLimit: `${prefix}/rate_limit`,
    ...(aliases ? { getRateLimitShort: "/rate_limit" } : {}),
  };
  for (const [operationId, path] of Object.entries(paths)) {
    api.get(
      path,
      {
        config: { open: true, resource: "RateLimit" },
        schema: {
          operationId,
          summary: "Show the caller's quotas",
          description: "Asking costs nothing and is answered even while limited.",
          tags: ["platform"],
          response: answers({ 200: json("The quotas", refer(RateLimitShape)) }),
        },
      },
      async ({ caller, raw }, reply) => {
        const { body, headers } = await rateLimitStatus(caller, clientAddress(raw));
        return reply.headers(Object.fromEntries(headers)).send(body);
      },
    );
  }
}
