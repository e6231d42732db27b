/** The policy document in both APIs. Readers keep it and ask with `If-None-Match` whether it has changed. */
import { createHash } from "node:crypto";
import type { Policy } from "@trulinks/protocol";
import { Type } from "typebox";
import type { Api } from "./manners.ts";
import { answers, empty, json, nullable, refer } from "./schemas.ts";

const window = Type.Object({ limit: Type.Integer(), window_s: Type.Integer() });

export const PolicyShape = Type.Object(
  {
    rate_limit: Type.Object({
      user: window,
      app: window,
      anonymous: window,
      resources: Type.Record(Type.String(), window),
    }),
    serial_requests: Type.Object({
      in_flight_max: Type.Integer(),
      waiting_max: Type.Integer(),
      wait_ms_max: Type.Integer(),
      streams_max: Type.Integer(),
      anonymous: Type.Object({ waiting_max: Type.Integer() }),
    }),
    write_pacing: Type.Object({
      gap_ms: Type.Integer(),
      burst: Type.Integer(),
      tolerance_ms: Type.Integer(),
      anonymous: Type.Object({ burst: Type.Integer() }),
    }),
    points: Type.Object({
      per_min: Type.Integer(),
      read: Type.Integer(),
      write: Type.Integer(),
      anonymous: Type.Object({ per_min: Type.Integer() }),
    }),
    content_pacing: Type.Object({ per_min: Type.Integer(), per_h: Type.Integer() }),
    webhooks: Type.Object({
      ack_deadline_ms: Type.Integer(),
      retries_s: Type.Array(Type.Integer()),
      retention_days: Type.Integer({ description: "How long ended deliveries and their events are kept" }),
      payload_retention_days: nullable(
        Type.Integer({
          description:
            "How long after its end a delivery's data, and what was sent and answered, are kept; null: as long as its record",
        }),
      ),
      waiting_days_max: Type.Integer({
        description: "What has waited longer for a hook is `expired`, oldest first",
      }),
      waiting_bytes_max: Type.Integer({
        description:
          "Of the data that waits for one hook the newest so many bytes stay; the rest is `expired`",
      }),
      pending_per_host_max: Type.Integer({
        description: "Hooks at one host that may wait at once for their receiver's first answer to a ping",
      }),
      challenge: Type.Boolean({
        description:
          "Whether a pending hook's receiver has to answer the ping's challenge with the hook's secret, besides 2xx",
      }),
      failing_after_s: Type.Integer({
        description: "A hook none of whose attempts was answered well for so long: its owner is told",
      }),
      paused_after_s: Type.Integer({ description: "The same for so long: it is paused" }),
      release_per_s: Type.Integer({
        description:
          "How many of the deliveries kept for a hook are released a second once it delivers again, unless asked otherwise",
      }),
      recovery_per_s: Type.Integer({
        description:
          "Retries and released deliveries together that one process starts at one origin (scheme, host, port) in a second",
      }),
    }),
    validation: Type.Object({ status: Type.Integer() }),
  },
  { $id: "Policy", description: "Every number that integrators and the platform keep to" },
);

export function policyRoute(api: Api, path: string, policy: () => Policy, open: boolean): void {
  api.get(
    path,
    {
      config: { resource: "Policy", open },
      schema: {
        operationId: "getPolicy",
        summary: "Show the policy",
        description: "Its `ETag` changes when it does; ask with `If-None-Match`.",
        tags: ["platform"],
        response: answers({ 200: json("The policy", refer(PolicyShape)), 304: empty("Not changed") }),
      },
    },
    async (request, reply) => {
      const body = JSON.stringify(policy());
      const tag = `"${createHash("sha256").update(body).digest("base64url").slice(0, 22)}"`;
      reply.headers({ ETag: tag, "Cache-Control": "no-cache" });
      if (request.headers["if-none-match"]?.includes(tag)) return reply.code(304).send();
      return reply.type("application/json; charset=utf-8").send(body);
    },
  );
}
