/**
 * Deliveries that are leased and wait some instants for a place at their hook. It lets a busy hook go from one
 * delivery to the next without asking the store each time.
 */
import type { HookId } from "@trulinks/protocol";
import type { Hook } from "./hook.ts";
import type { Claim } from "./store.ts";

export interface Backlog {
  add(claim: Claim, nowMs: number): void;
  /** Takes out, in turn by hook, whatever finds a place. */
  takeFirst(findsPlace: (hook: Hook) => boolean): readonly Claim[];
  /** Takes out what has waited too long, and says of which hooks. */
  takeStale(nowMs: number): readonly Claim[];
  takeAll(): readonly Claim[];
  size(): number;
  countOf(id: HookId): number;
  hooks(): Iterable<Hook>;
}

// A grant that another process revokes meanwhile, or a hook that it pauses, is heeded after at most this long.
export const HELD_MS_MAX = 1_000;

interface Held {
  readonly claim: Claim;
  readonly sinceMs: number;
}

export function createBacklog(): Backlog {
  const byHook = new Map<HookId, Held[]>();
  let size = 0;

  function remove(id: HookId, count: number): readonly Claim[] {
    const queue = byHook.get(id) ?? [];
    const removed = queue.splice(0, count);
    if (queue.length === 0) byHook.delete(id);
    size -= removed.length;
    return removed.map(({ claim }) => claim);
  }

  return {
    add(claim, nowMs) {
      const queue = byHook.get(claim.hook.id) ?? [];
      queue.push({ claim, sinceMs: nowMs });
      byHook.set(claim.hook.id, queue);
      size += 1;
    },
    takeFirst(findsPlace) {
      const taken: Claim[] = [];
      let takenBefore = -1;
      while (taken.length > takenBefore) {
        takenBefore = taken.length;
        for (const [id, [next]] of [...byHook]) {
          if (next !== undefined && findsPlace(next.claim.hook)) taken.push(...remove(id, 1));
        }
      }
      return taken;
    },
    takeStale(nowMs) {
      const stale: Claim[] = [];
      for (const [id, queue] of [...byHook]) {
        const fresh = queue.findIndex(({ sinceMs }) => nowMs - sinceMs <= HELD_MS_MAX);
        stale.push(...remove(id, fresh === -1 ? queue.length : fresh));
      }
      return stale;
    },
    takeAll: () => [...byHook.keys()].flatMap((id) => remove(id, Number.POSITIVE_INFINITY)),
    size: () => size,
    countOf: (id) => byHook.get(id)?.length ?? 0,
    hooks: () => [...byHook.values()].flatMap((queue) => (queue[0] ? [queue[0].claim.hook] : [])),
  };
}
