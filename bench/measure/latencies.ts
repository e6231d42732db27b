/** How long events took, from what the load generator sent and what the receiver saw. */
import type { Sent } from "../load/open-loop.ts";
import type { Arrivals } from "../receiver/arrivals.ts";

export interface Latencies {
  /** From the 202 that was read to the arrival; 0 where the event was there first. */
  readonly fromAnswerMs: Float64Array;
  /** From the moment at which the request was due. */
  readonly fromDueMs: Float64Array;
  /** Events that were accepted and did not arrive. */
  readonly missing: number;
  readonly refused: number;
}

/** `isWanted`: which event numbers are looked at. Of several arrivals of one event the first counts. */
export function latenciesOf(
  sent: readonly Sent[],
  batch: number,
  arrivals: Arrivals,
  isWanted: (number: number) => boolean = () => true,
): Latencies {
  const firstMs = firstArrivals(arrivals);
  const fromAnswerMs: number[] = [];
  const fromDueMs: number[] = [];
  let missing = 0;
  let refused = 0;
  for (const { first, dueMs, answeredMs } of sent) {
    for (let number = first; number < first + batch; number++) {
      if (!isWanted(number)) continue;
      const atMs = firstMs.get(number);
      if (Number.isNaN(answeredMs)) refused += 1;
      else if (atMs === undefined) missing += 1;
      else {
        fromAnswerMs.push(Math.max(0, atMs - answeredMs));
        fromDueMs.push(atMs - dueMs);
      }
    }
  }
  return {
    fromAnswerMs: Float64Array.from(fromAnswerMs),
    fromDueMs: Float64Array.from(fromDueMs),
    missing,
    refused,
  };
}

function firstArrivals({ count, numbers, atMs }: Arrivals): ReadonlyMap<number, number> {
  const first = new Map<number, number>();
  for (let index = 0; index < count; index++) {
    const number = numbers[index] ?? 0;
    if (!first.has(number)) first.set(number, atMs[index] ?? Number.NaN);
  }
  return first;
}
