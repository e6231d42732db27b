import type { AccountStore } from "../accounts/store.ts";
import type { IdempotencyStore } from "../api/idempotency-store.ts";
import type { SecretStore } from "../secrets/store.ts";
import type { EventTypeStore } from "../webhooks/event-type-store.ts";
import type { WebhookStore } from "../webhooks/store.ts";

/** One opened engine: every port, over one database. */
export interface Storage {
  readonly accounts: AccountStore;
  readonly webhooks: WebhookStore;
  readonly eventTypes: EventTypeStore;
  readonly secrets: SecretStore;
  readonly idempotency: IdempotencyStore;
  /** Resolves if the database answers; for `GET /readyz`. */
  ping(): Promise<void>;
  /** Waits for what is under way, then closes. */
  close(): Promise<void>;
}
