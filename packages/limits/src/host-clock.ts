/** Time as an argument; and, for those who bring none, the host's. */
export interface LimitsClock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Runs once after `delayMs` unless the returned function is called. Keeps no process alive. */
  after(delayMs: number, run: () => void): () => void;
}

export const hostClock: LimitsClock = {
  now: () => Date.now(),
  after(delayMs, run) {
    const timer = setTimeout(run, delayMs);
    // Not everywhere is a timer more than a number.
    if (typeof timer === "object") timer.unref();
    return () => clearTimeout(timer);
  },
};
