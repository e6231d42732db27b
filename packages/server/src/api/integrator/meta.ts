import { type Static, Type } from "typebox";
import { PAGE_COUNT_MAX } from "../../base/page.ts";
import {
  ACK_DEADLINE_MS_MAX,
  HOOK_EVENTS_MAX,
  HOOK_IN_FLIGHT_MAX,
  HOOKS_PER_OWNER_MAX,
} from "../../webhooks/hook.ts";
import { type Api, BODY_BYTES_MAX } from "../manners.ts";
import { EVENT_BYTES_MAX } from "../resources/event.ts";
import { answers, closed, json, nullable, refer } from "../schemas.ts";
import type { IntegratorDeps } from "./app.ts";

export const MetaShape = closed(
  {
    delivery_addresses: nullable(
      Type.Array(Type.String(), { description: "Where deliveries come from, as CIDR; null: not known" }),
    ),
    signing_keys: Type.Array(Type.String({ pattern: "^whpk_" }), {
      description:
        "Public keys of the `v1a` signatures (Standard Webhooks, ed25519): `whpk_` and base64; empty: none are made",
    }),
    limits: closed({
      body_bytes_max: Type.Integer(),
      event_bytes_max: Type.Integer(),
      page_count_max: Type.Integer(),
      hooks_per_owner_max: Type.Integer(),
      hook_events_max: Type.Integer(),
      hook_in_flight_max: Type.Integer(),
      ack_deadline_ms_max: Type.Integer(),
    }),
    versions: closed({ trulinks: Type.String() }),
  },
  { $id: "Meta" },
);

type MetaDeps = Pick<IntegratorDeps, "prefix" | "aliases" | "deliveryAddresses" | "signingKey" | "version">;

export function metaRoutes(
  api: Api,
  { prefix, aliases, deliveryAddresses, signingKey, version }: MetaDeps,
): void {
  const body: Static<typeof MetaShape> = {
    delivery_addresses: deliveryAddresses.length === 0 ? null : [...deliveryAddresses],
    signing_keys: signingKey === null ? [] : [signingKey],
    limits: {
      body_bytes_max: BODY_BYTES_MAX,
      event_bytes_max: EVENT_BYTES_MAX,
      page_count_max: PAGE_COUNT_MAX,
      hooks_per_owner_max: HOOKS_PER_OWNER_MAX,
      hook_events_max: HOOK_EVENTS_MAX,
      hook_in_flight_max: HOOK_IN_FLIGHT_MAX,
      ack_deadline_ms_max: ACK_DEADLINE_MS_MAX,
    },
    versions: { trulinks: version },
  };
  const paths = { getMeta: `${prefix}/meta`, ...(aliases ? { getMetaShort: "/meta" } : {}) };
  for (const [operationId, path] of Object.entries(paths)) {
    api.get(
      path,
      {
        config: { open: true, resource: "Meta" },
        schema: {
          operationId,
          summary: "Show what the platform is",
          description:
            "The addresses that deliveries come from, the keys that sign them, limits and versions.",
          tags: ["platform"],
          response: answers({ 200: json("The platform", refer(MetaShape)) }),
        },
      },
      async () => body,
    );
  }
}
