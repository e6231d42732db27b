/** That the bench works: every part, over small numbers of everything. How fast is nobody's business here. */
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { type QuickPart, runQuick } from "../quick-run.contract.ts";

async function quick(t: Pick<TestContext, "signal">, only: string): Promise<ReadonlyMap<string, QuickPart>> {
  const parts = await runQuick(t, "deliveries", "--only", only);
  for (const { part, bars } of parts) assert.ok(bars.length > 0, part);
  return new Map(parts.map((part) => [part.part, part]));
}

function figures(part: QuickPart | undefined, column: string): ReadonlyMap<string, number | null> {
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

test("throughput at an ordinary receiver: the same contenders, and the stores tell what it saw", async (t) => {
  const part = (await quick(t, "throughput-node")).get("throughput-node");
  const delivered = figures(part, "delivered_per_s");
  assert.equal(delivered.size, 1 + SYSTEMS.length * FORMS.length);
  for (const name of [...delivered.keys()].slice(0, 5)) assert.ok((delivered.get(name) ?? 0) > 0, name);
});

test("throughput and latency: everyone takes its turn, and the stores tell what the receiver saw", async (t) => {
  const parts = await quick(t, "throughput,latency");
  const delivered = figures(parts.get("throughput"), "delivered_per_s");
  const rows = SYSTEMS.flatMap((system) => FORMS.map((form) => `${system}, ${form}`));
  assert.deepEqual([...delivered.keys()], ["bare undici dispatch, signed", ...rows]);
  for (const name of [...delivered.keys()].slice(0, 5)) assert.ok((delivered.get(name) ?? 0) > 0, name);
  const latencies = figures(parts.get("latency"), "p99_ms");
  assert.deepEqual([...latencies.keys()], rows.slice(0, 4));
  for (const [name, p99] of latencies) assert.ok(p99 !== null && p99 >= 0, name);
});

test("hang: the others are measured before and after", async (t) => {
  const part = (await quick(t, "hang")).get("hang");
  for (const column of ["p99_before_ms", "p99_after_ms"]) {
    for (const [name, p99] of figures(part, column)) assert.ok(p99 !== null && p99 >= 0, `${name} ${column}`);
  }
});

test("backlog and hooks: few and many are there, and what was sent is delivered", async (t) => {
  const parts = await quick(t, "backlog,hooks");
  for (const [name, sent] of figures(parts.get("backlog"), "sent")) assert.ok((sent ?? 0) > 0, name);
  for (const [name, us] of figures(parts.get("hooks"), "match_p99_us")) assert.ok((us ?? 0) > 0, name);
});
