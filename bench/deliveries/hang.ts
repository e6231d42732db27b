/**
 * Open loop at half of the peak; then every other hook hangs until the deadline, and the load goes on as before. What
 * counts is what the others notice.
 */
import type { Bar, PartResult, Row, Sample } from "../bench.ts";
import { FORMS, ours, type System, type SystemUnderTest } from "../contenders/systems.ts";
import { runOpenLoop } from "../load/open-loop.ts";
import { type Latencies, latenciesOf } from "../measure/latencies.ts";
import { rowOf } from "../measure/rows.ts";
import { median, percentile } from "../measure/statistics.ts";
import { type Agreement, agreeAfterRestart, sentence } from "./agreement.ts";
import { QUIET_MS } from "./scale.ts";
import { topOf } from "./top.ts";
import type { World } from "./world.ts";

const [BATCHES] = FORMS;
const SHARE_OF_PEAK = 0.5;
// Every other one, so that each batch has events for both.
const willHang = (index: number): boolean => index % 2 === 1;

export async function hang(world: World): Promise<PartResult> {
  const systems = ours(await world.services());
  const rounds = Math.min(world.rounds, world.scale.hang.roundsMax);
  const notes: string[] = [];
  const faults: string[] = [];
  const rows: Row[] = [];
  for (const system of systems) {
    const samples: Sample[] = [];
    for (let round = 1; round <= rounds; round++) {
      world.onProgress(`round ${round}/${rounds}  ${system.name}`);
      const { sample, agreement } = await runRound(world, system);
      samples.push(sample);
      notes.push(sentence(`${system.name}, those that do not hang`, agreement));
      faults.push(...agreement.faults.map((fault) => `${system.name}: ${fault}`));
    }
    rows.push(rowOf(`${system.name}, the hooks that do not hang`, "us", samples));
  }
  return {
    part: "hang",
    title: `${world.scale.hang.users} hooks at half of the peak, of which half then hang until the deadline`,
    columns: COLUMNS,
    rows,
    headline: null,
    notes,
    bars: rows.slice(0, 1).map(barOf),
    faults,
  };
}

/** Each on a platform of its own: what hung in one would be tried again in the next. */
async function runRound(
  world: World,
  system: System,
): Promise<{ readonly sample: Sample; readonly agreement: Agreement }> {
  const { receiver, systems, scale } = world;
  const { users, deadlineMs } = scale.hang;
  const { pathFirst } = systems.freePaths();
  // Each of those that will hang has an origin of its own.
  const ports = await receiver.listen(users / 2);
  const urlOf = (index: number): string => {
    const origin = willHang(index) ? `http://127.0.0.1:${ports[(index - 1) / 2]}` : receiver.url;
    return `${origin}/${pathFirst + index}`;
  };
  const hook = { ack_deadline_ms: deadlineMs };
  const under = await system.prepare({ receiverUrl: receiver.url, pathFirst, users, urlOf, hook });
  try {
    const { platform } = under;
    if (platform === null) throw new Error(`${system.name} cannot be asked what became of a delivery.`);
    const sample = await measure(world, under, ports);
    world.onProgress("compare  with what the receiver saw");
    const isWanted = (index: number): boolean => !willHang(index);
    const seen = { arrivals: systems.arrivals, pathFirst, isWanted };
    return { sample, agreement: await agreeAfterRestart(platform, systems.take, seen) };
  } finally {
    await under.close();
  }
}

async function measure(world: World, under: SystemUnderTest, ports: readonly number[]): Promise<Sample> {
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
  await world.receiver.behave(ports, { kind: "hangs" });
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

function barOf({ name, rounds }: Row): Bar {
  const rise = median(rounds.map(riseOf));
  return {
    what: `rise of p99 when the other 100 of 200 hooks hang: ${name}`,
    wanted: `≤ ${RISE_MAX * 100} %`,
    measured: `${(rise * 100).toFixed(0)} %`,
    isMet: rise <= RISE_MAX,
  };
}

function riseOf(sample: Sample): number {
  return (sample["p99_after_ms"] ?? Number.NaN) / (sample["p99_before_ms"] ?? Number.NaN) - 1;
}
