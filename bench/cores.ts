import { spawnSync } from "node:child_process";
import { cpus } from "node:os";

const canPin = cpus().length > 1 && spawnSync("taskset", ["-V"]).status === 0;

/** What to put before a command so that it runs on one core; nothing where cores cannot be chosen. */
export function pinnedTo(core: number): readonly string[] {
  return canPin ? ["taskset", "-c", String(core)] : [];
}

/** Pins this process: the load and the receiver must not wander onto the core of what is measured. */
export function pinSelfTo(core: number): void {
  if (canPin) spawnSync("taskset", ["-a", "-p", "-c", String(core), String(process.pid)]);
}
