/** The ports as the rest of the program calls them, made from a function that carries a call to the database. */
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
import type { Storage } from "../storage.ts";
import type { PortName, Verbs } from "./verbs.ts";

/** The names of every port's verbs: what the thread of the database tells when it is ready. */
export type VerbNames = Readonly<Record<PortName, readonly string[]>>;

export function namesOf(verbs: Verbs): VerbNames {
  return {
    accounts: Object.keys(verbs.accounts),
    webhooks: Object.keys(verbs.webhooks),
    backlog: Object.keys(verbs.backlog),
    replays: Object.keys(verbs.replays),
    eventTypes: Object.keys(verbs.eventTypes),
    feed: Object.keys(verbs.feed),
    health: Object.keys(verbs.health),
    record: Object.keys(verbs.record),
    secrets: Object.keys(verbs.secrets),
    idempotency: Object.keys(verbs.idempotency),
    standings: Object.keys(verbs.standings),
    database: Object.keys(verbs.database),
  };
}

/** Carries one call to the thread of the database and brings back what the verb answered, or throws. */
export type Carry = (port: PortName, verb: string, args: readonly unknown[]) => Promise<unknown>;

export function portsOf(names: VerbNames, carry: Carry): Omit<Storage, "close" | "load"> {
  const port = (name: PortName): unknown =>
    Object.fromEntries(
      names[name].map((verb) => [verb, (...args: readonly unknown[]) => carry(name, verb, args)]),
    );
  return {
    accounts: port("accounts") as AccountStore,
    webhooks: port("webhooks") as WebhookStore,
    backlog: port("backlog") as BacklogStore,
    replays: port("replays") as ReplayStore,
    eventTypes: port("eventTypes") as EventTypeStore,
    feed: port("feed") as FeedStore,
    health: port("health") as HealthStore,
    record: port("record") as RecordStore,
    secrets: port("secrets") as SecretStore,
    idempotency: port("idempotency") as IdempotencyStore,
    standings: port("standings") as StandingStore,
    async ping() {
      await carry("database", "findSchema", []);
    },
  };
}
