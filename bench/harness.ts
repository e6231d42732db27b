/**
 * Runs contenders side by side: all of them in turn, round after round, in one run, so that a noisy machine is
 * noisy for everybody. What counts is the median over the rounds and the ratio to the physical limit.
 */

/** One figure of one round, by metric, such as `delivered_per_s`. */
export type Sample = Readonly<Record<string, number>>;

export interface Contender {
  readonly name: string;
  /** `us`, another system that does the same (`peer`), or the least work that could do it at all (`limit`). */
  readonly kind: "us" | "peer" | "limit";
  /** Starts what it needs; called once, before its first round. */
  prepare(): Promise<Prepared>;
}

export interface Prepared {
  /** One round. The first one is the warm-up and is thrown away. */
  run(seconds: number): Promise<Sample>;
  close(): Promise<void>;
}

export interface Bench {
  readonly name: string;
  readonly summary: string;
  /** The metric whose ratio to the limit is quoted and drawn. */
  readonly headline: string;
  /** Metrics in the order of the table, with their unit. */
  readonly metrics: readonly { readonly name: string; readonly unit: string; readonly digits: number }[];
  contenders(): Promise<readonly Contender[]>;
}

export interface Row {
  readonly contender: string;
  readonly kind: Contender["kind"];
  readonly median: Sample;
  readonly rounds: readonly Sample[];
  /** Median of this contender's headline over that of the limit, or null if the bench has none. */
  readonly ratioToLimit: number | null;
}

export interface RunOptions {
  readonly rounds: number;
  readonly secondsPerRound: number;
  readonly onProgress: (line: string) => void;
}

export async function runBench(bench: Bench, options: RunOptions): Promise<readonly Row[]> {
  const entrants: { contender: Contender; prepared: Prepared; samples: Sample[] }[] = [];
  try {
    for (const contender of await bench.contenders()) {
      options.onProgress(`prepare  ${contender.name}`);
      entrants.push({ contender, prepared: await contender.prepare(), samples: [] });
    }
    for (let round = 0; round <= options.rounds; round++) {
      for (const { contender, prepared, samples } of entrants) {
        options.onProgress(
          `${round === 0 ? "warm up " : `round ${round}/${options.rounds}`}  ${contender.name}`,
        );
        const sample = await prepared.run(
          round === 0 ? options.secondsPerRound / 2 : options.secondsPerRound,
        );
        if (round > 0) samples.push(sample);
      }
    }
  } finally {
    for (const { prepared } of entrants.reverse()) await prepared.close();
  }
  entrants.reverse();
  const medians = entrants.map(({ samples }) => medianSample(samples));
  const limit = medians[entrants.findIndex(({ contender }) => contender.kind === "limit")]?.[bench.headline];
  return entrants.map(({ contender, samples }, index) => {
    const median = medians[index] ?? {};
    const headline = median[bench.headline];
    return {
      contender: contender.name,
      kind: contender.kind,
      median,
      rounds: samples,
      ratioToLimit: limit !== undefined && headline !== undefined ? headline / limit : null,
    };
  });
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((left, right) => left - right);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? upper) + upper) / 2;
}

/** The value below which `share` of the values lie; nearest rank. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((left, right) => left - right);
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(share * sorted.length) - 1))] ?? Number.NaN;
}

function medianSample(samples: readonly Sample[]): Sample {
  const names = new Set(samples.flatMap((sample) => Object.keys(sample)));
  return Object.fromEntries(
    [...names].map((name) => [name, median(samples.map((sample) => sample[name] ?? Number.NaN))]),
  );
}
