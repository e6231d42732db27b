/** Milliseconds of the machine's monotonic clock: what one process notes can be compared with what another does. */
export function monotonicMs(): number {
  return performance.now() + OFFSET_MS;
}

// `hrtime` reads the shared clock but costs ten times as much as `performance.now`, which begins with the process.
const OFFSET_MS = Number(process.hrtime.bigint()) / 1e6 - performance.now();
