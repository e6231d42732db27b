/**
 * What the end of payloads needs from storage: they end with time, or because of whom they are about, and the records of
 * what became of them stay. A payload is an event's data and, of each attempt, what was sent and answered. Each verb is
 * one atomic step, on disk when its promise resolves; the comment is its promise, and `record-store.contract.ts` holds
 * every engine to it.
 */
import type { ErasureId, UserId } from "@trulinks/protocol";

/** The end of all payloads about one user, and its receipt: what has ended so far. */
export interface Erasure {
  readonly id: ErasureId;
  readonly userId: UserId;
  /** Events whose data is gone. Those that are about others, too, lose it with the last of them. */
  readonly events: number;
  readonly deliveries: number;
  /** Attempts of which something was kept. */
  readonly attempts: number;
  readonly startedAtMs: number;
  /** Null: it still goes on. */
  readonly endedAtMs: number | null;
}

export interface RecordStore {
  /**
   * Begins to end all payloads about the user that were published up to now. Name and e-mail are gone at once, and what
   * waits for the user is `revoked`; `erase` does the rest. `deleteUser` begins one, too. Null: there is no such user,
   * and no record of one.
   */
  startErasure(userId: UserId, nowMs: number): Promise<Erasure | null>;
  findErasure(id: ErasureId): Promise<Erasure | null>;
  /**
   * Goes on with the oldest erasure that is under way, by at most `countMax` deliveries, and says with which; null:
   * none is. Each delivery about the user loses what it sent and was answered, its view and its key. An event's data
   * is gone when none of its deliveries has a payload any more. What begins anew after a crash goes on where it was.
   */
  erase(nowMs: number, countMax: number): Promise<Erasure | null>;
  /**
   * Ends the payloads of deliveries that ended before `beforeMs`, at most `countMax`, the oldest first, as `erase` does;
   * says of how many: 0 when there are no more.
   */
  endPayloads(end: { readonly beforeMs: number; readonly countMax: number }): Promise<number>;
}
