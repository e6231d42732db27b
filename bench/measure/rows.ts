/** Rounds become rows: the median of each figure. */
import type { Row, Sample } from "../bench.ts";
import { median } from "./statistics.ts";

export function rowOf(name: string, kind: Row["kind"], rounds: readonly Sample[]): Row {
  const columns = new Set(rounds.flatMap((round) => Object.keys(round)));
  const values = [...columns].map((column) => [
    column,
    median(rounds.map((round) => round[column] ?? Number.NaN)),
  ]);
  return { name, kind, values: Object.fromEntries(values), rounds };
}

/** Rounds of the same index ran beside each other, so their ratios are taken before the median: noise cancels out. */
export function ratioOf(column: string, rounds: readonly Sample[], others: readonly Sample[]): number {
  return median(
    rounds.map((round, index) => (round[column] ?? Number.NaN) / (others[index]?.[column] ?? Number.NaN)),
  );
}
