import assert from "node:assert/strict";
import { test } from "node:test";
import type { HookId } from "@trulinks/protocol";
import { readScrape, type Scrape } from "../../../../test/e2e/scrape.ts";
import type { Survey } from "../webhooks/backlog-survey.ts";
import { OUTCOMES } from "../webhooks/outcome.ts";
import { createMeters, type Meters, type Watched } from "./meters.ts";

const NOW_MS = 1_000_000;

/** Time stands still; whoever waits for it has waited at once. */
const clock = {
  now: () => NOW_MS,
  after: (_delayMs: number, run: () => void) => {
    queueMicrotask(() => queueMicrotask(run));
    return () => {};
  },
};

const spanCounts = () => ({ made: 9, sent: 5, failed: 3 });

function createMetersWith(change: Partial<Watched> = {}): Meters {
  const meters = createMeters({ version: "1.2.3", clock, spanCounts });
  meters.watch({
    inFlightMax: 7,
    senderLoad: () => ({ inFlight: 3, atHand: 2 }),
    connections: () => ({ open: 9, free: 2 }),
    storageLoad: () => ({ callsWaiting: 4, connections: null }),
    nextDueMs: async () => null,
    askSurvey: async () => null,
    ...change,
  });
  return meters;
}

async function scrape(meters: Meters): Promise<Scrape> {
  return readScrape((await meters.expose()).text);
}

for (const [why, nextDueMs, lagS] of [
  ["is 0 when nothing waits", async () => null, 0],
  ["is 0 when all that waits has its time still to come", async () => NOW_MS + 5_000, 0],
  ["is the age of what is due first", async () => NOW_MS - 1_500, 1.5],
  ["is left out when the store fails", () => Promise.reject(new Error("no disk")), undefined],
  ["is left out when the store does not answer in time", () => new Promise<null>(() => {}), undefined],
] as const) {
  test(`the lag ${why}, and the rest is told`, async () => {
    const meters = createMetersWith({ nextDueMs });
    const { series } = await scrape(meters);
    assert.equal(series.get("trulinks_due_lag_seconds"), lagS);
    assert.equal(series.get("trulinks_deliveries_in_flight"), 3);
    assert.equal(series.get("trulinks_deliveries_at_hand"), 2);
    assert.equal(series.get("trulinks_deliveries_in_flight_limit"), 7);
    assert.equal(series.get('trulinks_build_info{version="1.2.3"}'), 1);
  });
}

test("a lag that was told goes away when the store does", async () => {
  let isAway = false;
  const meters = createMetersWith({
    nextDueMs: async () => (isAway ? Promise.reject(new Error("away")) : NOW_MS - 1_000),
  });
  assert.equal((await scrape(meters)).series.get("trulinks_due_lag_seconds"), 1);
  isAway = true;
  assert.equal((await scrape(meters)).series.has("trulinks_due_lag_seconds"), false);
});

const survey: Survey = {
  because: { due: 1, retry: 2, "hook-paused": 3, "hook-pending": 4, limit: 5 },
  ...{ bytes: 678, oldestAtMs: NOW_MS - 2_500, hooks: { pending: 1, active: 2, paused: 3, disabled: 4 } },
};

test("what waits is told by its reasons, with its bytes and its age, and hooks by their state", async () => {
  const { series } = await scrape(createMetersWith({ askSurvey: async () => survey }));
  for (const [because, count] of Object.entries(survey.because)) {
    assert.equal(series.get(`trulinks_deliveries_waiting{because="${because}"}`), count, because);
  }
  for (const [state, count] of Object.entries(survey.hooks)) {
    assert.equal(series.get(`trulinks_hooks{state="${state}"}`), count, state);
  }
  assert.equal(series.get("trulinks_deliveries_waiting_bytes"), 678);
  assert.equal(series.get("trulinks_oldest_waiting_seconds"), 2.5);
});

for (const [why, found, ageS] of [
  ["nothing that waits is 0 seconds old", { ...survey, oldestAtMs: null }, 0],
  ["what was made by a clock that is ahead is 0 seconds old", { ...survey, oldestAtMs: NOW_MS + 9 }, 0],
  ["nothing is told of what waits while the store does not answer", null, undefined],
] as const) {
  test(why, async () => {
    const { series } = await scrape(createMetersWith({ askSurvey: async () => found }));
    assert.equal(series.get("trulinks_oldest_waiting_seconds"), ageS);
    const told = [...series.keys()].filter((key) => /^trulinks_(hooks|deliveries_waiting)/.test(key));
    assert.equal(told.length, found === null ? 0 : 10);
  });
}

test("two platforms in one process count each for itself", async () => {
  const [one, other] = [createMetersWith(), createMetersWith()];
  one.onFact({ kind: "published", results: { accepted: 2 }, deliveries: 5, durationMs: 3 });
  assert.equal((await scrape(one)).valueOf("trulinks_deliveries_made_total"), 5);
  assert.equal((await scrape(other)).valueOf("trulinks_deliveries_made_total"), 0);
});

