/** A million hooks, beside a thousand: how long a start takes, and what an event costs for each hook that it matches. */
import { randomInt } from "node:crypto";
import type { Storage } from "../../packages/server/src/storage/storage.ts";
import type { Bar, PartResult, Row, Sample } from "../bench.ts";
import { eventOf, NOTHING_CLAIMED, openStore, storeHooks } from "../contenders/data-folder.ts";
import { type PlatformUnderTest, preparePlatform } from "../contenders/platform.ts";
import { runOpenLoop } from "../load/open-loop.ts";
import { monotonicMs } from "../measure/monotonic.ts";
import { residentMiB } from "../measure/processes.ts";
import { rowOf } from "../measure/rows.ts";
import { percentile } from "../measure/statistics.ts";
import { QUIET_MS } from "./scale.ts";
import type { World } from "./world.ts";

// So many users, and so many hooks, does each event concern.
const MATCHES = 100;
const EVENTS_COLD = 50;
const PROGRESS_EVERY = 100_000;
const CHECK = { eventsPerS: 500, seconds: 1 };

export async function manyHooks(world: World): Promise<PartResult> {
  const rows: Row[] = [];
  const faults: string[] = [];
  for (const count of [world.scale.hooks.few, world.scale.hooks.many]) {
    const name = `${count.toLocaleString("en-US")} hooks`;
    const { sample, lost } = await measure(world, count);
    rows.push(rowOf(name, "us", [sample]));
    if (lost > 0) faults.push(`${name}: ${lost} events were accepted and did not arrive`);
  }
  return {
    part: "hooks",
    title: "Many hooks: start, memory, and what an event costs for each match",
    columns: COLUMNS,
    rows,
    headline: null,
    notes: NOTES,
    bars: barsOf(rows),
    faults,
  };
}

async function measure(
  world: World,
  count: number,
): Promise<{ readonly sample: Sample; readonly lost: number }> {
  const under = await preparePlatform({ users: 0, urlOf: () => "" });
  try {
    await under.platform.stop();
    const storage = await openStore(under.platform.dataFolder);
    try {
      const urlOf = (index: number) => `${world.receiver.url}/${index}`;
      await storeHooks(storage, under.platform.dataFolder, { count, urlOf }, (done) => {
        if (done % PROGRESS_EVERY === 0) world.onProgress(`store    ${done} of ${count}`);
      });
    } finally {
      await storage.close();
    }
    world.onProgress(`start    with ${count} hooks`);
    const startMs = monotonicMs();
    await under.platform.start();
    const started = { start_ms: monotonicMs() - startMs, rss_mib: residentMiB(under.platform.pid()) };
    const lost = await check(world, under, count);
    await under.platform.stop();
    world.onProgress(`match    ${world.scale.hooks.events} events`);
    return { sample: { ...started, ...(await matching(world, under, count)) }, lost };
  } finally {
    await under.close();
  }
}

/** With so many hooks there, events still find theirs. */
async function check(
  world: World,
  { port, authorization }: PlatformUnderTest,
  users: number,
): Promise<number> {
  const { receiver, numbers } = world;
  await receiver.take();
  const before = await receiver.mark();
  const sent = await runOpenLoop({ port, authorization, batch: 1, users }, numbers, CHECK);
  await receiver.settled(before.count + sent.length, QUIET_MS);
  const { numbers: arrived } = await receiver.take();
  return sent.filter(({ answeredMs }) => !Number.isNaN(answeredMs)).length - new Set(arrived).size;
}

async function matching(world: World, { platform }: PlatformUnderTest, hooks: number): Promise<Sample> {
  const startMs = monotonicMs();
  const storage = await openStore(platform.dataFolder);
  const openMs = monotonicMs() - startMs;
  try {
    const perMatchUs: number[] = [];
    for (let event = 0; event < world.scale.hooks.events + EVENTS_COLD; event++) {
      const us = await timeOne(storage, world.numbers.take(1), hooks);
      if (event >= EVENTS_COLD) perMatchUs.push(us);
    }
    const [p50, p99] = [percentile(perMatchUs, 0.5), percentile(perMatchUs, 0.99)];
    return { open_ms: openMs, match_p50_us: p50, match_p99_us: p99 };
  } finally {
    await storage.close();
  }
}

/** Microseconds for each delivery that one event makes, from the call to its being on disk. */
async function timeOne({ webhooks }: Storage, n: number, hooks: number): Promise<number> {
  const users = Array.from({ length: MATCHES }, () => randomInt(hooks));
  const event = eventOf(n, users);
  const startMs = monotonicMs();
  const [ingested] = await webhooks.ingest([event], { nowMs: Date.now(), ...NOTHING_CLAIMED });
  const spentMs = monotonicMs() - startMs;
  if (ingested?.kind !== "accepted") throw new Error(`An event for ${MATCHES} users was ${ingested?.kind}.`);
  return (spentMs * 1_000) / ingested.receipt.deliveries;
}

const COLUMNS = [
  { name: "start_ms", unit: "ms to /readyz", digits: 0 },
  { name: "rss_mib", unit: "MiB", digits: 0 },
  { name: "open_ms", unit: "ms, the store alone", digits: 0 },
  { name: "match_p50_us", unit: "µs a match", digits: 1 },
  { name: "match_p99_us", unit: "µs a match", digits: 1 },
] as const;

const NOTES = [
  `match: the time from one event for ${MATCHES} random users to its ${MATCHES} deliveries on disk, divided by them; the storing and its sync are in it.`,
];

const START_MS_MAX = 10_000;
const MATCH_US_MAX = 100;

function barsOf(rows: readonly Row[]): readonly Bar[] {
  const many = rows.at(-1);
  const startMs = many?.values["start_ms"] ?? Number.NaN;
  const matchUs = many?.values["match_p99_us"] ?? Number.NaN;
  return [
    {
      what: `start, ${many?.name}`,
      wanted: `≤ ${START_MS_MAX / 1_000} s`,
      measured: `${(startMs / 1_000).toFixed(2)} s`,
      isMet: startMs <= START_MS_MAX,
    },
    {
      what: `p99 of matching for each match, ${many?.name}, storing included`,
      wanted: `≤ ${MATCH_US_MAX} µs`,
      measured: `${matchUs.toFixed(1)} µs`,
      isMet: matchUs <= MATCH_US_MAX,
    },
  ];
}
