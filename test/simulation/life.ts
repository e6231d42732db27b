/** A process that may die between any two steps, and whose store may fail. What it waits for then never comes. */
import type { Clock } from "../../packages/server/src/base/clock.ts";
import type { Dice } from "../../packages/server/src/base/dice.ts";

export interface Life {
  isDead(): boolean;
  /** From here on the process dies no more, and its store works. */
  becomeSafe(): void;
  /**
   * The same verbs, each of which may be the last: before it took effect, or before its answer came. With
   * `canFail` each may also throw, likewise before or after.
   */
  risk<Port extends object>(port: Port, canFail: boolean): Port;
  /** The same clock, whose timers end with the process. */
  mortal(clock: Clock): Clock;
}

export interface Dangers {
  readonly deathChance: number;
  readonly failureChance: number;
}

type Verb = (...args: readonly unknown[]) => Promise<unknown>;

export function createLife(dice: Dice, { deathChance, failureChance }: Dangers, onDeath: () => void): Life {
  let isDead = false;
  let isSafe = false;

  const strikes = (chance: number) => !isSafe && dice.roll() < chance;
  const never = () => new Promise<never>(() => {});
  function die(): Promise<never> {
    if (!isDead) onDeath();
    isDead = true;
    return never();
  }
  /** What may happen between two steps. */
  async function pass(canFail: boolean): Promise<void> {
    if (isDead || strikes(deathChance)) return die();
    if (canFail && strikes(failureChance)) throw new Error("The store is away for a moment.");
  }

  return {
    isDead: () => isDead,
    becomeSafe() {
      isSafe = true;
    },
    risk(port, canFail) {
      const risked = Object.entries(port).map(([name, verb]: [string, Verb]): [string, Verb] => [
        name,
        async (...args) => {
          await pass(canFail);
          const result = await verb(...args);
          await pass(canFail);
          return result;
        },
      ]);
      return Object.fromEntries(risked) as typeof port;
    },
    mortal: (clock) => ({
      ...clock,
      sleep: async (delayMs, signal) => {
        await clock.sleep(delayMs, signal).catch((error) => (isDead ? never() : Promise.reject(error)));
        if (isDead) return never();
      },
      after: (delayMs, run) => clock.after(delayMs, () => isDead || run()),
    }),
  };
}
