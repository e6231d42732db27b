import { setTimeout as sleep } from "node:timers/promises";
import type { Sample } from "../bench.ts";
import { residentMiB } from "../measure/processes.ts";

const LOOK_MS = 50;

/** The most that a process holds in memory while it is watched. */
export async function watchMemory(pid: number, seconds: number): Promise<Sample> {
  const untilMs = Date.now() + seconds * 1_000;
  let mostMiB = residentMiB(pid);
  while (Date.now() < untilMs) {
    await sleep(LOOK_MS);
    mostMiB = Math.max(mostMiB, residentMiB(pid));
  }
  return { rss_mib: mostMiB };
}
