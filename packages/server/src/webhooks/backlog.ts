/**
 * Deliveries that are leased and wait some instants for a place at their hook. It lets a busy hook go from one
 * delivery to the next without asking the store each time.
 */
import type { HookId } from "@trulinks/protocol";
import type { Claim } from "./claim.ts";
import type { Hook } from "./hook.ts";

export interface Backlog {
  add(claim: Claim, nowMs: number): void;
  /** Takes out the first that finds a place, in turn by hook; null if none does. */
  takeFirst(findsPlace: (hook: Hook) => boolean): Claim | null;
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
  /** None has been here for longer; looking through all of them after every attempt would cost more than posting. */
  let oldestMs = Number.POSITIVE_INFINITY;

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
      oldestMs = Math.min(oldestMs, nowMs);
    },
    takeFirst(findsPlace) {
      for (const [id, queue] of byHook) {
        const [next] = queue;
        if (next === undefined || !findsPlace(next.claim.hook)) continue;
        remove(id, 1);
        // Whose turn it was goes to the end of the line.
        if (byHook.delete(id)) byHook.set(id, queue);
        return next.claim;
      }
      return null;
    },
    takeStale(nowMs) {
      if (size === 0 || nowMs - oldestMs <= HELD_MS_MAX) return [];
      const stale: Claim[] = [];
      oldestMs = Number.POSITIVE_INFINITY;
      for (const [id, queue] of [...byHook]) {
        const fresh = queue.findIndex(({ sinceMs }) => nowMs - sinceMs <= HELD_MS_MAX);
        stale.push(...remove(id, fresh === -1 ? queue.length : fresh));
        oldestMs = Math.min(oldestMs, queue[0]?.sinceMs ?? oldestMs);
      }
      return stale;
    },
    takeAll: () => [...byHook.keys()].flatMap((id) => remove(id, Number.POSITIVE_INFINITY)),
    size: () => size,
    countOf: (id) => byHook.get(id)?.length ?? 0,
    hooks: () => [...byHook.values()].flatMap((queue) => (queue[0] ? [queue[0].claim.hook] : [])),
  };
}
