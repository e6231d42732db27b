import type { Guideline } from "@trulinks/protocol";
import type { Outcome } from "./outcome.ts";
import type { View } from "./view.ts";

export const DELIVERY_STATES = [
  "waiting",
  "delivered",
  "rejected",
  "failed",
  "expired",
  "replaced",
  "revoked",
] as const;
/** All but `waiting` are ends. */
export type DeliveryState = (typeof DELIVERY_STATES)[number];

/**
 * Of these the feed gives the payload: what is under way, what has arrived, and what never did and still can. A receiver
 * that has `rejected` a delivery has had it; the others are not to be sent any more.
 */
export const FED_STATES: readonly DeliveryState[] = ["waiting", "delivered", "failed"];

/** How a delivery arrived: posted to its receiver, or read by it in the feed and acknowledged. */
export const DELIVERED_BY = ["post", "feed"] as const;
export type DeliveredBy = (typeof DELIVERED_BY)[number];

export const WAITING_BECAUSE = ["due", "retry", "hook-paused", "hook-pending", "limit"] as const;
export type WaitingBecause = (typeof WAITING_BECAUSE)[number];

/** The event that is sent to ask whether a receiver is there. */
export const PING = { type: "ping", action: "ping", view: null, sensitive: [] } as const;

/** One attempt as it is kept and shown. */
export interface AttemptRecord {
  readonly number: number;
  readonly atMs: number;
  readonly outcome: Outcome["kind"];
  /** HTTP status of the answer; null where none came. */
  readonly status: number | null;
  readonly guideline: Guideline | null;
  readonly timings: Timings;
  /** What was sent and answered; null in lists. */
  readonly exchange: Exchange | null;
}

/** Milliseconds since the attempt began; null for what was not reached. */
export interface AnswerTimings {
  readonly firstByteMs: number | null;
  readonly totalMs: number;
}

/** How long each stage took, in milliseconds; null where an open connection was used, or it was not needed or reached. */
export interface Timings extends AnswerTimings {
  readonly dnsMs: number | null;
  readonly connectMs: number | null;
  readonly tlsMs: number | null;
}

export interface Exchange {
  readonly requestHeaders: readonly (readonly [string, string])[];
  /** Null where no answer came. Those that hold secrets are masked (`record-of-attempt.ts`). */
  readonly answerHeaders: readonly (readonly [string, string])[] | null;
  /** Up to 64 KiB, as text; what is not UTF-8 is replaced. */
  readonly answerBody: string | null;
  /** Under which the data was sent this time; left out where all of it was. */
  readonly view?: View;
}

/** Of an answer this much is read and kept; the rest is dropped. */
export const ANSWER_BYTES_MAX = 64 * 1024;

/** A lease is the hook's deadline and this much more (DESIGN, the wire). */
export const LEASE_MARGIN_MS = 5_000;
