import type { Policy } from "@trulinks/protocol";
import { createIsOperator } from "../../accounts/operator-key.ts";
import type { AccountStore } from "../../accounts/store.ts";
import type { Secret } from "../../base/secret.ts";
import type { FindAnswered } from "../../webhooks/answered-before.ts";
import type { BacklogStore } from "../../webhooks/backlog-store.ts";
import type { Catalogues } from "../../webhooks/catalogue.ts";
import type { Erasures } from "../../webhooks/erasures.ts";
import type { EventTypeStore } from "../../webhooks/event-type-store.ts";
import type { Hooks } from "../../webhooks/hooks.ts";
import type { Publish } from "../../webhooks/publish.ts";
import type { WebhookStore } from "../../webhooks/store.ts";
import { deliveryRoutes } from "../deliveries.ts";
import { documentRoute } from "../document-route.ts";
import { type FeedDeps, feedRoutes } from "../feed.ts";
import { type Api, createApi, type MannersDeps } from "../manners.ts";
import { PolicyShape, policyRoute } from "../policy.ts";
import { Refusal } from "../problem.ts";
import { PROVIDER_PROBLEMS_PAGE, problemsRoute } from "../problems-page.ts";
import { redeliveryRoute } from "../redelivery.ts";
import { referenceRoutes } from "../reference.ts";
import { type ReplayDeps, replayRoutes } from "../replays.ts";
import { AppShape, ClientSecretShape, NewAppShape } from "../resources/app.ts";
import { DeliveryShape, WholeDeliveryShape } from "../resources/delivery.ts";
import { ErasureShape } from "../resources/erasure.ts";
import { BatchShape, ReceiptShape } from "../resources/event.ts";
import { EventTypeShape } from "../resources/event-type.ts";
import { AcknowledgedShape, FeedShape } from "../resources/feed.ts";
import { GrantShape } from "../resources/grant.ts";
import { HookSecretShape, HookShape, NewHookShape, PingShape } from "../resources/hook.ts";
import { ReplayShape } from "../resources/replay.ts";
import { AuditEntryShape, StandingShape } from "../resources/standing.ts";
import { TestShape } from "../resources/test-event.ts";
import { NewTokenShape, TokenShape } from "../resources/token.ts";
import { UserShape } from "../resources/user.ts";
import { type TestEventDeps, testEventRoute } from "../test-events.ts";
import { appRoutes } from "./apps.ts";
import { catalogueRoutes } from "./catalogue.ts";
import { erasureRoutes } from "./erasures.ts";
import { eventRoutes } from "./events.ts";
import { grantRoutes } from "./grants.ts";
import { GroupShape, groupRoutes } from "./groups.ts";
import { HealthShape, healthRoutes } from "./health.ts";
import { hookRoutes } from "./hooks.ts";
import { type MetricsDeps, metricsRoute } from "./metrics.ts";
import { type StandingDeps, standingRoutes } from "./standings.ts";
import { tokenRoutes } from "./tokens.ts";
import { followTraces, type TracedDeps } from "./traced.ts";
import { userRoutes } from "./users.ts";

export interface ProviderDeps
  extends MannersDeps,
    MetricsDeps,
    TracedDeps,
    ReplayDeps,
    Pick<StandingDeps, "standings" | "refreshStandings">,
    Pick<FeedDeps, "feeds">,
    Pick<TestEventDeps, "testEvents"> {
  readonly version: string;
  readonly operatorKey: Secret;
  readonly accounts: AccountStore;
  readonly webhooks: Pick<WebhookStore, "findHook" | "listHooks" | "listDeliveries" | "findDelivery">;
  readonly backlog: Pick<BacklogStore, "findBacklogs">;
  readonly hooks: Hooks;
  readonly erasures: Pick<Erasures, "erase" | "find" | "wake">;
  readonly publish: Publish;
  readonly findAnswered: FindAnswered;
  readonly catalogues: Catalogues;
  readonly eventTypes: Pick<EventTypeStore, "findEventType" | "listEventTypes" | "listEventTypeVersions">;
  readonly policy: () => Policy;
  /** Resolves if the store answers. */
  ping(): Promise<void>;
}

const TAGS = {
  users: "Whom the provider's data belongs to",
  apps: "What integrators build",
  grants: "Which user lets which app act for it",
  tokens: "What callers of the public listener show",
  groups: "Users who are reached together",
  "event-types": "What can happen, and what is told of it",
  events: "What happened at the provider",
  hooks: "Where events go",
  deliveries: "What became of them",
  replays: "What is delivered once more",
  standings: "Who may not ask any more",
  platform: "The platform itself",
};

const SHAPES = [
  ...[
    UserShape,
    ErasureShape,
    AppShape,
    NewAppShape,
    ClientSecretShape,
    GrantShape,
    TokenShape,
    NewTokenShape,
  ],
  ...[GroupShape, EventTypeShape, ReceiptShape, BatchShape, HookShape, NewHookShape, HookSecretShape],
  ...[FeedShape, AcknowledgedShape, TestShape, StandingShape, AuditEntryShape],
  ...[PingShape, DeliveryShape, WholeDeliveryShape, ReplayShape, PolicyShape, HealthShape],
];

/** The provider's own listener: everything that the operator key opens. */
export async function buildProviderApi(deps: ProviderDeps): Promise<Api> {
  const isOperator = createIsOperator(deps.operatorKey);
  const api = await createApi(deps, {
    api: "provider",
    title: "TruLinks: the provider's API",
    description: "Users, apps, grants, events and hooks of the platform. Takes the operator key.",
    version: deps.version,
    problemsPage: PROVIDER_PROBLEMS_PAGE,
    unauthenticated: ["operator-key-required"],
    securitySchemes: {
      operator: { type: "http", scheme: "bearer", description: "The operator key" },
    },
    tags: TAGS,
    shapes: SHAPES,
    authenticate: async ({ headers, ip }, open) => {
      if (isOperator(headers.authorization)) return { kind: "operator" };
      if (open) return { kind: "anonymous", address: ip };
      throw new Refusal("operator-key-required");
    },
  });

  followTraces(api, deps);
  userRoutes(api, deps);
  erasureRoutes(api, deps);
  appRoutes(api, deps);
  grantRoutes(api, deps);
  tokenRoutes(api, deps);
  groupRoutes(api, deps);
  standingRoutes(api, deps);
  catalogueRoutes(api, deps);
  eventRoutes(api, deps);
  hookRoutes(api, deps);
  feedRoutes(api, "/v1/hooks/:hook", deps);
  testEventRoute(api, "/v1/hooks/:hook", deps);
  deliveryRoutes(api, "/v1/deliveries", deps);
  redeliveryRoute(api, "/v1/deliveries", deps);
  replayRoutes(api, "/v1/replays", deps);
  policyRoute(api, "/v1/policy", deps.policy, false);
  documentRoute(api, { path: "/v1/openapi.json", open: false, catalogues: deps.catalogues });
  healthRoutes(api, deps);
  metricsRoute(api, deps);
  problemsRoute(api, PROVIDER_PROBLEMS_PAGE);
  referenceRoutes(api, {
    path: "/reference",
    document: "/v1/openapi.json",
    title: "TruLinks: the provider's API",
    asksForKey: true,
  });
  await api.ready();
  return api;
}
