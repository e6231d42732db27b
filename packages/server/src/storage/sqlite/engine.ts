/** The engine as its caller has it: a thread that is started again if it dies, and calls that go to it. */
import type { Clock } from "../../base/clock.ts";
import type { Log } from "../../base/log.ts";
import { Unavailable } from "../../base/unavailable.ts";
import type { CommittedFact, Storage } from "../storage.ts";
import { createOutbox } from "./outbox.ts";
import { portsOf } from "./ports.ts";
import type { startThread, Thread } from "./thread.ts";

const RESTART_DELAY_MS = 1_000;
const RETRY_AFTER_S = 5;

export interface EngineDeps {
  readonly file: string;
  readonly clock: Pick<Clock, "after">;
  readonly log: Log;
  readonly onFact?: ((fact: CommittedFact) => void) | undefined;
  readonly startThread: typeof startThread;
}

export async function startEngine({ file, clock, log, onFact, startThread }: EngineDeps): Promise<Storage> {
  // Null after the thread died, until another has started.
  let thread: Thread | null = null;
  let isClosing = false;
  const outbox = createOutbox({ post: (message) => thread?.post(message), clock });

  async function start(): Promise<Thread> {
    const started = await startThread({ file }, (answers, durationMs) => {
      outbox.takeAnswers(answers);
      if (durationMs !== null) onFact?.({ kind: "committed", durationMs });
    });
    thread = started;
    void started.ended.then(onEnd);
    return started;
  }

  function onEnd(error: unknown): void {
    thread = null;
    outbox.rejectAll(stopped());
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

  const { names } = await start();
  const ports = portsOf(names, (port, verb, args) =>
    thread === null || isClosing ? Promise.reject(stopped()) : outbox.carry(port, verb, args),
  );
  return {
    ...ports,
    load: () => ({ callsWaiting: outbox.size(), connections: null }),
    async close() {
      isClosing = true;
      if (thread === null) return;
      const { ended } = thread;
      outbox.flush();
      thread.post({ kind: "close" });
      await ended;
    },
  };
}

function stopped(): Unavailable {
  return new Unavailable("The store has stopped.", RETRY_AFTER_S);
}
