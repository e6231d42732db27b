/** Bounds on what waits, step by step. */
import type { HookId } from "@trulinks/protocol";

/**
 * What is to wait no longer. Hooks are looked at in the order of their ids, `hooksMax` of them after `afterHook`. Pings,
 * and what a worker has leased, are left alone.
 */
export interface Trim {
  readonly nowMs: number;
  /** What was made before this has waited too long. */
  readonly olderThanMs: number;
  /** Of the data that waits for one hook, the newest so many bytes stay. */
  readonly bytesMax: number;
  readonly afterHook: HookId | null;
  readonly hooksMax: number;
}
