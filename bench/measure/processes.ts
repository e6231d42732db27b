/** What processes cost: CPU time and memory, as the kernel counts them. Null where there is no /proc. */
import { readdirSync, readFileSync } from "node:fs";

/** A process, or one with all its children where `withChildren` is set. */
export interface Watched {
  readonly role: Role;
  readonly pid: number;
  readonly withChildren?: boolean;
}

/** `sender`: what is measured; `service`: the database or queue beside it. */
export type Role = "sender" | "service" | "receiver" | "load";

export type CpuMs = ReadonlyMap<Watched, ReadonlyMap<number, number>>;

// Linux counts in these units on every architecture that Node runs on.
const TICK_MS = 10;

export function readCpu(watched: readonly Watched[]): CpuMs {
  const parents = watched.some(({ withChildren }) => withChildren)
    ? readParents()
    : new Map<number, number>();
  return new Map(
    watched.map((one) => {
      const pids = one.withChildren ? withDescendants(one.pid, parents) : [one.pid];
      return [one, new Map(pids.flatMap((pid) => cpuMsOf(pid)))];
    }),
  );
}

/** CPU milliseconds by role between two readings; a role is absent where nothing could be read. */
export function cpuBetween(before: CpuMs, after: CpuMs): Readonly<Partial<Record<Role, number>>> {
  const spent: Partial<Record<Role, number>> = {};
  for (const [one, later] of after) {
    const earlier = before.get(one);
    for (const [pid, ms] of later) {
      spent[one.role] = (spent[one.role] ?? 0) + ms - (earlier?.get(pid) ?? 0);
    }
  }
  return spent;
}

/** Resident memory in MiB; NaN where it cannot be read. */
export function residentMiB(pid: number): number {
  const status = read(`/proc/${pid}/status`);
  const kib = /^VmRSS:\s+(\d+) kB$/m.exec(status ?? "")?.[1];
  return kib === undefined ? Number.NaN : Number(kib) / 1_024;
}

/** Who started it; null where that cannot be read. */
export function parentOf(pid: number): number | null {
  const parent = statOf(pid)?.[1];
  return parent === undefined ? null : Number(parent);
}

function cpuMsOf(pid: number): [number, number][] {
  const stat = statOf(pid);
  return stat === null ? [] : [[pid, (Number(stat[11]) + Number(stat[12])) * TICK_MS]];
}

function readParents(): Map<number, number> {
  const pids = readdirSync("/proc").map(Number).filter(Number.isInteger);
  return new Map(pids.map((pid) => [pid, parentOf(pid) ?? 0]));
}

function withDescendants(root: number, parents: ReadonlyMap<number, number>): readonly number[] {
  const found = [root];
  for (const pid of found) for (const [child, parent] of parents) if (parent === pid) found.push(child);
  return found;
}

/** The fields after the command's name, which may hold spaces and brackets: state, parent, … */
function statOf(pid: number): readonly string[] | null {
  const text = read(`/proc/${pid}/stat`);
  return text === null ? null : text.slice(text.lastIndexOf(")") + 2).split(" ");
}

function read(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return null;
  }
}
