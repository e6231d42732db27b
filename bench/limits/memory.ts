/** What callers cost in memory while they are remembered, and what is left of it once they are idle. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import type { BenchOptions, PartResult, Sample } from "../bench.ts";
import { rowOf } from "../measure/rows.ts";

const PROCESS = fileURLToPath(new URL("memory-process.ts", import.meta.url));
const SUBJECTS = [
  { subject: "limits", name: "all limits used", kind: "us" },
  { subject: "flexible", name: "rate-limiter-flexible in memory, one limit", kind: "peer" },
] as const;
const CALLERS = { full: 1_000_000, quick: 20_000 };
const BYTES_MAX = 300;

export async function memory({ isQuick, onProgress }: BenchOptions): Promise<PartResult> {
  const callers = isQuick ? CALLERS.quick : CALLERS.full;
  const faults: string[] = [];
  const rows = [];
  for (const { subject, name, kind } of SUBJECTS) {
    onProgress(`memory  ${name}, ${callers} callers`);
    const { remembered = 0, left = 0, ...sample } = await measured(subject, callers);
    if (remembered !== callers) faults.push(`${name}: ${remembered} of ${callers} callers were remembered`);
    if (left > 0) faults.push(`${name}: ${left} idle callers were not forgotten`);
    rows.push(rowOf(name, kind, [{ callers: remembered, ...sample }]));
  }
  const each = rows[0]?.values["bytes_each"] ?? Number.NaN;
  return {
    part: "memory",
    title: "Memory for each caller",
    columns: [
      { name: "callers", unit: "", digits: 0 },
      { name: "bytes_each", unit: "bytes", digits: 0 },
      { name: "bytes_idle", unit: "bytes", digits: 0 },
    ],
    rows,
    headline: "bytes_each",
    notes: [
      "Heap and buffers after garbage collection, keys included, in a process of its own. Idle: after all were forgotten;",
      "what is left are the rows, which serve the next callers.",
    ],
    bars: [
      {
        what: "memory for each caller with all its limits",
        wanted: `≤ ${BYTES_MAX} bytes`,
        measured: `${each.toFixed(0)} bytes`,
        isMet: each <= BYTES_MAX,
      },
    ],
    faults,
  };
}

async function measured(subject: string, callers: number): Promise<Sample> {
  const args = ["--expose-gc", "--conditions", "trulinks-source", PROCESS, subject, String(callers)];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  const [out, [code]] = await Promise.all([text(child.stdout), once(child, "close")]);
  if (code !== 0) throw new Error(`memory-process.ts ${subject} ended with ${code}`);
  // NaN is no JSON; it stands for what is not measured.
  const sample = JSON.parse(out) as Record<string, number | null>;
  return Object.fromEntries(Object.entries(sample).map(([name, value]) => [name, value ?? Number.NaN]));
}
