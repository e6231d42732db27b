/** What came of a trial: from what the provider was told, and what the receivers saw. Pure. */
import type { Sample } from "../bench.ts";
import type { Acknowledged } from "../load/patient-provider.ts";
import { percentile } from "../measure/statistics.ts";
import type { Arrivals } from "../receiver/arrivals.ts";

export interface Trial {
  readonly acknowledged: readonly Acknowledged[];
  readonly arrivals: readonly Arrivals[];
  /** When the trouble began and ended. */
  readonly troubleMs: readonly [begin: number, end: number];
  /** When it could go on: the process was started, the database answered. */
  readonly backMs: readonly number[];
  /** Whether the event is the troubled tenant's. */
  readonly isTroubled: (number: number) => boolean;
}

/** So much later than its acknowledgement no event comes where nothing is wrong. */
const LATE_MS = 1_000;

export function tally({ acknowledged, arrivals, troubleMs, backMs, isTroubled }: Trial): Sample {
  const first = new Map<number, number>();
  let taken = 0;
  let untaken = 0;
  for (const { count, numbers, atMs, answered } of arrivals) {
    for (let at = 0; at < count; at++) {
      if (answered[at] !== 1) {
        untaken += 1;
        continue;
      }
      taken += 1;
      const number = numbers[at] ?? 0;
      if (!first.has(number)) first.set(number, atMs[at] ?? Number.NaN);
    }
  }
  const healthy = acknowledged.filter(({ number }) => !isTroubled(number));
  const [beginMs, endMs] = troubleMs;
  const waits = (from: number, until: number): readonly number[] =>
    healthy
      .filter(({ atMs, number }) => atMs >= from && atMs < until && first.has(number))
      .map(({ atMs, number }) => Math.max(0, (first.get(number) ?? Number.NaN) - atMs));
  const before = waits(Number.NEGATIVE_INFINITY, beginMs);
  const during = waits(beginMs, endMs);
  return {
    accepted: acknowledged.length,
    received: acknowledged.filter(({ number }) => first.has(number)).length,
    lost: acknowledged.filter(({ number }) => !first.has(number)).length,
    twice: taken - first.size,
    untaken,
    late: acknowledged.filter(({ number, atMs }) => (first.get(number) ?? 0) - atMs > LATE_MS).length,
    resume_ms: resumeMs(first, backMs),
    p99_before_ms: percentile(before, 0.99),
    p50_ms: percentile(during, 0.5),
    p99_ms: percentile(during, 0.99),
  };
}

/** The longest time from when it could go on to the next first arrival; NaN: it always could. */
function resumeMs(first: ReadonlyMap<number, number>, backMs: readonly number[]): number {
  if (backMs.length === 0) return Number.NaN;
  const times = [...first.values()].sort((one, other) => one - other);
  return Math.max(
    ...backMs.map((back) => (times.find((time) => time >= back) ?? Number.POSITIVE_INFINITY) - back),
  );
}

/** How many requests came to a busy receiver sooner than it had asked for. */
export function tooSoon(arrivals: readonly Arrivals[], retryAfterS: number): number {
  const refusedMs = new Map<string, number>();
  let count = 0;
  for (const { count: rows, hooks, sequences, atMs, answered } of arrivals) {
    for (let at = 0; at < rows; at++) {
      const key = `${hooks[at]} ${sequences[at]}`;
      const nowMs = atMs[at] ?? 0;
      if (nowMs - (refusedMs.get(key) ?? Number.NEGATIVE_INFINITY) < retryAfterS * 1_000) count += 1;
      if (answered[at] === 0) refusedMs.set(key, nowMs);
      else refusedMs.delete(key);
    }
  }
  return count;
}
