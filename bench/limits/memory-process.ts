/**
 * What callers cost in memory, in a process of their own: `memory-process.ts SUBJECT CALLERS` with `--expose-gc`.
 * Every caller has used every limit. Prints one line of JSON.
 */
import { createLimiter } from "@trulinks/limits";
import { RateLimiterMemory } from "rate-limiter-flexible";
import { keyOf, ROOMY } from "./deciders.ts";

const [subject = "", count = "0"] = process.argv.slice(2);
const callers = Number(count);
const HOUR_MS = 3_600_000;

switch (subject) {
  case "limits":
    measureLimits();
    break;
  case "flexible":
    await measureFlexible();
    break;
  default:
    throw new Error(`nobody is called ${subject}`);
}

function measureLimits(): void {
  const limiter = createLimiter({ user: ROOMY });
  const operations = [
    limiter.operation({ method: "GET" }),
    limiter.operation({ method: "GET", resource: "search" }),
    limiter.operation({ method: "POST", isContent: true }),
  ];
  const nowMs = Date.now();
  const before = bytesInUse();
  for (let caller = 0; caller < callers; caller++) {
    const known = limiter.resolve("user", keyOf(caller), nowMs);
    for (const operation of operations) {
      const verdict = limiter.decide(known, operation, nowMs);
      if (verdict.kind === "admitted") limiter.release(verdict, nowMs);
    }
  }
  const after = bytesInUse();
  const remembered = limiter.callers;
  for (let steps = 0; limiter.callers > 0 && steps < callers; steps++)
    limiter.forgetIdle(nowMs + HOUR_MS, 100);
  print({ remembered, before, after, idle: bytesInUse(), left: limiter.callers });
}

async function measureFlexible(): Promise<void> {
  const limiter = new RateLimiterMemory({ points: 5_000, duration: 3_600 });
  const before = bytesInUse();
  for (let caller = 0; caller < callers; caller++) await limiter.consume(keyOf(caller));
  const after = bytesInUse();
  print({ remembered: callers, before, after, idle: Number.NaN, left: Number.NaN });
  // Its timers would keep the process for an hour.
  process.exit();
}

function bytesInUse(): number {
  if (globalThis.gc === undefined) throw new Error("start it with --expose-gc");
  for (let times = 0; times < 3; times++) globalThis.gc();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

interface Measured {
  readonly remembered: number;
  readonly before: number;
  readonly after: number;
  readonly idle: number;
  readonly left: number;
}

function print({ remembered, before, after, idle, left }: Measured): void {
  const bytes = (total: number): number => (total - before) / callers;
  process.stdout.write(
    `${JSON.stringify({ remembered, left, bytes_each: bytes(after), bytes_idle: bytes(idle) })}\n`,
  );
}
