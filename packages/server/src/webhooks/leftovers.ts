/** What the store is known to hold that is due: of which hooks, and whether of others. */
import type { HookId } from "@trulinks/protocol";
import type { Claim } from "./claim.ts";
import type { Room } from "./publish.ts";

export interface Leftovers {
  /** True if that was not known. */
  noteHook(id: HookId, origin: string): boolean;
  noteOthers(): void;
  /** The store is about to say: forgets what is known, but for the hooks that are not wanted now. */
  ask(isWanted: IsWanted): void;
  /** The store has said: of whatever it gave as much as it was asked for, there may be more. */
  answered(claims: readonly Claim[], room: Room): void;
  /** Some of the hooks. The same array until they change. */
  some(): readonly HookId[];
  size(): number;
  isAnyWanted(isWanted: IsWanted): boolean;
  areOthers(): boolean;
  areRetries(): boolean;
}

export type IsWanted = (id: HookId, origin: string) => boolean;

/** Of so many hooks it is remembered (some 2 MB); whoever has been known for longest is one of the others then. */
export const LEFTOVER_HOOKS_MAX = 16_384;
// So many are looked at in one go, the next time the next ones: all in a quarter of a second.
const LOOKED_AT_MAX = 512;
// So many hooks are named to the store of which nothing is wanted; what comes of others goes back. Naming them is not free.
const NAMED_MAX = 64;

export function createLeftovers(): Leftovers {
  const byHook = new Map<HookId, string>();
  let named: readonly HookId[] | null = null;
  let asked: (readonly [HookId, string])[] = [];
  let areOthers = false;
  let areRetries = false;

  function noteHook(id: HookId, origin: string): boolean {
    if (byHook.has(id)) return false;
    byHook.set(id, origin);
    named = null;
    const [oldest] = byHook.size > LEFTOVER_HOOKS_MAX ? byHook.keys() : [];
    if (oldest !== undefined) {
      byHook.delete(oldest);
      areOthers = true;
    }
    return true;
  }

  /** Those whose turn it is to be looked at; they go to the end. */
  function nextOnes(): readonly (readonly [HookId, string])[] {
    const ones = firstOf(byHook, LOOKED_AT_MAX);
    if (byHook.size <= LOOKED_AT_MAX) return ones;
    named = null;
    for (const [id, origin] of ones) {
      byHook.delete(id);
      byHook.set(id, origin);
    }
    return ones;
  }

  function some(): readonly HookId[] {
    named ??= firstOf(byHook.keys(), NAMED_MAX);
    return named;
  }

  return {
    noteHook,
    noteOthers() {
      areOthers = true;
    },
    ask(isWanted) {
      asked = nextOnes().filter(([id, origin]) => isWanted(id, origin));
      for (const [id] of asked) byHook.delete(id);
      if (asked.length > 0) named = null;
      areOthers = false;
      areRetries = false;
    },
    answered(claims, { countMax, retriesMax }) {
      areRetries = claims.filter(({ attempt }) => attempt > 1).length >= retriesMax;
      if (claims.length < countMax) return;
      areOthers = true;
      for (const [id, origin] of asked) noteHook(id, origin);
    },
    some,
    size: () => byHook.size,
    isAnyWanted: (isWanted) => nextOnes().some(([id, origin]) => isWanted(id, origin)),
    areOthers: () => areOthers,
    areRetries: () => areRetries,
  };
}

function firstOf<Item>(items: Iterable<Item>, countMax: number): readonly Item[] {
  const first: Item[] = [];
  for (const item of items) {
    if (first.length === countMax) break;
    first.push(item);
  }
  return first;
}
