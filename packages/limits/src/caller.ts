import type { Callers } from "./callers.ts";
import type { Trail } from "./pacing.ts";
import type { Waiting } from "./under-way.ts";

/** Where the numbers of a caller lie that has been forgotten. */
export const NOWHERE = -1;

/**
 * One caller, resolved: what it has used lies at its slot, and deciding looks nothing up. It may be kept for as long
 * as one likes; should it have been forgotten meanwhile, it is looked up once more by its key.
 */
export class Caller {
  readonly key: string;
  readonly callers: Callers;
  slot = NOWHERE;
  inFlight = 0;
  streams = 0;
  /** Those that wait; null: nobody, which is nearly always so, and costs nothing. */
  line: Waiting[] | null = null;
  /** Writes that were booked while something else was under way; until nothing is. */
  trail: Trail | null = null;

  constructor(key: string, callers: Callers) {
    this.key = key;
    this.callers = callers;
  }
}
