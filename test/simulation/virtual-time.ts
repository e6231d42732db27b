import type { Clock } from "../../packages/server/src/base/clock.ts";

/** A clock that stands still while anything runs, and then jumps to the next thing that somebody waits for. */
export interface VirtualTime {
  readonly clock: Clock;
  /** Lets so much time pass, or less if it `isOver` before. */
  pass(durationMs: number, isOver?: () => boolean): Promise<void>;
  /** The host's clock is set: forwards, or back if negative. Whoever waits is not affected. */
  set(byMs: number): void;
  /** The latest time that the clock has ever told. */
  latestMs(): number;
}

interface Timer {
  readonly atMs: number;
  readonly order: number;
  readonly fire: () => void;
}

export function createVirtualTime(startMs: number): VirtualTime {
  const timers = new Set<Timer>();
  let elapsedMs = 0;
  let wallMs = startMs;
  let latestMs = startMs;
  let order = 0;

  function after(delayMs: number, run: () => void): () => void {
    const timer: Timer = {
      atMs: elapsedMs + Math.max(0, Math.ceil(delayMs)),
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
      now: () => wallMs + elapsedMs,
      monotonic: () => elapsedMs,
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
    async pass(durationMs, isOver = () => false) {
      const untilMs = elapsedMs + durationMs;
      for (;;) {
        // Nothing in a simulation leaves the process, so one turn of the real loop runs all that can run now.
        await new Promise<void>((resolve) => setImmediate(resolve));
        if (isOver()) return;
        const timer = next();
        if (timer === undefined || timer.atMs > untilMs) break;
        elapsedMs = timer.atMs;
        timer.fire();
      }
      if (Number.isFinite(untilMs)) elapsedMs = untilMs;
    },
    set(byMs) {
      latestMs = Math.max(latestMs, wallMs + elapsedMs);
      wallMs += byMs;
    },
    latestMs: () => Math.max(latestMs, wallMs + elapsedMs),
  };
}
