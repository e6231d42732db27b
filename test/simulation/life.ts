/** A process that may die between any two steps, and whose store may fail or be slow. What it waits for then never comes. */
import type { Clock } from "../../packages/server/src/base/clock.ts";
import type { Fate } from "./fate.ts";

export interface Life {
  isDead(): boolean;
  die(): void;
  /** From here on the process dies no more, and its store works. */
  becomeSafe(): void;
  /** The same verbs of a store: each may be the last, fail, take long or be done twice, before and after it took effect. */
  riskStore<Port extends object>(port: Port): Port;
  /** The same function, before and after which the process may die. */
  risk<Args extends readonly unknown[], Result>(
    act: (...args: Args) => Promise<Result>,
  ): (...args: Args) => Promise<Result>;
  /** The same clock, whose timers end with the process. */
  mortal(clock: Clock): Clock;
}

export interface LifeDeps {
  readonly fate: Fate;
  readonly clock: Clock;
  readonly onDeath: () => void;
}

type Verb = (...args: readonly unknown[]) => Promise<unknown>;

export function createLife({ fate, clock, onDeath }: LifeDeps): Life {
  let isDead = false;
  let isSafe = false;

  const never = () => new Promise<never>(() => {});
  function die(): void {
    if (isDead) return;
    isDead = true;
    onDeath();
  }

  /** What may happen between two steps; true if it goes on. Nothing may come between asking this and going on. */
  function goesOn(canFail: boolean): boolean {
    const happens = isSafe || isDead ? "nothing" : fate.step();
    if (happens === "death") die();
    if (happens === "failure" && canFail) throw new Error("The store is away for a moment.");
    return !isDead;
  }

  async function useDisk(): Promise<void> {
    const diskMs = isSafe ? 0 : fate.diskMs();
    if (diskMs > 0) await clock.sleep(diskMs);
  }

  function riskVerb(verb: Verb): Verb {
    return async (...args) => {
      await useDisk();
      if (!goesOn(true)) return never();
      const isDoubled = !isSafe && fate.isDoubled();
      let result = await verb(...args);
      if (isDoubled && !isDead) result = await verb(...args);
      await useDisk();
      return goesOn(true) ? result : never();
    };
  }

  return {
    isDead: () => isDead,
    die,
    becomeSafe() {
      isSafe = true;
    },
    riskStore: (port) => {
      const verbs = Object.entries(port).map(([name, verb]: [string, Verb]) => [name, riskVerb(verb)]);
      return Object.fromEntries(verbs) as typeof port;
    },
    risk:
      (act) =>
      async (...args) => {
        if (!goesOn(false)) return never();
        const result = await act(...args);
        return goesOn(false) ? result : never();
      },
    mortal: (immortal) => ({
      ...immortal,
      sleep: async (delayMs, signal) => {
        await immortal.sleep(delayMs, signal).catch((error) => (isDead ? never() : Promise.reject(error)));
        if (isDead) return never();
      },
      after: (delayMs, run) => immortal.after(delayMs, () => isDead || run()),
    }),
  };
}
