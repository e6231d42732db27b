/** Keeps the live line up to date: in place on a terminal, else as plain lines. */
import type { Cancel, Clock } from "../../base/clock.ts";
import type { Activity } from "./activity.ts";
import { renderTally } from "./screen.ts";

export interface DemoOutput {
  write(text: string): void;
  /** The terminal's width now; null where the output is no terminal. */
  columns(): number | null;
}

export interface LiveLine {
  /** Runs something that writes lines of its own, and puts the live line below them. */
  makeRoom(write: () => void): void;
  stop(): void;
}

const REPAINT_MS = 100;
const LINE_GAP_MS = 1_000;
const CLEAR_LINE = "\r\u001b[2K";

export function startLiveLine(activity: Activity, output: DemoOutput, clock: Pick<Clock, "after">): LiveLine {
  const isTerminal = output.columns() !== null;
  let shown = "";
  let isChanged = false;
  let isStopped = false;
  let cancel: Cancel | null = null;

  function paint(): void {
    const line = renderTally(activity.tally(), output.columns());
    if (line === shown) return;
    shown = line;
    output.write(isTerminal ? `${CLEAR_LINE}${line}` : `${line}\n`);
  }

  /** Paints now, and what changes meanwhile when the gap is over. */
  function refresh(): void {
    if (cancel !== null) {
      isChanged = true;
      return;
    }
    paint();
    cancel = clock.after(isTerminal ? REPAINT_MS : LINE_GAP_MS, () => {
      cancel = null;
      if (!isChanged) return;
      isChanged = false;
      refresh();
    });
  }

  activity.onChange(refresh);
  paint();
  return {
    makeRoom(write) {
      if (isStopped || !isTerminal) return write();
      output.write(CLEAR_LINE);
      write();
      shown = "";
      paint();
    },
    stop() {
      isStopped = true;
      activity.onChange(() => {});
      cancel?.();
      // The last numbers are the true ones, and the shell's prompt begins a line of its own.
      paint();
      if (isTerminal) output.write("\n");
    },
  };
}
