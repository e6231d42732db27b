import type { Log } from "./log.ts";

/** Something that runs between `start` and `stop`. `stop` works after a half-finished start, too. */
export interface Part {
  readonly name: string;
  start(): Promise<void>;
  /** Finishes what is under way and returns; takes nothing new meanwhile. */
  stop(): Promise<void>;
}

export interface Lifecycle {
  /**
   * Starts the parts in order. If one fails, those before it are stopped, last first, and its error is thrown.
   * Throws `StoppedWhileStarting` if `stop` is called meanwhile; what was started is stopped then.
   */
  start(parts: readonly Part[]): Promise<void>;
  /**
   * Stops what was started, last first; a part that is just starting may finish that first. A part that fails to
   * stop is logged and does not hold up the others. Asked twice, it is done once. For good: nothing starts after it.
   */
  stop(): Promise<void>;
}

export class StoppedWhileStarting extends Error {
  constructor() {
    super("Stopped while starting.");
    this.name = "StoppedWhileStarting";
  }
}

export function createLifecycle(log: Log): Lifecycle {
  const running: Part[] = [];
  let startUnderWay: Promise<void> = Promise.resolve();
  let stopping: Promise<void> | null = null;

  async function startAll(parts: readonly Part[]): Promise<void> {
    try {
      for (const part of parts) {
        if (stopping !== null) throw new StoppedWhileStarting();
        running.push(part);
        await part.start();
      }
      if (stopping !== null) throw new StoppedWhileStarting();
    } catch (error) {
      await stopAll();
      throw error;
    }
  }

  async function stopAll(): Promise<void> {
    for (let part = running.pop(); part !== undefined; part = running.pop()) {
      try {
        await part.stop();
      } catch (error) {
        log.error("part.stop-failed", { part: part.name, error });
      }
    }
  }

  return {
    start(parts) {
      const started = startAll(parts);
      startUnderWay = started.catch(() => {});
      return started;
    },
    stop() {
      stopping ??= startUnderWay.then(stopAll);
      return stopping;
    },
  };
}
