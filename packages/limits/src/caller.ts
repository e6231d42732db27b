import type { Callers } from "./callers.ts";
import type { Lane } from "./lane.ts";

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
  lane: Lane | null = null;

  constructor(key: string, callers: Callers) {
    this.key = key;
    this.callers = callers;
  }
}
