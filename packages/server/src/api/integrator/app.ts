import type { IncomingMessage } from "node:http";
import type { Policy, RateLimitBody } from "@trulinks/protocol";
import type { Caller } from "../../accounts/caller.ts";
import type { Identify } from "../../accounts/identify.ts";
import type { AccountStore } from "../../accounts/store.ts";
import type { BacklogStore } from "../../webhooks/backlog-store.ts";
import type { Catalogues } from "../../webhooks/catalogue.ts";
import type { EventTypeStore } from "../../webhooks/event-type-store.ts";
import type { Hooks } from "../../webhooks/hooks.ts";
import { withPlatformTypes } from "../../webhooks/platform-catalogue.ts";
import type { WebhookStore } from "../../webhooks/store.ts";
import { deliveryRoutes } from "../deliveries.ts";
import { documentRoute } from "../document-route.ts";
import { readEventTypeRoutes } from "../event-type-operations.ts";
import { type FeedDeps, feedRoutes } from "../feed.ts";
import { type Api, createApi, type MannersDeps } from "../manners.ts";
import { PolicyShape, policyRoute } from "../policy.ts";
import { Refusal } from "../problem.ts";
import { problemsRoute } from "../problems-page.ts";
import { redeliveryRoute } from "../redelivery.ts";
import { referenceRoutes } from "../reference.ts";
import { type ReplayDeps, replayRoutes } from "../replays.ts";
import { AppShape } from "../resources/app.ts";
import { DeliveryShape, WholeDeliveryShape } from "../resources/delivery.ts";
import { EventTypeShape } from "../resources/event-type.ts";
import { AcknowledgedShape, FeedShape } from "../resources/feed.ts";
import { GrantShape } from "../resources/grant.ts";
import { HookSecretShape, HookShape, NewHookShape, PingShape, UserSecretShape } from "../resources/hook.ts";
import { ReplayShape } from "../resources/replay.ts";
import { TestShape } from "../resources/test-event.ts";
import { type TestEventDeps, testEventRoute } from "../test-events.ts";
import { grantRoutes } from "./grants.ts";
import { hookRoutes } from "./hooks.ts";
import { MetaShape, metaRoutes } from "./meta.ts";
import { ownAppRoute } from "./own-app.ts";
import { RateLimitShape, rateLimitRoutes } from "./rate-limit.ts";
import { userSecretRoutes } from "./user-secrets.ts";

export interface IntegratorDeps
  extends MannersDeps,
    ReplayDeps,
    Pick<FeedDeps, "feeds">,
    Pick<TestEventDeps, "testEvents"> {
  readonly version: string;
  /** Where this API lies on the public listener: `/integrations`. */
  readonly prefix: string;
  /** Whether `/rate_limit` and `/meta` exist without the prefix, too. */
  readonly aliases: boolean;
  readonly identify: Identify;
  /** The caller's own address, proxies looked through. */
  clientAddress(request: IncomingMessage): string;
  readonly accounts: Pick<AccountStore, "findApp" | "findGrant" | "listGrants" | "revokeGrant">;
  readonly webhooks: Pick<WebhookStore, "findHook" | "listHooks" | "listDeliveries" | "findDelivery">;
  readonly backlog: Pick<BacklogStore, "findBacklogs">;
  readonly hooks: Hooks;
  readonly catalogues: Pick<Catalogues, "current">;
  readonly eventTypes: Pick<EventTypeStore, "findEventType" | "listEventTypes">;
  readonly policy: () => Policy;
  /** What the gateway knows of the caller's quotas, and the headers that tell it. */
  rateLimitStatus(
    caller: Caller,
    address: string,
  ): Promise<{
    readonly body: RateLimitBody;
    readonly headers: readonly (readonly [string, string])[];
  }>;
  /** Where deliveries come from, as configured; empty: not known. */
  readonly deliveryAddresses: readonly string[];
  /** The public key of the platform's own signatures, `whpk_…`; null: it makes none. */
  readonly signingKey: string | null;
}

const TAGS = {
  "event-types": "What can happen, and what is told of it",
  hooks: "Where events go",
  deliveries: "What became of them",
  replays: "What is delivered once more",
  grants: "Which user lets which app act for it",
  app: "The app itself",
  platform: "The platform itself",
};

/** What integrators and users reach below the prefix of the public listener. */
export async function buildIntegratorApi(deps: IntegratorDeps): Promise<Api> {
  const { prefix, identify, clientAddress } = deps;
  const api = await createApi(deps, {
    api: "integrator",
    title: "TruLinks: the integrator's API",
    description:
      "Hooks, deliveries and grants of whoever calls: an app by its client id and secret, a user by a personal token, an app for a user by a grant's token.",
    version: deps.version,
    problemsPage: `${prefix}/problems`,
    unauthenticated: ["unauthenticated", "bad-credentials"],
    securitySchemes: {
      token: { type: "http", scheme: "bearer", description: "A user's personal token, or a grant's" },
      app: { type: "http", scheme: "basic", description: "The app's client id and secret" },
    },
    tags: TAGS,
    shapes: [
      ...[HookShape, NewHookShape, HookSecretShape, UserSecretShape, PingShape, DeliveryShape],
      ...[FeedShape, AcknowledgedShape, TestShape],
      ...[
        EventTypeShape,
        WholeDeliveryShape,
        ReplayShape,
        GrantShape,
        AppShape,
        PolicyShape,
        MetaShape,
        RateLimitShape,
      ],
    ],
    authenticate: async ({ headers, raw }, open) => {
      const { authorization } = headers;
      const identified = await identify({ authorization, address: clientAddress(raw) });
      if (identified.kind === "bad-credentials") throw new Refusal("bad-credentials");
      if (!open && identified.caller.kind === "anonymous") throw new Refusal("unauthenticated");
      return identified.caller;
    },
  });

  readEventTypeRoutes(api, `${prefix}/event-types`, withPlatformTypes(deps.eventTypes));
  hookRoutes(api, deps);
  userSecretRoutes(api, deps);
  feedRoutes(api, `${prefix}/hooks/:hook`, deps, "forbidden");
  testEventRoute(api, `${prefix}/hooks/:hook`, deps, "forbidden");
  deliveryRoutes(api, `${prefix}/deliveries`, deps);
  redeliveryRoute(api, `${prefix}/deliveries`, deps);
  replayRoutes(api, `${prefix}/replays`, deps);
  grantRoutes(api, deps);
  ownAppRoute(api, deps);
  policyRoute(api, `${prefix}/policy`, deps.policy, true);
  metaRoutes(api, deps);
  rateLimitRoutes(api, deps);
  documentRoute(api, { path: `${prefix}/openapi.json`, open: true, catalogues: deps.catalogues });
  problemsRoute(api, `${prefix}/problems`);
  referenceRoutes(api, {
    path: `${prefix}/reference`,
    document: `${prefix}/openapi.json`,
    title: "TruLinks: the integrator's API",
    asksForKey: false,
  });
  await api.ready();
  return api;
}
