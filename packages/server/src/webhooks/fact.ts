/** What webhooks tell to whoever keeps count. Who hears it changes nothing here, and nobody is punished here. */
import type { Guideline, HookId, UserId } from "@trulinks/protocol";
import type { HookOwner } from "./hook.ts";
import type { Outcome } from "./outcome.ts";
import type { Published } from "./publish.ts";
import type { Next } from "./retry.ts";

/** Listeners are called where it happens: they return at once, and `telling` keeps what they throw away from it. */
export type Fact = AttemptedFact | PublishedFact | ExpiredFact | ForgottenFact | HealthFact;

/** One attempt is over and recorded. */
export interface AttemptedFact {
  readonly kind: "attempted";
  readonly hookId: HookId;
  readonly owner: HookOwner;
  /** Whom the event concerns; null for a ping. */
  readonly userId: UserId | null;
  /** From 1. */
  readonly attempt: number;
  readonly outcome: Outcome["kind"];
  readonly guideline: Guideline | null;
  /** What became of the delivery. `superseded`: another worker has it, or it was revoked meanwhile. */
  readonly next: Next["kind"] | "superseded";
  /** From the publishing of the event to the start of the attempt, on the wall clock. */
  readonly sincePublishedMs: number;
  /** Name, connection, TLS, sending and answer together. */
  readonly durationMs: number;
  readonly atMs: number;
}

/** One call to publish is over: its answer can be given. */
export interface PublishedFact {
  readonly kind: "published";
  /** How many of its events ended so; `failed`: the store did not take them. */
  readonly results: Readonly<Partial<Record<Published["kind"] | "failed", number>>>;
  /** How many deliveries it made. */
  readonly deliveries: number;
  readonly durationMs: number;
}

/** Deliveries were ended that had waited for too long, or of which too much waited. */
export interface ExpiredFact {
  readonly kind: "expired";
  readonly because: "time-to-live" | "bounds";
  readonly count: number;
}

/** Rows were forgotten that had been kept long enough. */
export interface ForgottenFact {
  readonly kind: "forgotten";
  /** The name of the sweep. */
  readonly what: string;
  readonly count: number;
}

/**
 * What a hook's receiver has shown, and what followed. `failing`: an attempt has failed, and those before had not. `told`: its
 * owner was told. `paused`: failing paused it. `sound`: an attempt was answered well again. `resumed`: it is active again.
 */
export interface HealthFact {
  readonly kind: "health";
  readonly step: "failing" | "told" | "paused" | "sound" | "resumed";
  readonly hookId: HookId;
}
