/**
 * A million deliveries that wait, beside a thousand: how long a start takes, what the platform holds in memory while
 * it sends them, and how long the store takes to give out the next ones.
 */

import type { Storage } from "../../packages/server/src/storage/storage.ts";
import type { Bar, PartResult, Row, Sample } from "../bench.ts";
import { openStore, storeEvents } from "../contenders/data-folder.ts";
import { type PlatformUnderTest, preparePlatform } from "../contenders/platform.ts";
import { monotonicMs } from "../measure/monotonic.ts";
import { rowOf } from "../measure/rows.ts";
import { percentile } from "../measure/statistics.ts";
import { deliveredMatches } from "./delivered-matches.ts";
import { watchMemory } from "./watch-memory.ts";
import type { World } from "./world.ts";

// What the sender asks for at most by default: 256 under way, 8 of a hook.
const CLAIM = { countMax: 256, retriesMax: 256, hookMax: 8, exceptHooks: [] } as const;
const CLAIMS_COLD = 5;
const PROGRESS_EVERY = 100_000;

export async function backlog(world: World): Promise<PartResult> {
  const { few, many } = world.scale.backlog;
  const faults: string[] = [];
  const notes: string[] = [];
  const rows: Row[] = [];
  for (const count of [few, many]) {
    const { sample, note, found } = await measure(world, count);
    rows.push(rowOf(`${count.toLocaleString("en-US")} waiting`, "us", [sample]));
    notes.push(note);
    faults.push(...found);
  }
  return {
    part: "backlog",
    title: "Deliveries that wait: start, memory, and the next claim",
    columns: COLUMNS,
    rows,
    headline: null,
    notes: [...NOTES, ...notes],
    bars: barsOf(rows),
    faults,
  };
}

interface Measured {
  readonly sample: Sample;
  readonly note: string;
  readonly found: readonly string[];
}

async function measure(world: World, count: number): Promise<Measured> {
  const { users, backlog } = world.scale;
  const under = await preparePlatform({ users, urlOf: (index) => `${world.receiver.url}/${index}` });
  try {
    await under.platform.stop();
    const claims = await fill(world, under, count);
    await world.receiver.take();

    world.onProgress(`start    with ${count} waiting`);
    const startMs = await startTime(under);
    const memory = await watchMemory(under.platform.pid(), backlog.watchS);
    await under.platform.stop();
    const arrivals = await world.receiver.take();
    world.onProgress("compare  with what the receiver saw");
    const { deliveries, faults } = await deliveredMatches(under, arrivals);
    const sample = { ...claims, start_ms: startMs, ...memory, sent: arrivals.count };
    const name = count.toLocaleString("en-US");
    const note = `${name} waiting: ${deliveries.toLocaleString("en-US")} were sent and are \`delivered\` in the store (read through its port), each as the receiver saw it.`;
    return { sample, note, found: faults };
  } finally {
    await under.close();
  }
}

async function fill(world: World, { platform }: PlatformUnderTest, count: number): Promise<Sample> {
  const { users, backlog } = world.scale;
  const storage = await openStore(platform.dataFolder);
  try {
    const numberFirst = world.numbers.take(count);
    await storeEvents(storage, { count, numberFirst, users }, (done) => {
      if (done % PROGRESS_EVERY === 0) world.onProgress(`store    ${done} of ${count}`);
    });
    world.onProgress(`claim    ${backlog.claims} times of ${count}`);
    return await timeClaims(storage, backlog.claims);
  } finally {
    await storage.close();
  }
}

/** What is claimed goes back at once, so that as much waits each time. */
async function timeClaims({ webhooks }: Storage, times: number): Promise<Sample> {
  const spentMs: number[] = [];
  let claimed = 0;
  for (let time = 0; time < times + CLAIMS_COLD; time++) {
    const startMs = monotonicMs();
    const claims = await webhooks.claimDue({ nowMs: Date.now(), ...CLAIM });
    if (time >= CLAIMS_COLD) spentMs.push(monotonicMs() - startMs);
    claimed = claims.length;
    await webhooks.release(claims, Date.now());
  }
  return { claim_p50_ms: percentile(spentMs, 0.5), claim_p99_ms: percentile(spentMs, 0.99), claimed };
}

async function startTime({ platform }: PlatformUnderTest): Promise<number> {
  const startMs = monotonicMs();
  await platform.start();
  return monotonicMs() - startMs;
}

const COLUMNS = [
  { name: "claim_p50_ms", unit: "ms", digits: 2 },
  { name: "claim_p99_ms", unit: "ms", digits: 2 },
  { name: "claimed", unit: "deliveries", digits: 0 },
  { name: "start_ms", unit: "ms to /readyz", digits: 0 },
  { name: "rss_mib", unit: "MiB at most", digits: 0 },
  { name: "sent", unit: "deliveries", digits: 0 },
] as const;

const NOTES = [
  "claim: one claim of up to 256 deliveries through the store's port. rss: the whole process while it sends what waits.",
];

const RSS_MIB_MAX = 400;
const CLAIM_TIMES_MAX = 2;
const START_MS_MAX = 3_000;

function barsOf([few, many]: readonly Row[]): readonly Bar[] {
  const rss = many?.values["rss_mib"] ?? Number.NaN;
  const startMs = many?.values["start_ms"] ?? Number.NaN;
  const times = (many?.values["claim_p50_ms"] ?? Number.NaN) / (few?.values["claim_p50_ms"] ?? Number.NaN);
  return [
    {
      what: `resident memory, ${many?.name}`,
      wanted: `≤ ${RSS_MIB_MAX} MiB`,
      measured: `${rss.toFixed(0)} MiB`,
      isMet: rss <= RSS_MIB_MAX,
    },
    {
      what: `claim of the next batch, ${many?.name}, beside ${few?.name}`,
      wanted: `≤ ${CLAIM_TIMES_MAX} ×`,
      measured: `${times.toFixed(2)} ×`,
      isMet: times <= CLAIM_TIMES_MAX,
    },
    {
      what: `start, ${many?.name}`,
      wanted: `≤ ${START_MS_MAX / 1_000} s`,
      measured: `${(startMs / 1_000).toFixed(2)} s`,
      isMet: startMs <= START_MS_MAX,
    },
  ];
}
