/** The bench of the catch-up feed: what a thousand readers cost who wait, and how soon they have what comes. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Bar, Bench, BenchOptions, PartResult, Row, Sample } from "../bench.ts";
import { inLanes } from "../contenders/in-lanes.ts";
import type { PlatformUnderTest } from "../contenders/platform.ts";
import { startServices } from "../contenders/services.ts";
import { ours, type System } from "../contenders/systems.ts";
import { EVENT_TYPE, userId } from "../load/request-bytes.ts";
import { monotonicMs } from "../measure/monotonic.ts";
import { cpuBetween, readCpu } from "../measure/processes.ts";
import { rowOf } from "../measure/rows.ts";
import { percentile } from "../measure/statistics.ts";
import { type ReaderOf, type Readers, startReaders } from "./readers.ts";

const READERS = { full: 1_000, quick: 50 };
/** Events a second, each to the hook of one reader. */
const EVENTS_PER_S = 50;
const LANES = 16;
/** A core's share that so many may take who only wait. */
const PERCENT_MAX = 5;
const SETTLE_MS = 5_000;
const ARRIVE_MS_MAX = 10_000;

export const feed: Bench = {
  name: "feed",
  summary: "A thousand receivers that nobody can reach, each waiting for its feed by long poll",
  parts: ["waiting", "woken"],
  async run(options) {
    const services = await startServices(process.env["CI"] !== undefined);
    try {
      const samples = new Map<string, Map<string, Sample[]>>(options.only.map((part) => [part, new Map()]));
      const faults: string[] = [];
      for (const system of ours(services)) {
        await measureSystem(
          system,
          options,
          (part, sample) => {
            const ofPart = samples.get(part);
            ofPart?.set(system.name, [...(ofPart.get(system.name) ?? []), sample]);
          },
          faults,
        );
      }
      return options.only.map((part) => resultOf(part, samples.get(part) ?? new Map(), faults));
    } finally {
      await services.stop();
    }
  },
};

type Keep = (part: string, sample: Sample) => void;

async function measureSystem(
  system: System,
  { isQuick, only, rounds, rows, secondsPerRound, onProgress }: BenchOptions,
  keep: Keep,
  faults: string[],
): Promise<void> {
  const users = rows ?? (isQuick ? READERS.quick : READERS.full);
  onProgress(`feed  ${system.name}: ${users} hooks`);
  const prepared = await system.prepare({ receiverUrl: "https://127.0.0.1:9", pathFirst: 0, users });
  const under = prepared.platform as PlatformUnderTest;
  try {
    const readers = startReaders(under.platform.publicUrl, await makeReaders(under));
    try {
      // Until everybody waits, and what was compiled on the way is.
      await sleep(isQuick ? SETTLE_MS / 10 : SETTLE_MS);
      for (const part of only) {
        for (let round = 1; round <= rounds; round++) {
          onProgress(`${part}  round ${round}/${rounds}  ${system.name}`);
          keep(
            part,
            await measure(under, readers, { perS: part === "woken" ? EVENTS_PER_S : 0, secondsPerRound }),
          );
        }
      }
      faults.push(...readers.failures.map((failure) => `${system.name}: ${failure}`));
    } finally {
      await readers.close();
    }
  } finally {
    await prepared.close();
  }
}

/** Hooks that are sent nothing, each with its owner's own token. */
async function makeReaders(under: PlatformUnderTest): Promise<readonly ReaderOf[]> {
  return inLanes(under.hookIds.length, LANES, async (index) => {
    const hook = under.hookIds[index] ?? "";
    await under.patch(`/v1/hooks/${hook}`, { state: "paused" });
    const { token } = (await under.post("/v1/tokens", { user: userId(index) })) as { readonly token: string };
    return { hook, token };
  });
}

const numbers = new WeakMap<PlatformUnderTest, Map<string, number>>();

