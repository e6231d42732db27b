/** Every port as this engine runs it: the same verbs, but synchronous, on the thread that owns the database. */
import type { AccountStore } from "../../accounts/store.ts";
import type { StandingStore } from "../../governance/standing-store.ts";
import type { IdempotencyStore } from "../../idempotency/idempotency-store.ts";
import type { SecretStore } from "../../secrets/store.ts";
import type { BacklogStore } from "../../webhooks/backlog-store.ts";
import type { EventTypeStore } from "../../webhooks/event-type-store.ts";
import type { FeedStore } from "../../webhooks/feed-store.ts";
import type { HealthStore } from "../../webhooks/health-store.ts";
import type { RecordStore } from "../../webhooks/record-store.ts";
import type { ReplayStore } from "../../webhooks/replay-store.ts";
import type { WebhookStore } from "../../webhooks/store.ts";
import { createAccounts } from "./accounts.ts";
import { createBacklog } from "./backlog.ts";
import { createEventTypes } from "./catalogue.ts";
import { createFeed } from "./feed.ts";
import { createHealth } from "./health.ts";
import { createIdempotency } from "./idempotency.ts";
import type { Ground } from "./memory.ts";
import { schemaOf } from "./migrate.ts";
import { createRecord } from "./record.ts";
import { createReplays } from "./replays.ts";
import { createSecrets } from "./secrets.ts";
import { createStandings } from "./standings.ts";
import { createWebhooks } from "./webhooks.ts";

/** A port whose promises are unwrapped. */
export type Sync<Port> = {
  readonly [Verb in keyof Port]: Port[Verb] extends (...args: infer Args) => Promise<infer Result>
    ? (...args: Args) => Result
    : never;
};

export interface Verbs {
  readonly accounts: Sync<AccountStore>;
  readonly webhooks: Sync<WebhookStore>;
  readonly backlog: Sync<BacklogStore>;
  readonly replays: Sync<ReplayStore>;
  readonly eventTypes: Sync<EventTypeStore>;
  readonly feed: Sync<FeedStore>;
  readonly health: Sync<HealthStore>;
  readonly record: Sync<RecordStore>;
  readonly secrets: Sync<SecretStore>;
  readonly idempotency: Sync<IdempotencyStore>;
  readonly standings: Sync<StandingStore>;
  readonly database: { readonly findSchema: () => number };
}

export type PortName = keyof Verbs;

export function createVerbs(ground: Ground): Verbs {
  const { database } = ground;
  return {
    accounts: createAccounts(ground),
    webhooks: createWebhooks(ground),
    backlog: createBacklog(ground),
    replays: createReplays(ground),
    eventTypes: createEventTypes(database),
    feed: createFeed(ground),
    health: createHealth(ground),
    record: createRecord(ground),
    secrets: createSecrets(ground),
    idempotency: createIdempotency(database),
    standings: createStandings(database),
    database: { findSchema: () => schemaOf(database) },
  };
}

/** The one rule that tells reading verbs from writing ones, in every port. */
export function isReading(verb: string): boolean {
  return verb.startsWith("find") || verb.startsWith("list");
}
