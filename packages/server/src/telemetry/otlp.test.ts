import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { startTraceCollector } from "../../../../test/e2e/trace-collector.ts";
import { systemClock } from "../base/clock.ts";
import { systemDice } from "../base/dice.ts";
import { createLog } from "../base/log.ts";
import { openOtlp, tracesUrl } from "./otlp.ts";

for (const [given, used] of [
  ["http://127.0.0.1:4318", "http://127.0.0.1:4318/v1/traces"],
  ["http://127.0.0.1:4318/", "http://127.0.0.1:4318/v1/traces"],
  ["http://127.0.0.1:4318/v1/traces", "http://127.0.0.1:4318/v1/traces"],
  ["http://127.0.0.1:4318/v1/traces/", "http://127.0.0.1:4318/v1/traces"],
  ["https://otlp.example.com/otlp", "https://otlp.example.com/otlp/v1/traces"],
] as const) {
  test(`${given} means ${used}`, () => assert.equal(tracesUrl(new URL(given)), used));
}

function open(url: string) {
  const lines: string[] = [];
  const log = createLog({ level: "silent", observer: (event) => lines.push(event) });
  const collector = { url: new URL(url), headers: {}, sampleRatio: 1 };
  const deps = { version: "1.2.3", clock: systemClock, dice: systemDice, log };
  return { otlp: openOtlp(collector, deps), lines };
}

test("what was made is sent before it closes, and counted", async (t) => {
  const collector = await startTraceCollector();
  t.after(() => collector.close());
  const { otlp, lines } = open(collector.url);
  // More than one batch.
  for (let count = 0; count < 1_200; count++) otlp.tracer.startSpan("one").end();
  await otlp.close();
  assert.equal(collector.spans.length, 1_200);
  assert.deepEqual(otlp.counts(), { made: 1_200, sent: 1_200, failed: 0 });
  assert.deepEqual(collector.spans[0]?.resource["service.version"], "1.2.3");
  assert.deepEqual(lines, []);
});

test("what the collector refuses is counted, and said once", async (t) => {
  const collector = await startTraceCollector();
  t.after(() => collector.close());
  collector.answer(401);
  const { otlp, lines } = open(collector.url);
  for (let count = 0; count < 100; count++) otlp.tracer.startSpan("one").end();
  await otlp.close();
  assert.deepEqual(otlp.counts(), { made: 100, sent: 0, failed: 100 });
  assert.deepEqual(lines, ["traces.lost"]);
});

test("a collector that never answers does not hold up the end", async (t) => {
  const server = createServer(() => {});
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { otlp } = open(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  otlp.tracer.startSpan("one").end();
  await otlp.close();
  assert.deepEqual(otlp.counts(), { made: 1, sent: 0, failed: 0 });
});
