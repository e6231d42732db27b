/**
 * Readers of feeds who wait for something to read. One list in memory, and one question to the store a second for all of
 * them: so many who wait cost next to nothing. Whoever stores a delivery in this process wakes them at once.
 */
import type { HookId } from "@trulinks/protocol";
import type { Cancel, Clock } from "../base/clock.ts";
import type { Part } from "../base/lifecycle.ts";
import type { FeedStore } from "./feed-store.ts";
import type { Ingested } from "./new-event.ts";

/** Of one user's or app's hooks, and in all. */
export const FEED_WAITING_PER_OWNER_MAX = 200;
export const FEED_WAITING_MAX = 10_000;

/** What other processes store is seen so soon at the latest, and, where they tell of it, after the shorter pause. */
export const LOOK_PAUSE_MS = 1_000;
const LOOK_SOON_MS = 50;

export interface WaitingRequest {
  readonly hookId: HookId;
  /** Names the hook's owner. */
  readonly owner: string;
  readonly waitMs: number;
  /** The reader is gone. */
  readonly signal: AbortSignal;
}

/** A reader's place on the list. It must be left. */
export interface Place {
  /**
   * `stored`: since this was asked last (or since the place was taken) something may have been stored after the number;
   * `over`: there is no more time, the reader is gone, or the platform stops.
   */
  ended(after: number): Promise<"stored" | "over">;
  leave(): void;
}

export type Entered =
  | { readonly kind: "entered"; readonly place: Place }
  | { readonly kind: "too-many-of-owner" }
  | { readonly kind: "too-many" };

export interface FeedWaiting extends Part {
  enter(request: WaitingRequest): Entered;
  /** What was just stored here. */
  told(ingested: readonly Ingested[]): void;
  /** Other processes may have stored something. */
  lookSoon(): void;
  /** How many wait. */
  count(): number;
}

export interface FeedWaitingDeps {
  readonly store: Pick<FeedStore, "findNewer">;
  readonly clock: Pick<Clock, "after">;
}

interface Reader {
  readonly hookId: HookId;
  /** Null while it reads. */
  sleeping: { readonly after: number; readonly wake: (ended: "stored" | "over") => void } | null;
  hasNews: boolean;
  isOver: boolean;
}

export function createFeedWaiting({ store, clock }: FeedWaitingDeps): FeedWaiting {
  const readersOf = new Map<HookId, Set<Reader>>();
  const countOf = new Map<string, number>();
  let count = 0;
  let isStopping = false;
  const looks = createLooks(clock, lookOnce, () => count > 0 && !isStopping);

  function* readers(): Iterable<Reader> {
    for (const ofHook of readersOf.values()) yield* ofHook;
  }

  async function lookOnce(): Promise<void> {
    const asleep = [...readers()].filter(({ sleeping }) => sleeping !== null);
    if (asleep.length === 0) return;
    // Of those who wait at one hook it is the one furthest behind that counts: the others look in vain, and wait again.
    const afterOf = new Map<HookId, number>();
    for (const { hookId, sleeping } of asleep) {
      const after = sleeping?.after ?? Number.POSITIVE_INFINITY;
      afterOf.set(hookId, Math.min(after, afterOf.get(hookId) ?? after));
    }
    // Of a hook that is gone they had better hear, too.
    for (const hookId of await store.findNewer([...afterOf].map(([id, after]) => ({ hookId: id, after })))) {
      for (const reader of readersOf.get(hookId) ?? []) wake(reader);
    }
  }

  function enter({ hookId, owner, waitMs, signal }: WaitingRequest): Entered {
    const ofOwner = countOf.get(owner) ?? 0;
    if (ofOwner >= FEED_WAITING_PER_OWNER_MAX) return { kind: "too-many-of-owner" };
    if (count >= FEED_WAITING_MAX) return { kind: "too-many" };
    const reader: Reader = { hookId, sleeping: null, hasNews: false, isOver: isStopping || signal.aborted };
    const ofHook = readersOf.get(hookId) ?? new Set();
    readersOf.set(hookId, ofHook.add(reader));
    countOf.set(owner, ofOwner + 1);
    count += 1;
    const onGone = (): void => end(reader);
    signal.addEventListener("abort", onGone);
    const cancel = clock.after(waitMs, onGone);
    looks.begin();

    return {
      kind: "entered",
      place: {
        ended: (after) => ended(reader, after),
        leave() {
          cancel();
          signal.removeEventListener("abort", onGone);
          if (!ofHook.delete(reader)) return;
          if (ofHook.size === 0) readersOf.delete(hookId);
          count -= 1;
          const left = (countOf.get(owner) ?? 1) - 1;
          if (left === 0) countOf.delete(owner);
          else countOf.set(owner, left);
        },
      },
    };
  }

  return {
    name: "feeds",
    enter,
    told(ingested) {
      if (count === 0) return;
      for (const hookId of hooksOf(ingested)) for (const reader of readersOf.get(hookId) ?? []) wake(reader);
    },
    lookSoon: looks.soon,
    count: () => count,
    async start() {},
    async stop() {
      isStopping = true;
      looks.end();
      for (const reader of readers()) end(reader);
    },
  };
}

function ended(reader: Reader, after: number): Promise<"stored" | "over"> {
  const { hasNews, isOver } = reader;
  reader.hasNews = false;
  if (isOver || hasNews) return Promise.resolve(isOver ? "over" : "stored");
  return new Promise((resolve) => {
    reader.sleeping = {
      after,
      wake(how) {
        reader.sleeping = null;
        resolve(how);
      },
    };
  });
}

function wake(reader: Reader): void {
  if (reader.sleeping === null) reader.hasNews = true;
  else reader.sleeping.wake("stored");
}

function end(reader: Reader): void {
  reader.isOver = true;
  reader.sleeping?.wake("over");
}

function* hooksOf(ingested: readonly Ingested[]): Iterable<HookId> {
  for (const one of ingested) {
    if (one.kind !== "accepted") continue;
    for (const { hook } of one.claims) yield hook.id;
    yield* one.left;
  }
}

interface Looks {
  begin(): void;
  soon(): void;
  end(): void;
}

/** One look after the other while anybody waits, each a pause after the last. */
function createLooks(
  clock: FeedWaitingDeps["clock"],
  look: () => Promise<void>,
  isWanted: () => boolean,
): Looks {
  let planned: { readonly isSoon: boolean; readonly cancel: Cancel } | null = null;
  let isLooking = false;
  let isAskedAgain = false;

  function plan(isSoon: boolean): void {
    planned?.cancel();
    planned = { isSoon, cancel: clock.after(isSoon ? LOOK_SOON_MS : LOOK_PAUSE_MS, () => void run()) };
  }

  async function run(): Promise<void> {
    planned = null;
    isLooking = true;
    isAskedAgain = false;
    // The store says itself that it is away; who waits is none the wiser, and is answered when its time is over.
    await look().catch(() => {});
    isLooking = false;
    if (isWanted()) plan(isAskedAgain);
  }

  return {
    begin() {
      if (planned === null && !isLooking) plan(false);
    },
    soon() {
      if (!isWanted()) return;
      if (isLooking) isAskedAgain = true;
      else if (planned?.isSoon !== true) plan(true);
    },
    end() {
      planned?.cancel();
      planned = null;
    },
  };
}
