/**
 * Open loop at half of the peak; then every other hook hangs until the deadline, and the load goes on as before. What
 * counts is what the others notice.
 */
import type { Bar, PartResult, Sample } from "../bench.ts";
import { type PlatformUnderTest, preparePlatform } from "../contenders/platform.ts";
import { FORMS, SQLITE_NAME } from "../contenders/systems.ts";
import { runOpenLoop } from "../load/open-loop.ts";
import { type Latencies, latenciesOf } from "../measure/latencies.ts";
import { rowOf } from "../measure/rows.ts";
import { percentile } from "../measure/statistics.ts";
import { agreeAfterRestart, sentence } from "./agreement.ts";
import { QUIET_MS } from "./scale.ts";
import { topOf } from "./top.ts";
import type { World } from "./world.ts";

const [BATCHES] = FORMS;
const SHARE_OF_PEAK = 0.5;
// Every other one, so that each batch has events for both.
const willHang = (index: number): boolean => index % 2 === 1;

export async function hang(world: World): Promise<PartResult> {
  const samples: Sample[] = [];
  const notes: string[] = [];
  const faults: string[] = [];
  const rounds = Math.min(world.rounds, world.scale.hang.roundsMax);
  for (let round = 1; round <= rounds; round++) {
    world.onProgress(`round ${round}/${rounds}  prepare`);
    const one = await runRound(world);
    samples.push(one.sample);
    notes.push(one.note);
    faults.push(...one.faults);
  }
  return {
    part: "hang",
    title: `${world.scale.hang.users} hooks at half of the peak, of which half then hang until the deadline`,
    columns: COLUMNS,
    rows: [rowOf(`${SQLITE_NAME}, the hooks that do not hang`, "us", samples)],
    headline: null,
    notes: [...new Set(notes)],
    bars: [barOf(samples)],
    faults,
  };
}

interface Round {
  readonly sample: Sample;
  readonly note: string;
  readonly faults: readonly string[];
}

/** Each on a platform of its own: what hung in one would be tried again in the next. */
async function runRound(world: World): Promise<Round> {
  const { receiver, systems, scale } = world;
  const { users, deadlineMs } = scale.hang;
  const { pathFirst } = systems.freePaths();
  // Each of those that will hang has an origin of its own.
  const ports = await receiver.listen(users / 2);
  const urlOf = (index: number): string => {
    const origin = willHang(index) ? `http://127.0.0.1:${ports[(index - 1) / 2]}` : receiver.url;
    return `${origin}/${pathFirst + index}`;
  };
  const under = await preparePlatform({ users, urlOf, hook: { ack_deadline_ms: deadlineMs } });
  try {
    const sample = await measure(world, under, ports);
    world.onProgress("compare  with what the receiver saw");
    const isWanted = (index: number): boolean => !willHang(index);
    const seen = { arrivals: systems.arrivals, pathFirst, isWanted };
    const agreement = await agreeAfterRestart(under, systems.take, seen);
    return { sample, note: sentence("Those that do not hang", agreement), faults: agreement.faults };
  } finally {
    await under.close();
  }
}

async function measure(world: World, under: PlatformUnderTest, ports: readonly number[]): Promise<Sample> {
  const { beforeS, hangS, users } = world.scale.hang;
  if (BATCHES === undefined) throw new Error("There is no form of load.");
  const { port, authorization, processes } = under;
  const target = { port, authorization, batch: BATCHES.batch, users };
  // Known by no name: each platform is new.
  const peakPerS = await topOf(world, { name: `${users} hooks`, form: BATCHES, target, processes });

  async function phase(seconds: number, answeredShare: number, progress: string): Promise<Latencies> {
    world.onProgress(progress);
    const eventsPerS = peakPerS * SHARE_OF_PEAK;
    const before = await world.receiver.mark();
    const sent = await runOpenLoop(target, world.numbers, { eventsPerS, seconds });
    await world.receiver.settled(before.count + sent.length * target.batch * answeredShare, QUIET_MS);
    return latenciesOf(sent, target.batch, await world.systems.take(), (number) => !willHang(number % users));
  }

  const before = await phase(beforeS, 1, `${beforeS} s at half of the peak`);
  await world.receiver.hang(ports);
  const after = await phase(hangS, 0.5, `${hangS} s while half of the hooks hang`);
  return {
    events_per_s: peakPerS * SHARE_OF_PEAK,
    p50_before_ms: percentile(before.fromAnswerMs, 0.5),
    p50_after_ms: percentile(after.fromAnswerMs, 0.5),
    p99_before_ms: percentile(before.fromAnswerMs, 0.99),
    p99_after_ms: percentile(after.fromAnswerMs, 0.99),
    missing: before.missing + after.missing,
  };
}

const COLUMNS = [
  { name: "events_per_s", unit: "1/s", digits: 0 },
  { name: "p50_before_ms", unit: "ms from 202", digits: 1 },
  { name: "p50_after_ms", unit: "ms from 202", digits: 1 },
  { name: "p99_before_ms", unit: "ms from 202", digits: 1 },
  { name: "p99_after_ms", unit: "ms from 202", digits: 1 },
  { name: "missing", unit: "events", digits: 0 },
] as const;

const RISE_MAX = 0.2;

function barOf(samples: readonly Sample[]): Bar {
  const { values } = rowOf(
    "",
    "us",
    samples.map((sample) => ({ rise: riseOf(sample) })),
  );
  const rise = values["rise"] ?? Number.NaN;
  return {
    what: "rise of the others' p99 when 100 of 200 hooks hang",
    wanted: `≤ ${RISE_MAX * 100} %`,
    measured: `${(rise * 100).toFixed(0)} %`,
    isMet: rise <= RISE_MAX,
  };
}

function riseOf(sample: Sample): number {
  return (sample["p99_after_ms"] ?? Number.NaN) / (sample["p99_before_ms"] ?? Number.NaN) - 1;
}
