/** Whose turn it is to try for a place: hooks in the order in which they came, each by what stands in its way. */
import type { Line } from "./backlog.ts";
import type { Trust } from "./ramp.ts";
import type { Obstacle } from "./slots.ts";

/** What came of a try. `trust`: that of what is next in the line, null if nothing is. */
export type Tried =
  | { readonly kind: "started"; readonly trust: Trust | null }
  | { readonly kind: "obstructed"; readonly by: Waits; readonly trust: Trust };

/** `pace`: its origin recovers, and is tried no faster. */
export type Waits = Obstacle | "pace";

export type TryLine = (line: Line) => Tried;

export interface Turns {
  /** Lines it up anew, for what stands in its way. */
  lineUp(line: Line, by: Waits, trust: Trust): void;
  /** Its hook has answered: if it was that which the line waits for, it may try again. */
  hookAnswered(line: Line, trust: Trust): void;
  /** Its origin has answered: those who wait for that try, in turn. */
  originAnswered(origin: string, tryLine: TryLine): void;
  /** Time has passed: of those who wait for their origin's pace the first try. */
  paceHasCome(tryLine: TryLine): void;
  /** Origins whose pace somebody waits for, and how many do. */
  paced(): ReadonlyMap<string, { readonly size: number }>;
  /** All others try, in turn; the trusted first. */
  pass(tryLine: TryLine): void;
  leave(line: Line): void;
  /** How many wait for any place, or for one of those that hooks have which are trusted no more than they are. */
  countOf(trust: Trust): number;
}

type Queue = Set<Line>;

const TRUSTED_FIRST = ["sound", "doubtful", "slow"] as const;

export function createTurns(): Turns {
  const anywhere: Readonly<Record<Trust, Queue>> = { sound: new Set(), doubtful: new Set(), slow: new Set() };
  const atOrigin = {
    sound: new Map<string, Queue>(),
    mistrusted: new Map<string, Queue>(),
    pace: new Map<string, Queue>(),
  };
  /** Those that are in none wait for their own hook. */
  const queueOf = new Map<Line, Queue>();

  function queueAt(origin: string, kind: keyof typeof atOrigin): Queue {
    const queues = atOrigin[kind];
    const queue = queues.get(origin) ?? new Set();
    queues.set(origin, queue);
    return queue;
  }

  function queueFor(line: Line, by: Waits, trust: Trust): Queue | null {
    if (by === "hook") return null;
    if (by === "pace") return queueAt(line.origin, "pace");
    return by === "origin"
      ? queueAt(line.origin, trust === "sound" ? "sound" : "mistrusted")
      : anywhere[trust];
  }

  function leave(line: Line): void {
    const queue = queueOf.get(line);
    queueOf.delete(line);
    queue?.delete(line);
    if (queue?.size !== 0) return;
    for (const queues of Object.values(atOrigin)) {
      if (queues.get(line.origin) === queue) queues.delete(line.origin);
    }
  }

  function move(line: Line, queue: Queue | null): void {
    leave(line);
    if (queue === null) return;
    queue.add(line);
    queueOf.set(line, queue);
  }

  /** Who has started goes to the end, who is obstructed otherwise goes elsewhere; the first who has to stay ends it. */
  function serve(queue: Queue | undefined, tryLine: TryLine): void {
    for (const line of queue ?? []) {
      const tried = tryLine(line);
      if (tried.kind === "started") {
        move(line, tried.trust === null ? null : anywhere[tried.trust]);
        continue;
      }
      const next = queueFor(line, tried.by, tried.trust);
      if (next === queue) return;
      move(line, next);
    }
  }

  return {
    lineUp(line, by, trust) {
      move(line, queueFor(line, by, trust));
    },
    hookAnswered(line, trust) {
      if (!queueOf.has(line)) move(line, anywhere[trust]);
    },
    originAnswered(origin, tryLine) {
      for (const queues of [atOrigin.sound, atOrigin.mistrusted]) serve(queues.get(origin), tryLine);
    },
    paceHasCome(tryLine) {
      for (const queue of atOrigin.pace.values()) serve(queue, tryLine);
    },
    paced: () => atOrigin.pace,
    pass(tryLine) {
      for (const trust of TRUSTED_FIRST) serve(anywhere[trust], tryLine);
    },
    leave,
    countOf: (trust) => anywhere[trust].size,
  };
}
