/** From the 202 to the arrival, at half of the rate that a row reaches when it goes as fast as it can. Open loop. */
import type { Bar, PartResult, Row, Sample } from "../bench.ts";
import { FORMS, ours, SQLITE_NAME } from "../contenders/systems.ts";
import type { LoadForm } from "../load/closed-loop.ts";
import { runOpenLoop } from "../load/open-loop.ts";
import type { Target } from "../load/request-bytes.ts";
import { type Latencies, latenciesOf } from "../measure/latencies.ts";
import { rowOf } from "../measure/rows.ts";
import { percentile } from "../measure/statistics.ts";
import { QUIET_MS } from "./scale.ts";
import type { Prepared } from "./systems.ts";
import { topOf } from "./top.ts";
import type { World } from "./world.ts";

interface Contender {
  readonly name: string;
  readonly form: LoadForm;
  readonly target: Target;
  readonly topPerS: number;
  readonly samples: Sample[];
}

const SHARE_OF_TOP = 0.5;

export async function latency(world: World): Promise<PartResult> {
  const prepared = await world.systems.prepare(ours(await world.services()));
  const contenders: Contender[] = [];
  for (const one of prepared) {
    for (const form of FORMS) contenders.push(await contenderOf(world, one, form));
  }
  for (let round = 1; round <= world.rounds; round++) {
    for (const contender of contenders) {
      world.onProgress(`round ${round}/${world.rounds}  ${contender.name}`);
      contender.samples.push(await runRound(world, contender));
    }
  }
  const rows = contenders.map(({ name, samples }): Row => rowOf(name, "us", samples));
  const missing = rows.filter(({ rounds }) => rounds.some((sample) => (sample["missing"] ?? 0) > 0));
  return {
    part: "latency",
    title: "From the 202 to the arrival, at half of the top rate",
    columns: COLUMNS,
    rows,
    headline: "p99_ms",
    notes: NOTES,
    bars: rows.filter(({ name }) => name.startsWith(SQLITE_NAME)).flatMap(barsOf),
    faults: missing.map(({ name }) => `${name}: events did not arrive`),
  };
}

async function contenderOf(world: World, { system, under }: Prepared, form: LoadForm): Promise<Contender> {
  const { port, authorization } = under;
  const target = { port, authorization, batch: form.batch, users: world.scale.users };
  const name = `${system.name}, ${form.name}`;
  const topPerS = await topOf(world, { name, form, target, processes: under.processes });
  return { name, form, target, topPerS, samples: [] };
}

async function runRound(world: World, { target, topPerS }: Contender): Promise<Sample> {
  const { receiver, numbers, secondsPerRound: seconds } = world;
  const before = await receiver.mark();
  const sent = await runOpenLoop(target, numbers, { eventsPerS: topPerS * SHARE_OF_TOP, seconds });
  await receiver.settled(before.count + sent.length * target.batch, QUIET_MS);
  const latencies = latenciesOf(sent, target.batch, await world.systems.take());
  return { events_per_s: topPerS * SHARE_OF_TOP, ...sampleOf(latencies) };
}

function sampleOf({ fromAnswerMs, fromDueMs, missing, refused }: Latencies): Sample {
  return {
    p50_ms: percentile(fromAnswerMs, 0.5),
    p99_ms: percentile(fromAnswerMs, 0.99),
    p50_whole_ms: percentile(fromDueMs, 0.5),
    p99_whole_ms: percentile(fromDueMs, 0.99),
    missing,
    refused,
  };
}

const COLUMNS = [
  { name: "events_per_s", unit: "1/s", digits: 0 },
  { name: "p50_ms", unit: "ms from 202", digits: 1 },
  { name: "p99_ms", unit: "ms from 202", digits: 1 },
  { name: "p50_whole_ms", unit: "ms from due", digits: 1 },
  { name: "p99_whole_ms", unit: "ms from due", digits: 1 },
  { name: "missing", unit: "events", digits: 0 },
  { name: "refused", unit: "events", digits: 0 },
] as const;

const NOTES = [
  "From 202: between the reading of the answer and the arrival; 0 where the event came first. From due: since the moment at which the request was to leave.",
];

const WANTED_MS: readonly (readonly [column: string, name: string, ms: number])[] = [
  ["p50_ms", "p50", 10],
  ["p99_ms", "p99", 50],
];

function barsOf({ name, values }: Row): readonly Bar[] {
  return WANTED_MS.map(([column, title, wantedMs]) => {
    const ms = values[column] ?? Number.NaN;
    return {
      what: `from 202 to arrival, ${title}: ${name}`,
      wanted: `≤ ${wantedMs} ms`,
      measured: `${ms.toFixed(1)} ms`,
      isMet: ms <= wantedMs,
    };
  });
}
