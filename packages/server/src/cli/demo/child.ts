/** A program of the demo in a process of its own, which ends with ours. */
import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import type { Clock } from "../../base/clock.ts";
import { StartRefused } from "../../base/start-refused.ts";

export interface ChildOptions {
  /** As sentences about it begin: `The tracker`. */
  readonly name: string;
  readonly main: string;
  readonly env: Readonly<Record<string, string>>;
  readonly clock: Pick<Clock, "after">;
  /** A line for its operator: what it wrote to standard error, or that it ended by itself. */
  readonly onLine: (line: string) => void;
}

export interface Child {
  /** Resolves with the first line on its standard output; rejects if it ends before. */
  readonly ready: Promise<void>;
  stop(): Promise<void>;
}

const STOP_MS_MAX = 5_000;

export function startChild({ name, main, env, clock, onLine }: ChildOptions): Child {
  const child = spawn(process.execPath, ["--conditions", "trulinks-source", main], {
    env,
    // The IPC channel carries nothing: its end tells the child that we are gone, even if we were killed.
    stdio: ["ignore", "pipe", "pipe", "ipc"],
    // In a process group of its own, so that Ctrl-C reaches us alone and we stop things in order.
    detached: true,
  });
  let isStopping = false;
  let isReady = false;
  let lastLine: string | null = null;

  if (child.stderr) {
    createInterface({ input: child.stderr }).on("line", (line) => {
      lastLine = line;
      if (isReady) onLine(`${name}: ${line}`);
    });
  }
  const ended = new Promise<string>((resolve) => {
    child.once("error", (error) => resolve(`${name} could not be started: ${error.message}.`));
    // Not `exit`: what it wrote last is read by then.
    child.once("close", () => resolve(endSentence(name, child, lastLine)));
  });
  ended.then((sentence) => {
    if (isReady && !isStopping) onLine(sentence);
  });
  const ready = new Promise<void>((resolve, reject) => {
    child.stdout?.once("data", () => {
      isReady = true;
      resolve();
    });
    ended.then((sentence) => reject(new StartRefused(sentence)));
  });
  // Whoever waits for it hears of it; it may be that nobody does.
  ready.catch(() => {});

  return {
    ready,
    async stop() {
      isStopping = true;
      child.kill("SIGTERM");
      const cancel = clock.after(STOP_MS_MAX, () => child.kill("SIGKILL"));
      await ended;
      cancel();
    },
  };
}

function endSentence(name: string, { exitCode, signalCode }: ChildProcess, lastLine: string | null): string {
  const how = signalCode === null ? `with exit code ${exitCode}` : `by ${signalCode}`;
  return `${name} ended ${how}${lastLine === null ? "." : `: ${lastLine}`}`;
}
