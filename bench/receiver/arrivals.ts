/** What came to the receiver, in the order it came; columns, since there are hundreds of thousands. */
export interface Arrivals {
  readonly count: number;
  /** The number that is the path of the hook's URL. */
  readonly hooks: Uint32Array;
  /** `data.n` of the event. */
  readonly numbers: Uint32Array;
  readonly sequences: Uint32Array;
  /** By the machine's monotonic clock. */
  readonly atMs: Float64Array;
  /** 1 where it was answered with 204, 0 where the receiver did anything else. */
  readonly answered: Uint8Array;
}

export interface ArrivalLog {
  add(hook: number, number: number, sequence: number, atMs: number, isAnswered: boolean): void;
  /** All since the last taking. */
  take(): Arrivals;
}

const COUNT_FIRST = 65_536;

export function createArrivalLog(): ArrivalLog {
  let columns = columnsOf(COUNT_FIRST);
  let count = 0;

  function grow(): void {
    const larger = columnsOf(columns.hooks.length * 2);
    for (const name of COLUMN_NAMES) larger[name].set(columns[name]);
    columns = larger;
  }

  return {
    add(hook, number, sequence, atMs, isAnswered) {
      if (count === columns.hooks.length) grow();
      columns.hooks[count] = hook;
      columns.numbers[count] = number;
      columns.sequences[count] = sequence;
      columns.atMs[count] = atMs;
      columns.answered[count] = isAnswered ? 1 : 0;
      count += 1;
    },
    take() {
      const { hooks, numbers, sequences, atMs, answered } = columns;
      const taken: Arrivals = {
        count,
        hooks: hooks.slice(0, count),
        numbers: numbers.slice(0, count),
        sequences: sequences.slice(0, count),
        atMs: atMs.slice(0, count),
        answered: answered.slice(0, count),
      };
      count = 0;
      return taken;
    },
  };
}

const COLUMN_NAMES = ["hooks", "numbers", "sequences", "atMs", "answered"] as const;

function columnsOf(length: number) {
  return {
    hooks: new Uint32Array(length),
    numbers: new Uint32Array(length),
    sequences: new Uint32Array(length),
    atMs: new Float64Array(length),
    answered: new Uint8Array(length),
  };
}
