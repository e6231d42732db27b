/** What the store is known to hold that is due: of which hooks, and whether of others. */
import type { HookId } from "@trulinks/protocol";
import type { Claim } from "./claim.ts";
import type { Hook } from "./hook.ts";
import type { Room } from "./publish.ts";

export interface Leftovers {
  noteHook(hook: Hook): void;
  noteOthers(): void;
  /** The store is about to be asked: forgets what is known, but for the hooks that are not wanted now. */
  ask(isWanted: IsWanted): void;
  /** The store has said: of whatever it gave as much as it was asked for, there may be more. */
  answered(claims: readonly Claim[], room: Room): void;
  /** The hooks, the longest known first, at most `countMax`. The same array until it changes. */
  hooks(countMax: number): readonly HookId[];
  size(): number;
  isWantedHook(isWanted: IsWanted): boolean;
  areOthers(): boolean;
  areRetries(): boolean;
}

export type IsWanted = (hook: Hook) => boolean;

/** Of so many hooks it is remembered; whoever has been known for longest is forgotten then, and is one of the others. */
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
    },
    answered(claims, { countMax, retriesMax, hookMax }) {
      for (const hook of givenInFull(claims, hookMax)) noteHook(hook);
      areRetries = claims.filter(({ attempt }) => attempt > 1).length >= retriesMax;
      if (claims.length < countMax) return;
      areOthers = true;
      for (const hook of asked) noteHook(hook);
    },
    hooks(countMax) {
      ids ??= [...byHook.keys()].slice(0, countMax);
      return ids;
    },
    size: () => byHook.size,
    isWantedHook: (isWanted) => [...byHook.values()].some(isWanted),
    areOthers: () => areOthers,
    areRetries: () => areRetries,
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
