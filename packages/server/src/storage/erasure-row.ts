/** How an erasure lies on disk, the same in both engines. */
import type { ErasureId, UserId } from "@trulinks/protocol";
import type { Erasure } from "../webhooks/record-store.ts";

export interface ErasureRow {
  readonly id: ErasureId;
  readonly user_id: UserId;
  /** Deliveries from this id on are later ones, and no part of it. */
  readonly before_id: string;
  /** Up to this one it has come. */
  readonly through_id: string;
  readonly events: number;
  readonly deliveries: number;
  readonly attempts: number;
  readonly started_at_ms: number;
  readonly ended_at_ms: number | null;
}

export function toErasure(row: ErasureRow): Erasure {
  return {
    id: row.id,
    userId: row.user_id,
    events: row.events,
    deliveries: row.deliveries,
    attempts: row.attempts,
    startedAtMs: row.started_at_ms,
    endedAtMs: row.ended_at_ms,
  };
}

/** What one step has ended. */
export interface Ended {
  readonly events: number;
  readonly deliveries: number;
  readonly attempts: number;
}
