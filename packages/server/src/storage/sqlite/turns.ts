/**
 * Whose turn it is: hooks for which something is due, the longest due first, in memory. A time may be too early (what
 * was due has ended, or is kept), never too late: whoever takes a turn looks at the rows.
 */
import type { HookId } from "@trulinks/protocol";

export interface Turn {
  readonly hookId: HookId;
  readonly atMs: number;
}

export interface Turns {
  /** Something of the hook is due from `atMs` on. */
  note(hookId: HookId, atMs: number): void;
  first(): Turn | null;
  /** Takes out the first. */
  take(): Turn | null;
}

// Entries that another time has superseded go when they come to the top, or when there are as many as this.
const SUPERSEDED_MAX = 1_024;

export function createTurns(): Turns {
  /** A binary heap by time; an entry counts only while the hook still has that time. */
  let heap: Turn[] = [];
  const times = new Map<HookId, number>();

  function push(turn: Turn): void {
    let place = heap.length;
    while (place > 0) {
      const parent = (place - 1) >> 1;
      const above = heap[parent] as Turn;
      if (above.atMs <= turn.atMs) break;
      heap[place] = above;
      place = parent;
    }
    heap[place] = turn;
  }

  function pop(): void {
    const last = heap.pop() as Turn;
    if (heap.length === 0) return;
    let place = 0;
    for (;;) {
      let child = 2 * place + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && (heap[child + 1] as Turn).atMs < (heap[child] as Turn).atMs) child += 1;
      const below = heap[child] as Turn;
      if (last.atMs <= below.atMs) break;
      heap[place] = below;
      place = child;
    }
    heap[place] = last;
  }

  function first(): Turn | null {
    for (let turn = heap[0]; turn !== undefined; turn = heap[0]) {
      if (times.get(turn.hookId) === turn.atMs) return turn;
      pop();
    }
    return null;
  }

  function rebuild(): void {
    heap = [];
    for (const [hookId, atMs] of times) push({ hookId, atMs });
  }

  return {
    note(hookId, atMs) {
      if ((times.get(hookId) ?? Number.POSITIVE_INFINITY) <= atMs) return;
      times.set(hookId, atMs);
      push({ hookId, atMs });
      if (heap.length > 2 * times.size + SUPERSEDED_MAX) rebuild();
    },
    first,
    take() {
      const turn = first();
      if (turn === null) return null;
      pop();
      times.delete(turn.hookId);
      return turn;
    },
  };
}
