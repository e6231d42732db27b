/** What happens to a process: by chance, or at a step that was chosen. */
import type { Dice } from "../../packages/server/src/base/dice.ts";

export interface Fate {
  /** Asked between any two steps that others could notice. */
  step(): "nothing" | "death" | "failure";
  /** How long the disk takes with a verb. */
  diskMs(): number;
  /** Whether a verb is carried out twice, as when a connection is lost before the answer has come. */
  isDoubled(): boolean;
}

export interface Dangers {
  readonly deathChance: number;
  readonly failureChance: number;
  readonly slowChance: number;
  readonly doubleChance: number;
}

const DISK_MS_MAX = 4_000;

export function fateByChance(dice: Pick<Dice, "roll">, dangers: Dangers): Fate {
  return {
    step() {
      const point = dice.roll();
      if (point < dangers.deathChance) return "death";
      return point < dangers.deathChance + dangers.failureChance ? "failure" : "nothing";
    },
    diskMs: () => (dice.roll() < dangers.slowChance ? dice.roll() * DISK_MS_MAX : 0),
    isDoubled: () => dice.roll() < dangers.doubleChance,
  };
}

/** Dies at one step, the first being 0, and never again. `count`: how many steps there were. */
export function deathAt(step: number): Fate & { count(): number } {
  let count = 0;
  return {
    step: () => (count++ === step ? "death" : "nothing"),
    diskMs: () => 0,
    isDoubled: () => false,
    count: () => count,
  };
}
