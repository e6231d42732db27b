/** Calls on their way to the thread and back: those of one turn go over together, as messages cost more than calls. */
import { Unavailable } from "../../base/unavailable.ts";
import type { Answer, Call } from "./batch.ts";
import { toError } from "./failure.ts";
import type { Carry } from "./ports.ts";
import type { ToWorker } from "./thread.ts";

/** Calls that wait for an answer. Beyond it the store is behind, and whoever comes is better told so at once. */
export const PENDING_CALLS_MAX = 20_000;

const RETRY_AFTER_S = 5;

export interface Outbox {
  readonly carry: Carry;
  /** Sends what has gathered, now. */
  flush(): void;
  takeAnswers(answers: readonly Answer[]): void;
  /** Rejects whatever waits for an answer: none will come. */
  rejectAll(error: Error): void;
  /** How many calls wait for an answer. */
  size(): number;
}

interface Pending {
  resolve(result: unknown): void;
  reject(error: unknown): void;
}

/** `post` throws if a message cannot be copied to another thread. */
export function createOutbox(post: (message: ToWorker) => void): Outbox {
  const pending = new Map<number, Pending>();
  let gathered: Call[] = [];
  let lastId = 0;

  function flush(): void {
    const calls = gathered;
    gathered = [];
    if (calls.length === 0) return;
    try {
      post(messageOf(calls));
    } catch {
      // One of them holds what cannot be copied: each goes alone, so that only that one fails.
      for (const call of calls) postAlone(call);
    }
  }

  function postAlone(call: Call): void {
    try {
      post(messageOf([call]));
    } catch (error) {
      take(call.id)?.reject(error);
    }
  }

  function take(id: number): Pending | undefined {
    const waiting = pending.get(id);
    pending.delete(id);
    return waiting;
  }

  return {
    flush,

    carry(port, verb, args) {
      if (pending.size >= PENDING_CALLS_MAX) return Promise.reject(overloaded());
      return new Promise((resolve, reject) => {
        lastId += 1;
        pending.set(lastId, { resolve, reject });
        if (gathered.length === 0) queueMicrotask(flush);
        gathered.push({ id: lastId, port, verb, args });
      });
    },

    takeAnswers(answers) {
      for (const answer of answers) {
        const waiting = take(answer.id);
        if (answer.kind === "done") waiting?.resolve(answer.result);
        else waiting?.reject(toError(answer.failure));
      }
    },

    rejectAll(error) {
      gathered = [];
      for (const waiting of pending.values()) waiting.reject(error);
      pending.clear();
    },

    size: () => pending.size,
  };
}

function overloaded(): Unavailable {
  return new Unavailable("The store has more to do than it can take.", RETRY_AFTER_S);
}

function messageOf(calls: readonly Call[]): ToWorker {
  return { kind: "calls", calls, characters: charactersOf(calls) };
}

/** How long the texts in a value are together; all else is small. */
function charactersOf(value: unknown): number {
  if (typeof value === "string") return value.length;
  if (typeof value !== "object" || value === null || ArrayBuffer.isView(value)) return 0;
  return Object.values(value).reduce<number>((sum, member) => sum + charactersOf(member), 0);
}
