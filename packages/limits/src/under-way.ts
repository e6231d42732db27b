/** The requests of one caller that are under way, and those that wait in line for one of them to end. */
import type { Caller } from "./caller.ts";
import type { Operation } from "./operation.ts";
import type { Serial } from "./rules.ts";
import type { Verdict } from "./verdict.ts";

/** A request that waits for its turn. It is no offence, and costs nothing until then. */
export interface Waiting {
  readonly kind: "waiting";
  readonly caller: Caller;
  readonly operation: Operation;
  /** By then `abandon` has to be called if it still waits. */
  readonly untilMs: number;
  /** Called once, at the end of another request of the same caller. */
  readonly onTurn: (verdict: Verdict) => void;
}

export function isBusy({ inFlight, streams, line }: Caller): boolean {
  return inFlight > 0 || streams > 0 || line !== null;
}

export function hasRoom({ inFlight, streams }: Caller, serial: Serial, { isStream }: Operation): boolean {
  return inFlight < serial.inFlightMax && !(isStream && streams >= serial.streamsMax);
}

/** Whether a request that finds no room may wait for it. Streams end when they like, so nobody waits for one. */
export function mayWait({ line, streams }: Caller, serial: Serial, { isStream }: Operation): boolean {
  return (line?.length ?? 0) < serial.waitingMax && !(isStream && streams >= serial.streamsMax);
}

export function joinLine(waiting: Waiting): void {
  waiting.caller.line ??= [];
  waiting.caller.line.push(waiting);
}

/** False: it is not in the line any more. */
export function leaveLine(waiting: Waiting): boolean {
  const { caller } = waiting;
  const index = caller.line?.indexOf(waiting) ?? -1;
  if (index < 0) return false;
  caller.line?.splice(index, 1);
  if (caller.line?.length === 0) caller.line = null;
  return true;
}
