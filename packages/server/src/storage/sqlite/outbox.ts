/** Calls on their way to the thread and back: many go over together, as messages cost more than calls. */
import type { Clock } from "../../base/clock.ts";
import { Unavailable } from "../../base/unavailable.ts";
import type { Answer, Call } from "./batch.ts";
import { toError } from "./failure.ts";
import { createUnpacker, packArgs } from "./packing.ts";
import type { Carry } from "./ports.ts";
import type { ToWorker } from "./thread.ts";

/** Calls that wait for an answer. Beyond it the store is behind, and whoever comes is better told so at once. */
export const PENDING_CALLS_MAX = 20_000;

const RETRY_AFTER_S = 5;

/**
 * Nobody waits for a settlement: its hook has its place again already. So settlements linger until another call goes
 * over, or for so long, or until they are so many; each commit then carries more of them.
 */
const LINGERS = "settle";
export const LINGER_MS_MAX = 5;
const LINGERING_MAX = 256;

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
  readonly verb: string;
  readonly args: readonly unknown[];
  resolve(result: unknown): void;
  reject(error: unknown): void;
}

export interface OutboxDeps {
  /** Throws if a message cannot be copied to another thread. */
  readonly post: (message: ToWorker) => void;
  readonly clock: Pick<Clock, "after">;
}

export function createOutbox({ post, clock }: OutboxDeps): Outbox {
  const pending = new Map<number, Pending>();
  let gathered: Call[] = [];
  let isFlushDue = false;
  let isLingering = false;
  let lastId = 0;
  let unpacker = createUnpacker();

  function flush(): void {
    const calls = gathered;
    gathered = [];
    isFlushDue = false;
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

  function gather(call: Call): void {
    gathered.push(call);
    if (isFlushDue) return;
    if (call.verb !== LINGERS || gathered.length >= LINGERING_MAX) {
      isFlushDue = true;
      queueMicrotask(flush);
    } else if (!isLingering) {
      isLingering = true;
      clock.after(LINGER_MS_MAX, () => {
        isLingering = false;
        flush();
      });
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
        pending.set(lastId, { verb, args, resolve, reject });
        gather({ id: lastId, port, verb, args: packArgs(verb, args) });
      });
    },

    takeAnswers(answers) {
      for (const answer of answers) {
        const waiting = take(answer.id);
        if (waiting === undefined) continue;
        if (answer.kind === "done")
          waiting.resolve(unpacker.unpack(waiting.verb, answer.result, waiting.args));
        else waiting.reject(toError(answer.failure));
      }
    },

    rejectAll(error) {
      gathered = [];
      for (const waiting of pending.values()) waiting.reject(error);
      pending.clear();
      // The next thread tells of its hooks anew.
      unpacker = createUnpacker();
    },

    size: () => pending.size,
  };
}

function overloaded(): Unavailable {
  return new Unavailable("The store has more to do than it can take.", RETRY_AFTER_S);
}

function messageOf(calls: readonly Call[]): ToWorker {
  return { kind: "calls", calls, characters: calls.reduce((sum, { args }) => sum + charactersOf(args), 0) };
}

/** How long the texts in the arguments are; what is long crosses as one text. */
function charactersOf(args: readonly unknown[]): number {
  return args.reduce<number>((sum, arg) => sum + (typeof arg === "string" ? arg.length : 0), 0);
}
