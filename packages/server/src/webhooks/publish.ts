import type { Receipt } from "./store.ts";

/** An event as a provider reports it, already of the right form. */
export interface EventRequest {
  readonly id: string | null;
  readonly idempotencyKey: string | null;
  readonly type: string;
  readonly users: readonly string[];
  readonly groups: readonly string[];
  readonly data: Readonly<Record<string, unknown>>;
}

export type Published =
  | { readonly kind: "accepted"; readonly receipt: Receipt }
  | { readonly kind: "repeated"; readonly receipt: Receipt }
  | { readonly kind: "reused" }
  | { readonly kind: "no-recipient" };

/** Stores events with their deliveries and starts to send them. Resolves when all of it is on disk. */
export type Publish = (requests: readonly EventRequest[]) => Promise<readonly Published[]>;
