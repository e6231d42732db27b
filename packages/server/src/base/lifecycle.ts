import type { Log } from "./log.ts";

/** Something that runs between `start` and `stop`. `stop` works after a half-finished start, too. */
export interface Part {
  readonly name: string;
  start(): Promise<void>;
  /** Finishes what is under way and returns; takes nothing new meanwhile. */
  stop(): Promise<void>;
}

export interface Lifecycle {
  /** Starts the parts in order. If one fails, those before it are stopped, last first, and its error is thrown. */
  start(parts: readonly Part[]): Promise<void>;
  /** Stops what was started, last first. A part that fails to stop is logged and does not hold up the others. */
  stop(): Promise<void>;
}

export function createLifecycle(log: Log): Lifecycle {
  const running: Part[] = [];
  let stopping: Promise<void> | null = null;

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
    async start(parts) {
      for (const part of parts) {
        running.push(part);
        try {
          await part.start();
        } catch (error) {
          await stopAll();
          throw error;
        }
      }
    },
    stop() {
      stopping ??= stopAll();
      return stopping;
    },
  };
}
