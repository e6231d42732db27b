/**
 * Group commit: calls that arrive while others are being stored go together into the next transaction. Where a
 * commit has to reach the disk, that is where the throughput comes from.
 */
import { Unavailable } from "../../base/unavailable.ts";

export interface Gathering<Call, Result> {
  /** Stores the calls in one step, and answers each in its place. */
  readonly run: (calls: readonly Call[]) => Promise<readonly Result[]>;
  readonly sizeOf: (call: Call) => number;
  /** A batch takes no further call once it is as large as this. */
  readonly sizeMax: number;
  /** Batches under way at once. */
  readonly batchesMax: number;
  /** Calls that may wait for a batch; one more is refused. */
  readonly waitingMax: number;
  /** Calls with the same key never share a batch. */
  readonly keyOf?: (call: Call) => string;
}

const CROWDED = "Too much waits to be stored. Try again.";
const CROWDED_RETRY_AFTER_S = 1;

interface Waiting<Call, Result> {
  readonly call: Call;
  readonly resolve: (result: Result) => void;
  readonly reject: (error: unknown) => void;
}

export function gather<Call, Result>(options: Gathering<Call, Result>): (call: Call) => Promise<Result> {
  let queue: Waiting<Call, Result>[] = [];
  let batchesRunning = 0;

  function startNext(): void {
    if (queue.length === 0 || batchesRunning === options.batchesMax) return;
    const { batch, left } = takeBatch(queue, options);
    queue = left;
    batchesRunning += 1;
    void runBatch(batch, options.run).finally(() => {
      batchesRunning -= 1;
      startNext();
    });
  }

  return (call) => {
    if (queue.length >= options.waitingMax)
      return Promise.reject(new Unavailable(CROWDED, CROWDED_RETRY_AFTER_S));
    return new Promise<Result>((resolve, reject) => {
      queue.push({ call, resolve, reject });
      startNext();
    });
  };
}

function takeBatch<Call, Result>(
  queue: readonly Waiting<Call, Result>[],
  { sizeOf, sizeMax, keyOf }: Gathering<Call, Result>,
): { readonly batch: readonly Waiting<Call, Result>[]; readonly left: Waiting<Call, Result>[] } {
  const batch: Waiting<Call, Result>[] = [];
  const left: Waiting<Call, Result>[] = [];
  const keys = new Set<string>();
  let size = 0;
  for (const waiting of queue) {
    const key = keyOf?.(waiting.call);
    if (size >= sizeMax || (key !== undefined && keys.has(key))) {
      left.push(waiting);
      continue;
    }
    batch.push(waiting);
    size += sizeOf(waiting.call);
    if (key !== undefined) keys.add(key);
  }
  return { batch, left };
}

async function runBatch<Call, Result>(
  batch: readonly Waiting<Call, Result>[],
  run: (calls: readonly Call[]) => Promise<readonly Result[]>,
): Promise<void> {
  try {
    const results = await run(batch.map(({ call }) => call));
    for (const [index, { resolve }] of batch.entries()) resolve(results[index] as Result);
  } catch (error) {
    // Nothing was stored. What is wrong with one must not hurt its neighbours, so each is tried on its own; but a
    // database that is away is away for all of them.
    if (batch.length > 1 && !(error instanceof Unavailable)) {
      for (const waiting of batch) await runBatch([waiting], run);
    } else {
      for (const { reject } of batch) reject(error);
    }
  }
}
