/** What a bench is: parts that can be run alone, each with a table of figures and the bars that they are held against. */

/** One figure of one round, by column, such as `delivered_per_s`; NaN where there is none. */
export type Sample = Readonly<Record<string, number>>;

export interface Bench {
  readonly name: string;
  readonly summary: string;
  /** In the order in which they run. */
  readonly parts: readonly string[];
  run(options: BenchOptions): Promise<readonly PartResult[]>;
}

export interface BenchOptions {
  /** Which parts; each is one of the bench's. */
  readonly only: readonly string[];
  readonly rounds: number;
  readonly secondsPerRound: number;
  /** How many of what the bench has many of; null: as many as the bars are meant for. */
  readonly rows: number | null;
  /** A run of seconds in all, over small numbers of everything: that it works, not how fast. */
  readonly isQuick: boolean;
  readonly onProgress: (line: string) => void;
}

export interface Column {
  readonly name: string;
  readonly unit: string;
  readonly digits: number;
}

export interface Row {
  readonly name: string;
  /** `us`, another system that does the same (`peer`), or the least work that could do it at all (`limit`). */
  readonly kind: "us" | "peer" | "limit";
  /** Medians of the rounds. */
  readonly values: Sample;
  readonly rounds: readonly Sample[];
}

/** What was asked for, and what came out. */
export interface Bar {
  readonly what: string;
  readonly wanted: string;
  readonly measured: string;
  readonly isMet: boolean;
}

export interface PartResult {
  readonly part: string;
  readonly title: string;
  readonly columns: readonly Column[];
  readonly rows: readonly Row[];
  /** The column that is drawn; null where a drawing would say nothing. */
  readonly headline: string | null;
  /** What one has to know to read the figures. */
  readonly notes: readonly string[];
  readonly bars: readonly Bar[];
  /** What must not be, however fast: events that were lost, a store that tells another story than the receiver. */
  readonly faults: readonly string[];
}
