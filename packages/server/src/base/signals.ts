import { constants } from "node:os";

export const STOP_SIGNALS = ["SIGTERM", "SIGINT"] as const;
export type StopSignal = (typeof STOP_SIGNALS)[number];

// What a shell reports for a process that a signal ended.
const SIGNAL_EXIT_BASE = 128;

/** Runs `run` at each SIGHUP, which would end the process otherwise. The answer takes the listener off again. */
export function onReloadSignal(run: () => void): () => void {
  process.on("SIGHUP", run);
  return () => void process.off("SIGHUP", run);
}

/**
 * Runs `run` at the first SIGTERM or SIGINT; the second one ends the process at once, for whoever cannot wait.
 * The answer takes the listeners off again.
 */
export function onStopSignal(run: (signal: StopSignal) => void): () => void {
  let asked = false;
  const listener = (signal: StopSignal): void => {
    if (asked) process.exit(SIGNAL_EXIT_BASE + constants.signals[signal]);
    asked = true;
    run(signal);
  };
  for (const signal of STOP_SIGNALS) process.on(signal, listener);
  return () => {
    for (const signal of STOP_SIGNALS) process.off(signal, listener);
  };
}
