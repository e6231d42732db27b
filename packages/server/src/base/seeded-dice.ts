import type { Dice } from "./dice.ts";

/** Chance that repeats for the same seed, for simulations. Worth nothing for secrets. */
export function seededDice(seed: number): Dice {
  let state = seed >>> 0;

  // Mulberry32 (Tommy Ettinger, public domain): 32 bits of state are plenty for one simulated run.
  function next(): number {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  }

  return {
    roll: () => next() / 2 ** 32,
    bytes: (count) => Uint8Array.from({ length: count }, () => next() >>> 24),
  };
}
