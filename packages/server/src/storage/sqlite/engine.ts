/** The side of the engine that lives on the caller's thread: it carries calls over and brings answers back. */
import type { Clock } from "../../base/clock.ts";
import type { Log } from "../../base/log.ts";
import { Unavailable } from "../../base/unavailable.ts";
import type { Storage } from "../storage.ts";
import type { Answer, Call } from "./batch.ts";
import { toError } from "./failure.ts";
import { type Carry, portsOf } from "./ports.ts";
import type { startThread, Thread } from "./thread.ts";

/** Calls that wait for an answer. Beyond it the store is behind, and whoever comes is better told so at once. */
export const PENDING_CALLS_MAX = 20_000;

const RESTART_DELAY_MS = 1_000;
const RETRY_AFTER_S = 5;

export interface EngineDeps {
  readonly file: string;
  readonly clock: Pick<Clock, "now" | "after">;
  readonly log: Log;
  readonly startThread: typeof startThread;
}

interface Pending {
  resolve(result: unknown): void;
  reject(error: unknown): void;
}

export async function startEngine({ file, clock, log, startThread }: EngineDeps): Promise<Storage> {
  const pending = new Map<number, Pending>();
  let outgoing: Call[] = [];
  let lastId = 0;
  let isClosing = false;
  // Null after the thread died, until another has started.
  let thread: Thread | null = null;

  function onAnswers(answers: readonly Answer[]): void {
    for (const answer of answers) {
      const call = pending.get(answer.id);
      pending.delete(answer.id);
      if (answer.kind === "done") call?.resolve(answer.result);
      else call?.reject(toError(answer.failure));
    }
  }

  async function start(): Promise<Thread> {
    const started = await startThread({ file, nowMs: clock.now() }, onAnswers);
    thread = started;
    void started.ended.then((error) => onEnd(error));
    return started;
  }

  function onEnd(error: unknown): void {
    thread = null;
    outgoing = [];
    for (const call of pending.values()) call.reject(gone());
    pending.clear();
    if (isClosing) return;
    log.error("storage.thread-died", { error });
    clock.after(RESTART_DELAY_MS, restart);
  }

  function restart(): void {
    if (isClosing) return;
    start().catch((error: unknown) => {
      log.error("storage.restart-failed", { error });
      clock.after(RESTART_DELAY_MS, restart);
    });
  }

  function flush(): void {
    const calls = outgoing;
    outgoing = [];
    try {
      if (calls.length > 0) thread?.post({ kind: "calls", calls, characters: charactersOf(calls) });
    } catch {
      // One of them holds what cannot be copied to another thread: each goes alone, so that only that one fails.
      for (const call of calls) postAlone(call);
    }
  }

  function postAlone(call: Call): void {
    try {
      thread?.post({ kind: "calls", calls: [call], characters: charactersOf(call.args) });
    } catch (error) {
      pending.get(call.id)?.reject(error);
      pending.delete(call.id);
    }
  }

  const carry: Carry = (port, verb, args) => {
    if (thread === null || isClosing) return Promise.reject(gone());
    if (pending.size >= PENDING_CALLS_MAX) return Promise.reject(overloaded());
    return new Promise((resolve, reject) => {
      lastId += 1;
      pending.set(lastId, { resolve, reject });
      // All calls of one turn go over together: messages cost more than calls.
      if (outgoing.length === 0) queueMicrotask(flush);
      outgoing.push({ id: lastId, port, verb, args });
    });
  };

  const { names } = await start();
  return {
    ...portsOf(names, carry),
    async close() {
      flush();
      isClosing = true;
      if (thread === null) return;
      thread.post({ kind: "close" });
      await thread.ended;
    },
  };
}

function gone(): Unavailable {
  return new Unavailable("The store has stopped.", RETRY_AFTER_S);
}

function overloaded(): Unavailable {
  return new Unavailable("The store has more to do than it can take.", RETRY_AFTER_S);
}

/** How long the texts in a value are together; all else is small. */
function charactersOf(value: unknown): number {
  if (typeof value === "string") return value.length;
  if (typeof value !== "object" || value === null || ArrayBuffer.isView(value)) return 0;
  return Object.values(value).reduce<number>((sum, member) => sum + charactersOf(member), 0);
}
