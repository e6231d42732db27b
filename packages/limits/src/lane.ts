/**
 * The requests of one caller that are under way, and those that wait for one of them to end. There is a lane only
 * while there is such a request, so it costs idle callers nothing.
 */
import type { Operation } from "./operation.ts";
import type { Trail } from "./pacing.ts";
import type { Serial } from "./rules.ts";
import type { Caller } from "./caller.ts";
import type { Verdict } from "./verdict.ts";

export class Lane {
  inFlight = 0;
  streams = 0;
  waiting: Waiting[] | null = null;
  trail: Trail | null = null;

  get isEmpty(): boolean {
    return this.inFlight === 0 && this.streams === 0 && this.waiting === null;
  }
}

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

export function hasRoom(lane: Lane | null, serial: Serial, operation: Operation): boolean {
  if (lane === null) return !operation.isStream || serial.streamsMax > 0;
  if (operation.isStream && lane.streams >= serial.streamsMax) return false;
  return lane.inFlight < serial.inFlightMax;
}

/** Whether a request that finds no room may wait for it. Streams end when they like, so nobody waits for one. */
export function mayWait(lane: Lane | null, serial: Serial, operation: Operation): boolean {
  if (lane === null || (operation.isStream && lane.streams >= serial.streamsMax)) return false;
  return (lane.waiting?.length ?? 0) < serial.waitingMax;
}

/** Takes it out of the line. False: it is not in it any more. */
export function leaveLine(lane: Lane, waiting: Waiting): boolean {
  const index = lane.waiting?.indexOf(waiting) ?? -1;
  if (index < 0) return false;
  lane.waiting?.splice(index, 1);
  if (lane.waiting?.length === 0) lane.waiting = null;
  return true;
}
