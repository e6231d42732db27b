import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { startPlatform } from "../platform.ts";
import { type Client, createClient } from "./client.ts";
import { readScrape, type Scrape } from "./scrape.ts";
import { startWebhookReceiver } from "./webhook-receiver.ts";

const REFERENCE = new URL("../../docs/reference/metrics.md", import.meta.url);

/** Four receivers in one: each path has its own way to answer, and one of them none. */
const ANSWERS: Readonly<Record<string, number | null>> = {
  "/good": 204,
  "/declines": 422,
  "/broken": 500,
  "/hangs": null,
};

test("what is scraped are the real deliveries and requests, exactly", async (t) => {
  const receiver = await startWebhookReceiver({
    answer: async ({ path }) => {
      const status = ANSWERS[path] ?? null;
      if (status === null) await sleep(5_000, undefined, { ref: false });
      return { status: status ?? 200 };
    },
  });
  const api = await startWebhookReceiver({ answer: () => ({ status: 200, body: "{}" }) });
  const platform = await startPlatform({
    args: ["--upstream", api.url, "--policy", "policy.yaml", "--in-flight-max", "77"],
    prepare: (folder) => writeFileSync(join(folder, "policy.yaml"), "webhooks: { retries_s: [1] }\n"),
  });
  const provider = createClient(platform.providerUrl, `Bearer ${platform.operatorKey}`);
  const stranger = createClient(platform.providerUrl, null);
  const integrators = createClient(platform.publicUrl, null);
  t.after(async () => {
    for (const client of [provider, stranger, integrators]) await client.close();
    await platform.dispose();
    await receiver.close();
    await api.close();
  });

  await t.test("only whoever has the operator key is told", async () => {
    const refused = await stranger.get("/metrics");
    assert.deepEqual(
      [refused.status, refused.body.type],
      [401, "urn:trulinks:problem:operator-key-required"],
    );
    const told = await provider.get("/metrics");
    assert.equal(told.status, 200);
    assert.equal(told.headers["content-type"], "text/plain; version=0.0.4; charset=utf-8");
  });

  await t.test("every metric is documented with its kind, and every documented one is exposed", async () => {
    const { kinds } = await scrape(provider);
    assert.deepEqual([...kinds].sort(), documented().sort());
  });

  await provider.post("/v1/users", { id: "ada" });
  for (const path of Object.keys(ANSWERS)) {
    const hook = { user: "ada", url: receiver.url + path, events: ["*"], ack_deadline_ms: 1_000 };
    assert.equal((await provider.post("/v1/hooks", hook)).status, 201);
  }
  const before = await scrape(provider);

  await t.test("nothing has been counted before anything happened", () => {
    const counted = [...before.series].filter(([key]) =>
      /^trulinks_(?!store_|api_).*_(total|count)(\{|$)/.test(key),
    );
    assert.ok(counted.length > 30);
    for (const [key, value] of counted) assert.equal(value, 0, key);
  });

  const event = { id: "e-1", type: "issue.opened", users: ["ada"], data: { n: 1 } };
  await provider.post("/v1/events", event);
  // One receiver hangs, so there is time to see it.
  await until(provider, (seen) => seen.valueOf("trulinks_deliveries_in_flight") > 0);
  await provider.post("/v1/events", event);
  await provider.post("/v1/events", { ...event, data: { n: 2 } });
  await provider.post("/v1/events", { ...event, id: "e-2", users: ["nobody"] });
  await provider.post("/v1/events/batch", { events: [event, { ...event, id: "e-3" }] });
  await integrators.get("/projects");
  await integrators.get("/projects");
  await createBadCaller(platform.publicUrl);

  // Two deliveries to each of four receivers, of which two fail and are tried once more.
  const after = await until(
    provider,
    (seen) =>
      seen.valueOf("trulinks_attempt_seconds_count") === 12 &&
      seen.valueOf("trulinks_deliveries_in_flight") === 0,
  );
  const counts: readonly (readonly [string, number])[] = [
    ['trulinks_events_total{result="accepted"}', 2],
    ['trulinks_events_total{result="repeated"}', 2],
    ['trulinks_events_total{result="reused"}', 1],
    ['trulinks_events_total{result="no-recipient"}', 1],
    ['trulinks_events_total{result="failed"}', 0],
    ["trulinks_deliveries_made_total", 8],
    ["trulinks_ingest_batch_events_count", 5],
    ["trulinks_ingest_batch_events_sum", 6],
    ['trulinks_ingest_batch_events_bucket{le="1"}', 4],
    ['trulinks_ingest_batch_events_bucket{le="2"}', 5],
    ["trulinks_ingest_seconds_count", 5],
    ['trulinks_attempts_total{outcome="accepted",attempt="first"}', 2],
    ['trulinks_attempts_total{outcome="accepted",attempt="retry"}', 0],
    ['trulinks_attempts_total{outcome="rejected",attempt="first"}', 2],
    ['trulinks_attempts_total{outcome="refused",attempt="first"}', 2],
    ['trulinks_attempts_total{outcome="refused",attempt="retry"}', 2],
    ['trulinks_attempts_total{outcome="deadline",attempt="first"}', 2],
    ['trulinks_attempts_total{outcome="deadline",attempt="retry"}', 2],
    ['trulinks_attempt_seconds_bucket{le="+Inf"}', 12],
    ["trulinks_first_attempt_delay_seconds_count", 8],
    ['trulinks_attempted_deliveries_total{next="delivered"}', 2],
    ['trulinks_attempted_deliveries_total{next="rejected"}', 2],
    ['trulinks_attempted_deliveries_total{next="retry"}', 4],
    ['trulinks_attempted_deliveries_total{next="failed"}', 4],
    ["trulinks_deliveries_in_flight", 0],
    ["trulinks_deliveries_in_flight_limit", 77],
    ["trulinks_deliveries_at_hand", 0],
    ["trulinks_due_lag_seconds", 0],
    // A stranger at the metrics, an id for another event, and an event for nobody.
    ['trulinks_api_requests_total{api="provider",status="4xx"}', 3],
    ['trulinks_gateway_requests_total{result="answered",status="2xx"}', 2],
    ['trulinks_gateway_requests_total{result="bad-credentials",status="4xx"}', 1],
    ["trulinks_gateway_request_seconds_count", 3],
  ];
  for (const [series, value] of counts) {
    await t.test(`${series} is ${value}`, () => assert.equal(after.valueOf(series), value));
  }

  await t.test("the store has committed, in group and apart, and nothing waits for it", () => {
    const commits = (seen: Scrape) => seen.valueOf("trulinks_store_commit_seconds_count");
    assert.ok(
      commits(after) - commits(before) >= 5 && after.valueOf("trulinks_store_commit_seconds_sum") > 0,
    );
    assert.ok(after.series.has("trulinks_store_calls_waiting"));
  });

  await t.test("durations are in seconds: four attempts ended at the deadline of 1 s", () => {
    const seconds = after.valueOf("trulinks_attempt_seconds_sum");
    assert.ok(seconds >= 4 && seconds < 4_000, String(seconds));
  });

  await t.test("no series names a hook, a user, a type or an address", () => {
    const text = [...after.series.keys()].join("\n");
    assert.doesNotMatch(text, /hok_|evt_|ada|issue|127\.0\.0\.1/);
  });
});

async function createBadCaller(publicUrl: string): Promise<void> {
  const client = createClient(publicUrl, "Bearer not-a-token");
  assert.equal((await client.get("/projects")).status, 401);
  await client.close();
}

async function scrape(provider: Client): Promise<Scrape> {
  return readScrape((await provider.get("/metrics")).body);
}

async function until(provider: Client, holds: (seen: Scrape) => boolean): Promise<Scrape> {
  for (;;) {
    const seen = await scrape(provider);
    if (holds(seen)) return seen;
    await sleep(10);
  }
}

function documented(): [string, string][] {
  const rows = readFileSync(REFERENCE, "utf8").matchAll(/^\| `([a-z0-9_]+)` \| ([a-z]+) \|/gm);
  return [...rows].map(([, name = "", kind = ""]) => [name, kind]);
}
