import type { AccountStore } from "../accounts/store.ts";
import type { Part } from "../base/lifecycle.ts";
import type { StandingStore } from "../governance/standing-store.ts";
import type { IdempotencyStore } from "../idempotency/idempotency-store.ts";
import type { SecretStore } from "../secrets/store.ts";
import type { BacklogStore } from "../webhooks/backlog-store.ts";
import type { EventTypeStore } from "../webhooks/event-type-store.ts";
import type { FeedStore } from "../webhooks/feed-store.ts";
import type { HealthStore } from "../webhooks/health-store.ts";
import type { RecordStore } from "../webhooks/record-store.ts";
import type { ReplayStore } from "../webhooks/replay-store.ts";
import type { WebhookStore } from "../webhooks/store.ts";

/** One opened engine: every port, over one database. */
export interface Storage {
  readonly accounts: AccountStore;
  readonly webhooks: WebhookStore;
  readonly backlog: BacklogStore;
  readonly replays: ReplayStore;
  readonly eventTypes: EventTypeStore;
  readonly feed: FeedStore;
  readonly health: HealthStore;
  readonly record: RecordStore;
  readonly secrets: SecretStore;
  readonly idempotency: IdempotencyStore;
  readonly standings: StandingStore;
  /** What the engine has to do just now; asking costs nothing. */
  load(): StorageLoad;
  /**
   * Hears of what other processes over the same database do, while the part runs. Only where there may be others; and
   * what is heard is a help, no promise: who must know looks for himself, too.
   */
  readonly listen?: (heard: Heard) => Part;
  /** Resolves if the database answers; for `GET /readyz`. */
  ping(): Promise<void>;
  /** Waits for what is under way, then closes. */
  close(): Promise<void>;
}

export interface Heard {
  /** Another process has made something claimable that it did not claim itself. */
  due(): void;
  /** What was leased may no longer hold: another process has changed a hook, or ended a grant. */
  changed(): void;
}

export interface StorageLoad {
  /** Calls that wait: for the thread of the embedded engine, or for a connection to the database. */
  readonly callsWaiting: number;
  /** Null: this engine has none. */
  readonly connections: { readonly busy: number; readonly idle: number } | null;
}

/** What an engine tells to whoever keeps count. */
export interface CommittedFact {
  readonly kind: "committed";
  /** From its first statement until all of it is on disk; the wait for a connection is part of it. */
  readonly durationMs: number;
}
