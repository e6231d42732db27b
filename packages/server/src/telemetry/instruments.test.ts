import assert from "node:assert/strict";
import { test } from "node:test";
import { Registry } from "prom-client";
import { readScrape } from "../../../../test/e2e/scrape.ts";
import { counter, histogram } from "./instruments.ts";
import { METRICS } from "./metrics.ts";

const NAME = "trulinks_ingest_batch_events";
const { buckets } = METRICS[NAME];

async function bucketsAfter(values: readonly number[]) {
  const registry = new Registry();
  const observe = histogram(registry, NAME);
  for (const value of values) observe(value);
  const { series, kinds } = readScrape(await registry.metrics());
  assert.equal(kinds.get(NAME), "histogram");
  return {
    counts: [...buckets, "+Inf"].map((le) => series.get(`${NAME}_bucket{le="${le}"}`)),
    sum: series.get(`${NAME}_sum`),
    count: series.get(`${NAME}_count`),
  };
}

test("a histogram counts each value in its bucket and all above, bounds included", async () => {
  assert.deepEqual(buckets, [1, 2, 5, 10, 25, 50, 100, 250, 500, 1_000]);
  for (const [why, values, counts] of [
    ["nothing", [], [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]],
    ["the least", [0], [1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1]],
    ["a bound", [5], [0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1]],
    ["just above a bound", [5.01], [0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1]],
    ["the last bound", [1_000], [0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1]],
    ["above all bounds", [1_001], [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]],
    ["several", [1, 1, 30, 2_000], [2, 2, 2, 2, 2, 3, 3, 3, 3, 3, 4]],
  ] as const) {
    const seen = await bucketsAfter(values);
    const sum = values.reduce<number>((total, value) => total + value, 0);
    assert.deepEqual(seen, { counts, sum, count: values.length }, why);
  }
});

test("a counter adds up under its labels, however often it is scraped", async () => {
  const registry = new Registry();
  const events = counter(registry, "trulinks_events_total");
  const [accepted, failed] = [events({ result: "accepted" }), events({ result: "failed" })];
  accepted();
  accepted(3);
  await registry.metrics();
  accepted();
  const { series } = readScrape(await registry.metrics());
  assert.deepEqual(
    [...series],
    [
      ['trulinks_events_total{result="accepted"}', 5],
      ['trulinks_events_total{result="failed"}', 0],
    ],
  );
  failed();
  assert.equal(readScrape(await registry.metrics()).valueOf('trulinks_events_total{result="failed"}'), 1);
});
