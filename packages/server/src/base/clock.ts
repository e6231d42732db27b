import { setTimeout as sleep } from "node:timers/promises";

/** Time as an argument. Tests and simulations bring their own. */
export interface Clock {
  /** Milliseconds since 1970, a whole number. May jump when the host's clock is set. */
  now(): number;
  /** Milliseconds since some start, fractional; never goes back. For durations only. */
  monotonic(): number;
  /** Resolves after `delayMs`; rejects with the signal's reason when that is aborted first. */
  sleep(delayMs: number, signal?: AbortSignal): Promise<void>;
  /** Runs once after `delayMs` unless cancelled. Keeps no process alive. */
  after(delayMs: number, run: () => void): Cancel;
}

export type Cancel = () => void;

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  sleep: (delayMs, signal) => sleep(delayMs, undefined, signal ? { signal } : {}),
  after: (delayMs, run) => {
    const timer = setTimeout(run, delayMs);
    timer.unref();
    return () => clearTimeout(timer);
  },
};