test("every outcome has its series from the start, so that the first one shows in a rate", async () => {
  const { series } = await scrape(createMetersWith());
  for (const outcome of Object.keys(OUTCOMES)) {
    for (const attempt of ["first", "retry"]) {
      const key = `trulinks_attempts_total{outcome="${outcome}",attempt="${attempt}"}`;
      assert.equal(series.get(key), 0, key);
    }
  }
});

test("what hooks' receivers show, and what follows, is counted by step", async () => {
  const meters = createMetersWith();
  for (const step of ["failing", "failing", "told", "paused", "resumed", "sound"] as const)
    meters.onFact({ kind: "health", step, hookId: "hok_1" as HookId });
  const seen = await scrape(meters);
  const steps = ["failing", "told", "paused", "sound", "resumed"];
  assert.deepEqual(
    steps.map((step) => seen.valueOf(`trulinks_hook_health_total{step="${step}"}`)),
    [2, 1, 1, 1, 1],
  );
});

test("what is forgotten is counted by what it was", async () => {
  const meters = createMetersWith();
  for (const count of [500, 7]) meters.onFact({ kind: "forgotten", what: "events", count });
  meters.onFact({ kind: "forgotten", what: "idempotency keys", count: 1 });
  const seen = await scrape(meters);
  assert.equal(seen.valueOf('trulinks_forgotten_total{what="events"}'), 507);
  assert.equal(seen.valueOf('trulinks_forgotten_total{what="idempotency keys"}'), 1);
});

test("what expired is counted by its cause", async () => {
  const meters = createMetersWith();
  meters.onFact({ kind: "expired", because: "bounds", count: 3 });
  meters.onFact({ kind: "expired", because: "time-to-live", count: 500 });
  const seen = await scrape(meters);
  assert.equal(seen.valueOf('trulinks_deliveries_expired_total{because="bounds"}'), 3);
  assert.equal(seen.valueOf('trulinks_deliveries_expired_total{because="time-to-live"}'), 500);
});

test("requests are counted by what became of them and the class of the status", async () => {
  const meters = createMetersWith();
  const request = { kind: "requested", durationMs: 5 } as const;
  meters.onFact({ ...request, outcome: "answered", code: null, status: 200 });
  meters.onFact({ ...request, outcome: "answered", code: null, status: 204 });
  meters.onFact({ ...request, outcome: "refused", code: "not-found", status: 404 });
  meters.onFact({ ...request, outcome: "failed", code: "unavailable", status: 503 });
  meters.onFact({ ...request, outcome: "left", code: null, status: null });
  const seen = await scrape(meters);
  for (const [labels, count] of [
    ['result="answered",status="2xx"', 2],
    ['result="not-found",status="4xx"', 1],
    ['result="unavailable",status="5xx"', 1],
    ['result="left",status="none"', 1],
  ] as const) {
    assert.equal(seen.valueOf(`trulinks_gateway_requests_total{${labels}}`), count, labels);
  }
  assert.equal(seen.valueOf("trulinks_gateway_request_seconds_sum"), 0.025);
});

test("spans are counted where there are any, and are 0 elsewhere", async () => {
  const untraced = createMeters({ version: "1.2.3", clock, spanCounts: null });
  for (const [meters, counts] of [
    [createMetersWith(), spanCounts()],
    [untraced, { made: 0, sent: 0, failed: 0 }],
  ] as const) {
    await scrape(meters);
    const seen = await scrape(meters);
    for (const [state, count] of Object.entries(counts)) {
      assert.equal(seen.series.get(`trulinks_spans_total{state="${state}"}`), count, state);
    }
  }
});

test("the store's load is told, and its connections where it has any", async () => {
  const connections = { busy: 3, idle: 1 };
  const shared = createMetersWith({ storageLoad: () => ({ callsWaiting: 5, connections }) });
  shared.onFact({ kind: "committed", durationMs: 2 });
  const seen = await scrape(shared);
  assert.equal(seen.series.get("trulinks_store_calls_waiting"), 5);
  assert.equal(seen.series.get('trulinks_store_connections{state="busy"}'), 3);
  assert.equal(seen.series.get('trulinks_store_connections{state="idle"}'), 1);
  assert.equal(seen.series.get("trulinks_store_commit_seconds_sum"), 0.002);

  const embedded = await scrape(createMetersWith());
  assert.equal(embedded.series.get('trulinks_receiver_connections{state="busy"}'), 7);
  assert.equal(embedded.series.get('trulinks_receiver_connections{state="idle"}'), 2);
  assert.equal(embedded.series.get("trulinks_store_calls_waiting"), 4);
  assert.equal(embedded.kinds.get("trulinks_store_connections"), "gauge");
  assert.ok([...embedded.series.keys()].every((key) => !key.startsWith("trulinks_store_connections")));
});
