/** That the bench works: every part, over small numbers of everything. How fast is nobody's business here. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const RUN = fileURLToPath(new URL("../run.ts", import.meta.url));

interface Part {
  readonly part: string;
  readonly rows: readonly {
    readonly name: string;
    readonly values: Readonly<Record<string, number | null>>;
  }[];
  readonly bars: readonly { readonly what: string }[];
  readonly faults: readonly string[];
}

async function quick(only: string): Promise<ReadonlyMap<string, Part>> {
  const args = ["--conditions", "trulinks-source", RUN, "deliveries", "--quick", "--json", "--only", only];
  // A service that is missing is an error here, as it is for every test.
  const child = spawn(process.execPath, args, { env: { ...process.env, CI: "true" } });
  const ended = once(child, "close");
  const [out, progress] = await Promise.all([text(child.stdout), text(child.stderr)]);
  const [code] = await ended;
  assert.equal(code, 0, `${out}\n${progress}`);
  const { parts } = JSON.parse(out) as { readonly parts: readonly Part[] };
  for (const { part, faults, bars } of parts) {
    assert.deepEqual(faults, [], part);
    assert.ok(bars.length > 0, part);
  }
  return new Map(parts.map((part) => [part.part, part]));
}

function figures(part: Part | undefined, column: string): ReadonlyMap<string, number | null> {
  assert.ok(part);
  return new Map(part.rows.map(({ name, values }) => [name, values[column] ?? null]));
}

const SYSTEMS = [
  "TruLinks on SQLite",
  "TruLinks on PostgreSQL",
  "BullMQ, Redis and fetch",
  "pg-boss and fetch",
];
const FORMS = ["batches of 100", "one event a request"];

test("throughput at an ordinary receiver: the same contenders, and the stores tell what it saw", async () => {
  const part = (await quick("throughput-node")).get("throughput-node");
  const delivered = figures(part, "delivered_per_s");
  assert.equal(delivered.size, 1 + SYSTEMS.length * FORMS.length);
  for (const name of [...delivered.keys()].slice(0, 5)) assert.ok((delivered.get(name) ?? 0) > 0, name);
});

test("throughput and latency: everyone takes its turn, and the stores tell what the receiver saw", async () => {
  const parts = await quick("throughput,latency");
  const delivered = figures(parts.get("throughput"), "delivered_per_s");
  const rows = SYSTEMS.flatMap((system) => FORMS.map((form) => `${system}, ${form}`));
  assert.deepEqual([...delivered.keys()], ["bare undici dispatch, signed", ...rows]);
  for (const name of [...delivered.keys()].slice(0, 5)) assert.ok((delivered.get(name) ?? 0) > 0, name);
  const latencies = figures(parts.get("latency"), "p99_ms");
  assert.deepEqual([...latencies.keys()], rows.slice(0, 4));
  for (const [name, p99] of latencies) assert.ok(p99 !== null && p99 >= 0, name);
});

test("hang: the others are measured before and after", async () => {
  const part = (await quick("hang")).get("hang");
  for (const column of ["p99_before_ms", "p99_after_ms"]) {
    for (const [name, p99] of figures(part, column)) assert.ok(p99 !== null && p99 >= 0, `${name} ${column}`);
  }
});

test("backlog and hooks: few and many are there, and what was sent is delivered", async () => {
  const parts = await quick("backlog,hooks");
  for (const [name, sent] of figures(parts.get("backlog"), "sent")) assert.ok((sent ?? 0) > 0, name);
  for (const [name, us] of figures(parts.get("hooks"), "match_p99_us")) assert.ok((us ?? 0) > 0, name);
});
