/** What the store is known to hold that is due: of which hooks, and whether of others. */
import type { HookId } from "@trulinks/protocol";

export interface Leftovers {
  /** True if that was not known. */
  noteHook(id: HookId, origin: string): boolean;
  /** Something about the hook has changed: it is looked at next. */
  noteChange(id: HookId): void;
  noteOthers(): void;
  /** Takes out hooks that are wanted, as the store is about to say what it holds of them. */
  takeWanted(isWanted: IsWanted, countMax: number): readonly Leftover[];
  /** The store is about to say what it holds of others. */
  forgetOthers(): void;
  /** Some of the hooks. The same array until they change. */
  some(): readonly HookId[];
  /** The hooks that have been known for longest. */
  oldest(countMax: number): readonly HookId[];
  size(): number;
  has(id: HookId): boolean;
  isAnyWanted(isWanted: IsWanted): boolean;
  areOthers(): boolean;
}

/** A hook and its origin. */
export type Leftover = readonly [HookId, string];

export type IsWanted = (id: HookId, origin: string) => boolean;

/** Of so many hooks it is remembered (some 2 MB); whoever has been known for longest is one of the others then. */
export const LEFTOVER_HOOKS_MAX = 16_384;
// So many are looked at in one go; the next time it is others' turn.
const LOOKED_AT_MAX = 512;
// So many hooks are named to the store of which nothing is wanted; what comes of others goes back. Naming them is not free.
const NAMED_MAX = 128;

export function createLeftovers(): Leftovers {
  /** Those that were noted, or have changed, since they were looked at. */
  const fresh = new Map<HookId, string>();
  const lookedAt = new Map<HookId, string>();
  let named: readonly HookId[] | null = null;
  let areOthers = false;

  const size = () => fresh.size + lookedAt.size;
  const oldest = (countMax: number) => firstOf(chain(lookedAt.keys(), fresh.keys()), countMax);

  /** Looks at what is fresh, and then at some of the rest, in turn. */
  function look(isWanted: IsWanted): readonly Leftover[] {
    const ones = firstOf(chain(fresh, lookedAt), LOOKED_AT_MAX);
    for (const [id, origin] of ones) {
      fresh.delete(id);
      lookedAt.delete(id);
      lookedAt.set(id, origin);
    }
    const wanted = ones.filter(([id, origin]) => isWanted(id, origin));
    for (const [id, origin] of wanted) move([id, origin], fresh);
    if (ones.length < size()) named = null;
    return wanted;
  }

  function move([id, origin]: Leftover, to: Map<HookId, string>): void {
    fresh.delete(id);
    lookedAt.delete(id);
    to.set(id, origin);
  }

  function forgetOldest(): void {
    for (const id of oldest(1)) {
      lookedAt.delete(id);
      fresh.delete(id);
    }
    areOthers = true;
  }

  const has = (id: HookId) => fresh.has(id) || lookedAt.has(id);

  return {
    noteHook(id, origin) {
      if (has(id)) return false;
      fresh.set(id, origin);
      named = null;
      if (size() > LEFTOVER_HOOKS_MAX) forgetOldest();
      return true;
    },
    noteChange(id) {
      const origin = lookedAt.get(id);
      if (origin !== undefined) move([id, origin], fresh);
    },
    noteOthers() {
      areOthers = true;
    },
    takeWanted(isWanted, countMax) {
      const taken = look(isWanted).slice(0, countMax);
      for (const [id] of taken) fresh.delete(id);
      if (taken.length > 0) named = null;
      return taken;
    },
    forgetOthers() {
      areOthers = false;
    },
    some() {
      named ??= oldest(NAMED_MAX);
      return named;
    },
    oldest,
    size,
    has,
    isAnyWanted: (isWanted) => look(isWanted).length > 0,
    areOthers: () => areOthers,
  };
}

function* chain<Item>(first: Iterable<Item>, second: Iterable<Item>): Iterable<Item> {
  yield* first;
  yield* second;
}

function firstOf<Item>(items: Iterable<Item>, countMax: number): readonly Item[] {
  const first: Item[] = [];
  for (const item of items) {
    if (first.length === countMax) break;
    first.push(item);
  }
  return first;
}
