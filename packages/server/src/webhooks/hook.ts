import type { AppId, HookId, UserId } from "@trulinks/protocol";
import type { FilterCondition } from "./filter.ts";
import type { Outcome } from "./outcome.ts";

/** A user's hook gets that user's events; an app's gets those of every user with a live grant. */
export type HookOwner =
  | { readonly kind: "user"; readonly userId: UserId }
  | { readonly kind: "app"; readonly appId: AppId };

/**
 * `pending`: made by an integrator, waits for the first 2xx to a signed ping; its deliveries are kept.
 * `active`: delivers. `paused`: keeps. `disabled`: its receiver said 410 Gone; nothing is made for it.
 */
export const HOOK_STATES = ["pending", "active", "paused", "disabled"] as const;
export type HookState = (typeof HOOK_STATES)[number];

/** `asked`: its owner or the operator paused it. `failing`: the platform did, since its receiver failed for too long. */
export const PAUSED_BECAUSE = ["asked", "failing"] as const;
export type PausedBecause = (typeof PAUSED_BECAUSE)[number];

/** No attempt at the hook has been answered well since then. */
export interface Failing {
  readonly sinceMs: number;
  /** How the attempt ended with which it began, and the status of its answer if one came. */
  readonly outcome: Outcome["kind"];
  readonly status: number | null;
  /** When its owner was told by `hook.failing`; null: not yet. */
  readonly toldAtMs: number | null;
}

export interface HookHealth {
  /** Null: sound. */
  readonly failing: Failing | null;
  /** Null unless it is paused. */
  readonly pausedBecause: PausedBecause | null;
}

/** What a hook begins with. */
export const SOUND: HookHealth = { failing: null, pausedBecause: null };

export interface Hook {
  readonly id: HookId;
  readonly owner: HookOwner;
  readonly url: string;
  /** Patterns such as `issue.*`; see `matchesPattern` in the protocol. */
  readonly events: readonly string[];
  /** All must hold of an event's data; empty: every event of the types. */
  readonly filter: readonly FilterCondition[];
  /** JSON pointers into `data`: only these fields are sent. Null: all of them. */
  readonly include: readonly string[] | null;
  /** `user`: what concerns a user is signed with that user's own secret for this hook. */
  readonly secretPer: "user" | "hook";
  readonly signature: "standard" | "github";
  readonly verifyTls: boolean;
  /** Certificates in PEM that are trusted for this hook instead of the system's. */
  readonly ca: string | null;
  /** 1 000 to 30 000. */
  readonly ackDeadlineMs: number;
  readonly retries: "default" | "none";
  /** Deliveries under way at once, 1 to 8. */
  readonly inFlightMax: number;
  /** One at a time and in the order of their numbers, each final before the next. */
  readonly serial: boolean;
  readonly state: HookState;
  readonly health: HookHealth;
  readonly createdAtMs: number;
}

/** DESIGN, the wire: 10 s unless a hook asks for more, and never more than 30. */
export const ACK_DEADLINE_MS_MIN = 1_000;
export const ACK_DEADLINE_MS_MAX = 30_000;
export const HOOK_IN_FLIGHT_MAX = 8;
export const HOOKS_PER_OWNER_MAX = 100;
export const HOOK_EVENTS_MAX = 100;
export const HOOK_URL_CHARACTERS_MAX = 2_048;
export const HOOK_FILTER_CONDITIONS_MAX = 20;
/** Values of one condition. */
export const HOOK_FILTER_VALUES_MAX = 50;
export const HOOK_FILTER_TEXT_CHARACTERS_MAX = 256;
export const HOOK_INCLUDE_MAX = 100;
export const HOOK_POINTER_CHARACTERS_MAX = 256;
export const HOOK_RELEASE_PER_S_MAX = 10_000;
/** How long a ping is asked for; a hook that is pending then stays so, and is left alone until somebody pings. */
export const PING_ASKED_MS = 24 * 3_600_000;
/** How long a replaced secret still signs beside the new one. */
export const SECRET_OVERLAP_MS = 24 * 3_600_000;