async function measure(
  under: PlatformUnderTest,
  { answers }: Readers,
  { perS, secondsPerRound }: { readonly perS: number; readonly secondsPerRound: number },
): Promise<Sample> {
  const processes = under.processes();
  const [before, beginMs, countBefore] = [readCpu(processes), monotonicMs(), answers.count];
  const published = await publish(under, { perS, seconds: secondsPerRound });
  await sleep(Math.max(0, beginMs + secondsPerRound * 1_000 - monotonicMs()));
  const spent = cpuBetween(before, readCpu(processes));
  const seconds = (monotonicMs() - beginMs) / 1_000;
  const untilMs = monotonicMs() + ARRIVE_MS_MAX;
  while (published.some(({ key }) => !answers.atMs.has(key)) && monotonicMs() < untilMs) await sleep(20);
  const percent = (ms: number | undefined): number => (ms === undefined ? Number.NaN : ms / seconds / 10);
  const lateMs = published.map(({ key, answeredMs }) =>
    Math.max(0, (answers.atMs.get(key) ?? Number.NaN) - answeredMs),
  );
  return {
    percent: percent(spent.sender),
    service_percent: percent(spent.service),
    answers_per_s: (answers.count - countBefore) / seconds,
    missing: published.filter(({ key }) => !answers.atMs.has(key)).length,
    p50_ms: percentile(lateMs, 0.5),
    p99_ms: percentile(lateMs, 0.99),
  };
}

interface Published {
  /** Hook and number. */
  readonly key: string;
  readonly answeredMs: number;
}

/** By the clock, one reader after the other. */
async function publish(
  under: PlatformUnderTest,
  { perS, seconds }: { readonly perS: number; readonly seconds: number },
): Promise<readonly Published[]> {
  const lastOf = numbers.get(under) ?? new Map<string, number>();
  numbers.set(under, lastOf);
  const beginMs = monotonicMs();
  const count = Math.floor(perS * seconds);
  return Promise.all(
    Array.from({ length: count }, async (_, n) => {
      const index = n % under.hookIds.length;
      const hook = under.hookIds[index] ?? "";
      const sequence = (lastOf.get(hook) ?? 0) + 1;
      lastOf.set(hook, sequence);
      await sleep(Math.max(0, beginMs + (n / perS) * 1_000 - monotonicMs()));
      await under.post("/v1/events", { type: EVENT_TYPE, users: [userId(index)], data: { n } });
      return { key: `${hook} ${sequence}`, answeredMs: monotonicMs() };
    }),
  );
}

function resultOf(
  part: string,
  samples: ReadonlyMap<string, readonly Sample[]>,
  faults: readonly string[],
): PartResult {
  const rows = [...samples].map(([name, rounds]) => rowOf(name, "us", rounds));
  const isWoken = part === "woken";
  const missing = rows.filter(({ rounds }) => rounds.some((round) => (round["missing"] ?? 0) > 0));
  return {
    part,
    title: isWoken
      ? `${EVENTS_PER_S} events a second, each for one of those who wait`
      : "Everybody waits, and nothing comes",
    columns: isWoken ? [...COLUMNS, ...WOKEN] : COLUMNS,
    rows,
    headline: "percent",
    notes: [
      "percent: CPU time of the platform's process, of one core; service: of the database beside it. Each reader asks again after 30 s.",
      ...(isWoken ? ["ms: from the 202 that the provider has read to the answer that the reader has."] : []),
    ],
    bars: isWoken ? [] : rows.map(barOf),
    faults: [...faults, ...missing.map(({ name }) => `${name}: something was not read`)],
  };
}

const COLUMNS = [
  { name: "percent", unit: "% of a core", digits: 2 },
  { name: "service_percent", unit: "% of a core", digits: 2 },
  { name: "answers_per_s", unit: "answers/s", digits: 1 },
] as const;

const WOKEN = [
  { name: "p50_ms", unit: "ms", digits: 1 },
  { name: "p99_ms", unit: "ms", digits: 1 },
] as const;

function barOf({ name, values }: Row): Bar {
  const percent = values["percent"] ?? Number.NaN;
  return {
    what: `readers who wait: ${name}`,
    wanted: `< ${PERCENT_MAX} % of a core`,
    measured: `${percent.toFixed(2)} %`,
    isMet: percent < PERCENT_MAX,
  };
}
