/** Counts what webhooks tell. Called for every delivery, so nothing is looked up, and nothing made, to count one. */
import type { Registry } from "prom-client";
import type { AttemptedFact, ExpiredFact, Fact, HealthFact, PublishedFact } from "../webhooks/fact.ts";
import { OUTCOMES } from "../webhooks/outcome.ts";
import { type Add, counter, histogram } from "./instruments.ts";

type Result = keyof PublishedFact["results"];

const RESULTS = {
  accepted: true,
  repeated: true,
  reused: true,
  "no-recipient": true,
  failed: true,
} as const satisfies Record<Result, true>;

const NEXTS = {
  delivered: true,
  rejected: true,
  failed: true,
  retry: true,
  superseded: true,
} as const satisfies Record<AttemptedFact["next"], true>;

const CAUSES = { "time-to-live": true, bounds: true } as const satisfies Record<ExpiredFact["because"], true>;

const STEPS = {
  failing: true,
  told: true,
  paused: true,
  sound: true,
  resumed: true,
} as const satisfies Record<HealthFact["step"], true>;

export function webhookMeters(registry: Registry): (fact: Fact) => void {
  const attempted = attemptMeters(registry);
  const published = publishMeters(registry);
  const expired = expiryMeters(registry);
  const health = counter(registry, "trulinks_hook_health_total");
  const stepped = bindEach(STEPS, (step) => health({ step }));
  const forgotten = counter(registry, "trulinks_forgotten_total");
  const forgottenBy = new Map<string, Add>();

  return (fact) => {
    switch (fact.kind) {
      case "attempted":
        return attempted(fact);
      case "published":
        return published(fact);
      case "expired":
        return expired(fact);
      case "health":
        return stepped[fact.step]();
      case "forgotten": {
        const add = forgottenBy.get(fact.what) ?? forgotten({ what: fact.what });
        forgottenBy.set(fact.what, add);
        return add(fact.count);
      }
      default:
        return fact satisfies never;
    }
  };
}

function attemptMeters(registry: Registry): (fact: AttemptedFact) => void {
  const attempts = counter(registry, "trulinks_attempts_total");
  const first = bindEach(OUTCOMES, (outcome) => attempts({ outcome, attempt: "first" }));
  const retry = bindEach(OUTCOMES, (outcome) => attempts({ outcome, attempt: "retry" }));
  const deliveries = counter(registry, "trulinks_attempted_deliveries_total");
  const became = bindEach(NEXTS, (next) => deliveries({ next }));
  const seconds = histogram(registry, "trulinks_attempt_seconds");
  const delay = histogram(registry, "trulinks_first_attempt_delay_seconds");

  return ({ outcome, attempt, next, durationMs, sincePublishedMs }) => {
    (attempt === 1 ? first : retry)[outcome]();
    became[next]();
    seconds(durationMs / 1_000);
    if (attempt === 1) delay(sincePublishedMs / 1_000);
  };
}

function publishMeters(registry: Registry): (fact: PublishedFact) => void {
  const events = counter(registry, "trulinks_events_total");
  const byResult = bindEach(RESULTS, (result) => events({ result }));
  const deliveriesMade = counter(registry, "trulinks_deliveries_made_total")();
  const batch = histogram(registry, "trulinks_ingest_batch_events");
  const seconds = histogram(registry, "trulinks_ingest_seconds");

  return ({ results, deliveries, durationMs }) => {
    let size = 0;
    for (const [result, count] of Object.entries(results)) {
      byResult[result as Result](count);
      size += count;
    }
    deliveriesMade(deliveries);
    batch(size);
    seconds(durationMs / 1_000);
  };
}

function expiryMeters(registry: Registry): (fact: ExpiredFact) => void {
  const deliveries = counter(registry, "trulinks_deliveries_expired_total");
  const byCause = bindEach(CAUSES, (because) => deliveries({ because }));
  return ({ because, count }) => byCause[because](count);
}

function bindEach<Key extends string>(
  keys: Readonly<Record<Key, unknown>>,
  bind: (key: Key) => Add,
): Readonly<Record<Key, Add>> {
  const names = Object.keys(keys) as Key[];
  return Object.fromEntries(names.map((key) => [key, bind(key)])) as Record<Key, Add>;
}
