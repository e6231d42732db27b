import type { Clock } from "./clock.ts";
import type { Dice } from "./dice.ts";
import type { Log } from "./log.ts";

/** What is not ours to decide: time, chance, and who reads the log. */
export interface World {
  readonly clock: Clock;
  readonly dice: Dice;
  readonly log: Log;
}
