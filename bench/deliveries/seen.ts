/** What the receiver saw and answered, hook by hook. */
import type { Arrivals } from "../receiver/arrivals.ts";

export interface SeenOfHook {
  readonly sequences: Set<number>;
  twice: number;
}

/** By the number of the hook's path, less `pathFirst`. */
export function countSeen(all: readonly Arrivals[], pathFirst: number, hooks: number): readonly SeenOfHook[] {
  const seen = Array.from({ length: hooks }, (): SeenOfHook => ({ sequences: new Set(), twice: 0 }));
  for (const { count, hooks, sequences, answered } of all) {
    for (let at = 0; at < count; at++) {
      const hook = seen[(hooks[at] ?? 0) - pathFirst];
      if (hook === undefined || answered[at] !== 1) continue;
      const sequence = sequences[at] ?? 0;
      if (hook.sequences.has(sequence)) hook.twice += 1;
      else hook.sequences.add(sequence);
    }
  }
  return seen;
}
