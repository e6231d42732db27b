import type { Clock } from "../../packages/server/src/base/clock.ts";

/** A clock that stands still while anything runs, and then jumps to the next thing that somebody waits for. */
export interface VirtualTime {
  readonly clock: Clock;
  /** Lets time pass until `untilMs`, or until `isOver`. */
  run(untilMs: number, isOver?: () => boolean): Promise<void>;
}

interface Timer {
  readonly atMs: number;
  readonly order: number;
  readonly fire: () => void;
}

export function createVirtualTime(startMs: number): VirtualTime {
  const timers = new Set<Timer>();
  let nowMs = startMs;
  let order = 0;

  function after(delayMs: number, run: () => void): () => void {
    const timer: Timer = {
      atMs: nowMs + Math.max(0, Math.ceil(delayMs)),
      order: order++,
      fire() {
        timers.delete(timer);
        run();
      },
    };
    timers.add(timer);
    return () => timers.delete(timer);
  }

  function next(): Timer | undefined {
    let first: Timer | undefined;
    for (const timer of timers) {
      if (first === undefined || timer.atMs < first.atMs) first = timer;
      else if (timer.atMs === first.atMs && timer.order < first.order) first = timer;
    }
    return first;
  }

  return {
    clock: {
      now: () => nowMs,
      monotonic: () => nowMs - startMs,
      after,
      sleep: (delayMs, signal) =>
        new Promise((resolve, reject) => {
          if (signal?.aborted) return reject(signal.reason);
          const cancel = after(delayMs, resolve);
          signal?.addEventListener("abort", () => {
            cancel();
            reject(signal.reason);
          });
        }),
    },
    async run(untilMs, isOver = () => false) {
      for (;;) {
        // Nothing in a simulation leaves the process, so one turn of the real loop runs all that can run now.
        await new Promise<void>((resolve) => setImmediate(resolve));
        if (isOver()) return;
        const timer = next();
        if (timer === undefined || timer.atMs > untilMs) break;
        nowMs = timer.atMs;
        timer.fire();
      }
      nowMs = untilMs;
    },
  };
}
