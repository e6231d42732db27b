/** A million hooks, beside a thousand: how long a start takes, and what an event costs for each hook that it matches. */
import { randomInt } from "node:crypto";
import { join } from "node:path";
import { systemDice } from "../../packages/server/src/base/dice.ts";
import { matchEvent } from "../../packages/server/src/storage/sqlite/match.ts";
import { startDatabase } from "../../packages/server/src/storage/sqlite/start.ts";
import type { Storage } from "../../packages/server/src/storage/storage.ts";
import type { Bar, PartResult, Row, Sample } from "../bench.ts";
import { eventOf, NOTHING_CLAIMED, openStore, storeHooks } from "../contenders/data-folder.ts";
import { type PlatformUnderTest, preparePlatform } from "../contenders/platform.ts";
import { runOpenLoop } from "../load/open-loop.ts";
import { EVENT_TYPE } from "../load/request-bytes.ts";
import { monotonicMs } from "../measure/monotonic.ts";
import { residentMiB } from "../measure/processes.ts";
import { rowOf } from "../measure/rows.ts";
import { percentile } from "../measure/statistics.ts";
import { QUIET_MS } from "./scale.ts";
import type { World } from "./world.ts";

// Each event concerns so many users, and as many hooks; a call stores so many events in one commit.
const USERS_PER_EVENT = 100;
const EVENTS_PER_CALL = 10;
const CALLS_COLD = 5;
/** Begins like what all hooks want, and none wants it. */
const UNWANTED_TYPE = "bench_other.sent";
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
    world.onProgress(`match    ${world.scale.hooks.calls} calls`);
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
  const lookupUs = timeLookups(world, platform.dataFolder, hooks);
  const startMs = monotonicMs();
  const storage = await openStore(platform.dataFolder);
  const openMs = monotonicMs() - startMs;
  try {
    const matchUs = await timeCalls(world, storage, { hooks, type: EVENT_TYPE });
    const missUs = await timeCalls(world, storage, { hooks, type: UNWANTED_TYPE });
    return {
      open_ms: openMs,
      match_p50_us: percentile(lookupUs, 0.5),
      match_p99_us: percentile(lookupUs, 0.99),
      stored_p50_us: percentile(matchUs, 0.5),
      stored_p99_us: percentile(matchUs, 0.99),
      miss_p99_us: percentile(missUs, 0.99),
    };
  } finally {
    await storage.close();
  }
}

/**
 * Microseconds for each match of one event, on the store's own thread: which hooks want it and what they see of it is
 * found, and nothing is stored. With a million hooks hardly any is remembered from the call before.
 */
function timeLookups({ numbers, scale }: World, dataFolder: string, hooks: number): readonly number[] {
  const started = startDatabase({ file: join(dataFolder, "trulinks.db"), dice: systemDice });
  try {
    const perMatchUs: number[] = [];
    for (let call = 0; call < scale.hooks.calls * EVENTS_PER_CALL + CALLS_COLD; call++) {
      const event = eventOf(numbers.take(1), randomUsers(hooks));
      const startMs = monotonicMs();
      const found = matchEvent(started, event);
      const spentMs = monotonicMs() - startMs;
      if (call >= CALLS_COLD) perMatchUs.push((spentMs * 1_000) / (found?.matches.length ?? 0));
    }
    return perMatchUs;
  } finally {
    started.database.close();
  }
}

function randomUsers(hooks: number): readonly number[] {
  return Array.from({ length: USERS_PER_EVENT }, () => randomInt(hooks));
}

interface Asked {
  readonly hooks: number;
  readonly type: string;
}

/** Microseconds of each call for each hook that its events concern, until all of it is on disk. */
async function timeCalls(world: World, { webhooks }: Storage, { hooks, type }: Asked): Promise<number[]> {
  const perHookUs: number[] = [];
  for (let call = 0; call < world.scale.hooks.calls + CALLS_COLD; call++) {
    const events = Array.from({ length: EVENTS_PER_CALL }, () => ({
      ...eventOf(world.numbers.take(1), randomUsers(hooks)),
      type,
    }));
    const startMs = monotonicMs();
    await webhooks.ingest(events, { nowMs: Date.now(), ...NOTHING_CLAIMED });
    const spentMs = monotonicMs() - startMs;
    // A user that was drawn twice has one delivery.
    const concerned = events.reduce((sum, { userIds }) => sum + new Set(userIds).size, 0);
    if (call >= CALLS_COLD) perHookUs.push((spentMs * 1_000) / concerned);
  }
  return perHookUs;
}

const COLUMNS = [
  { name: "start_ms", unit: "ms to /readyz", digits: 0 },
  { name: "rss_mib", unit: "MiB", digits: 0 },
  { name: "open_ms", unit: "ms, the store alone", digits: 0 },
  { name: "match_p50_us", unit: "µs a match", digits: 1 },
  { name: "match_p99_us", unit: "µs a match", digits: 1 },
  { name: "stored_p50_us", unit: "µs a match", digits: 1 },
  { name: "stored_p99_us", unit: "µs a match", digits: 1 },
  { name: "miss_p99_us", unit: "µs a hook", digits: 1 },
] as const;

const NOTES = [
  `match: one event for ${USERS_PER_EVENT} random users, until it is known which hooks want it and what they see of it, divided by these.`,
  `stored: ${EVENTS_PER_CALL} events for ${USERS_PER_EVENT} random users each, until their deliveries are on disk, divided by these: the storing is in it.`,
  "miss: the same with events of a type that none of the hooks wants, divided by the hooks that were looked at: the events are stored, and nothing else.",
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
      what: `p99 of matching for each match, ${many?.name}`,
      wanted: `≤ ${MATCH_US_MAX} µs`,
      measured: `${matchUs.toFixed(1)} µs`,
      isMet: matchUs <= MATCH_US_MAX,
    },
  ];
}
