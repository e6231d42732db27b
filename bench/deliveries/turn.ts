/** One contender's turn in a round: it runs as fast as it can, and what counts is the steady part. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Sample } from "../bench.ts";
import type { Entrant, Running } from "../contenders/entrant.ts";
import { cpuBetween, readCpu, type Watched } from "../measure/processes.ts";
import { QUIET_MS } from "./scale.ts";
import { benchProcesses, type World } from "./world.ts";

// What starts is slower than what runs: connections are made, code is compiled.
const WARM_UP_SHARE = 0.25;
export async function takeTurn(entrant: Entrant, world: World, seconds: number): Promise<Sample> {
  const { receiver, systems } = world;
  const before = await receiver.mark();
  const running = await entrant.start();
  const watched = [...entrant.processes(), ...benchProcesses(world)];
  await sleep(seconds * WARM_UP_SHARE * 1_000);
  const start = await look(world, running, watched);
  await sleep(seconds * (1 - WARM_UP_SHARE) * 1_000);
  const end = await look(world, running, watched);
  await running.stop();
  const accepted = running.accepted();
  await receiver.settled(before.count + accepted, QUIET_MS);

  const arrivals = await systems.take();
  const different = new Set(arrivals.numbers).size;
  return {
    ...figures(start, end),
    refused: running.refused(),
    lost: accepted - different,
    twice: arrivals.count - different,
  };
}

type Look = Awaited<ReturnType<typeof look>>;

async function look({ receiver }: World, running: Running, watched: readonly Watched[]) {
  const { count, atMs } = await receiver.mark();
  return { count, atMs, accepted: running.accepted(), cpu: readCpu(watched) };
}

function figures(start: Look, end: Look): Sample {
  const seconds = (end.atMs - start.atMs) / 1_000;
  const events = end.count - start.count;
  const spent = cpuBetween(start.cpu, end.cpu);
  const perEventUs = (ms: number | undefined): number =>
    ms === undefined ? Number.NaN : (ms * 1_000) / events;
  const all = Object.values(spent).reduce((sum, ms) => sum + ms, 0);
  return {
    delivered_per_s: events / seconds,
    accepted_per_s: (end.accepted - start.accepted) / seconds,
    sender_us: perEventUs(spent.sender),
    service_us: perEventUs(spent.service),
    receiver_us: perEventUs(spent.receiver),
    load_us: perEventUs(spent.load),
    cores_busy: all / 1_000 / seconds,
  };
}
