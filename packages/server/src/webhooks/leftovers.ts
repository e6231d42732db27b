/** What the store is known to hold that is due: of which hooks, and whether of others. */
import type { HookId } from "@trulinks/protocol";
import type { Claim } from "./claim.ts";
import type { Hook } from "./hook.ts";

/** What one answer of the store says about the rest. */
export interface Given {
  readonly claims: readonly Claim[];
  readonly countMax: number;
  readonly retriesMax: number;
  readonly hookMax: number;
}

export interface Leftovers {
  noteHook(hook: Hook): void;
  noteOthers(): void;
  /** The store is about to say: forgets what is known, but for the hooks that are not wanted now, and says which. */
  ask(isWanted: (hook: Hook) => boolean): readonly HookId[];
  /** The store has said: whatever was given in full, there may be more of. */
  answered(given: Given): void;
  /** Of these new deliveries wait behind the rest. The same array until it changes. */
  hooks(): readonly HookId[];
  areKnown(): boolean;
  /** True if something is known that is wanted. */
  isAny(isWanted: (hook: Hook) => boolean, areRetriesWanted: boolean): boolean;
}

/** Of so many hooks it is remembered; beyond that the one that was noted first is as good as any other. */
export const LEFTOVER_HOOKS_MAX = 4_096;

export function createLeftovers(): Leftovers {
  const byHook = new Map<HookId, Hook>();
  let ids: readonly HookId[] | null = null;
  let asked: readonly Hook[] = [];
  let areOthers = false;
  let areRetries = false;

  function noteHook(hook: Hook): void {
    if (byHook.has(hook.id)) return;
    byHook.set(hook.id, hook);
    ids = null;
    const [oldest] = byHook.size > LEFTOVER_HOOKS_MAX ? byHook.keys() : [];
    if (oldest === undefined) return;
    byHook.delete(oldest);
    areOthers = true;
  }

  return {
    noteHook,
    noteOthers() {
      areOthers = true;
    },
    ask(isWanted) {
      asked = [...byHook.values()].filter(isWanted);
      for (const { id } of asked) byHook.delete(id);
      if (asked.length > 0) ids = null;
      areOthers = false;
      areRetries = false;
      return [...byHook.keys()];
    },
    answered({ claims, countMax, retriesMax, hookMax }) {
      for (const hook of givenInFull(claims, hookMax)) noteHook(hook);
      areRetries = claims.filter(({ attempt }) => attempt > 1).length >= retriesMax;
      if (claims.length < countMax) return;
      areOthers = true;
      for (const hook of asked) noteHook(hook);
    },
    hooks() {
      ids ??= [...byHook.keys()];
      return ids;
    },
    areKnown: () => areOthers || areRetries || byHook.size > 0,
    isAny(isWanted, areRetriesWanted) {
      return areOthers || (areRetries && areRetriesWanted) || [...byHook.values()].some(isWanted);
    },
  };
}

/** The hooks of which there is as much as one may have at a time. */
export function givenInFull(claims: readonly Claim[], hookMax: number): readonly Hook[] {
  const counts = new Map<HookId, number>();
  const full: Hook[] = [];
  for (const { hook } of claims) {
    const count = (counts.get(hook.id) ?? 0) + 1;
    counts.set(hook.id, count);
    if (count === hookMax) full.push(hook);
  }
  return full;
}
