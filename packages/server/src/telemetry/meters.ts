/** Everything that is counted, and the page on which it is told. */
import { collectDefaultMetrics, Registry } from "prom-client";
import type { AnsweredFact } from "../api/fact.ts";
import type { Clock } from "../base/clock.ts";
import type { RequestFact } from "../gateway/fact.ts";
import type { CommittedFact, StorageLoad } from "../storage/storage.ts";
import type { AskSurvey } from "../webhooks/backlog-survey.ts";
import type { SenderLoad } from "../webhooks/capacity.ts";
import type { Fact } from "../webhooks/fact.ts";
import { apiMeters } from "./api-meters.ts";
import { backlogGauges } from "./backlog-gauges.ts";
import { gatewayMeters } from "./gateway-meters.ts";
import {
  countedElsewhere,
  fact,
  gauge,
  gauges,
  histogram,
  type Labels,
  type Reading,
} from "./instruments.ts";
import type { SpanCounts } from "./otlp.ts";
import { webhookMeters } from "./webhook-meters.ts";

export type MeteredFact = Fact | RequestFact | AnsweredFact | CommittedFact;

export interface Meters {
  readonly onFact: (fact: MeteredFact) => void;
  /** What is asked when somebody scrapes. Once. */
  watch(sources: Watched): void;
  /** In the text format of Prometheus. */
  expose(): Promise<Exposition>;
}

export interface Watched {
  /** How many deliveries may be in flight. */
  readonly inFlightMax: number;
  readonly senderLoad: () => SenderLoad;
  /** To receivers: all, and those of them that wait for the next request. */
  readonly connections: () => { readonly open: number; readonly free: number };
  readonly storageLoad: () => StorageLoad;
  /** When the next delivery is due, if there is any. */
  readonly nextDueMs: () => Promise<number | null>;
  readonly askSurvey: AskSurvey;
}

export interface Exposition {
  readonly contentType: string;
  readonly text: string;
}

export interface MetersDeps {
  readonly version: string;
  /** Of spans; null: none are made. */
  readonly spanCounts: (() => SpanCounts) | null;
  readonly clock: Pick<Clock, "now" | "after">;
}

const NO_SPANS: SpanCounts = { made: 0, sent: 0, failed: 0 };
// Well within the 10 s that Prometheus waits: a store that hangs must not hide all the rest.
const STORE_MS_MAX = 1_000;

export function createMeters({ version, clock, spanCounts }: MetersDeps): Meters {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  fact(registry, "trulinks_build_info", { version });
  countedElsewhere(registry, "trulinks_spans_total", () =>
    Object.entries(spanCounts?.() ?? NO_SPANS).map(([state, count]) => ({ labels: { state }, count })),
  );
  const commitSeconds = histogram(registry, "trulinks_store_commit_seconds");
  const onWebhookFact = webhookMeters(registry);
  const onRequest = gatewayMeters(registry);
  const onAnswered = apiMeters(registry);

  async function dueLagS(nextDueMs: Watched["nextDueMs"]): Promise<Reading> {
    const { promise: silence, resolve } = Promise.withResolvers<undefined>();
    const cancel = clock.after(STORE_MS_MAX, () => resolve(undefined));
    const dueMs = await Promise.race([nextDueMs(), silence]).catch(() => undefined);
    cancel();
    if (dueMs === undefined) return null;
    return dueMs === null ? 0 : Math.max(0, clock.now() - dueMs) / 1_000;
  }

  return {
    onFact(told) {
      if (told.kind === "requested") onRequest(told);
      else if (told.kind === "answered") onAnswered(told);
      else if (told.kind === "committed") commitSeconds(told.durationMs / 1_000);
      else onWebhookFact(told);
    },
    watch({ inFlightMax, senderLoad, connections, storageLoad, nextDueMs, askSurvey }) {
      gauge(registry, "trulinks_deliveries_in_flight", () => senderLoad().inFlight);
      gauge(registry, "trulinks_deliveries_in_flight_limit", () => inFlightMax);
      gauge(registry, "trulinks_deliveries_at_hand", () => senderLoad().atHand);
      gauges(registry, "trulinks_receiver_connections", () => {
        const { open, free } = connections();
        return byState({ busy: open - free, idle: free });
      });
      gauge(registry, "trulinks_store_calls_waiting", () => storageLoad().callsWaiting);
      gauges(registry, "trulinks_store_connections", () => byState(storageLoad().connections ?? {}));
      backlogGauges(registry, { clock, askSurvey });
      gauge(registry, "trulinks_due_lag_seconds", () => dueLagS(nextDueMs));
    },
    expose: async () => ({ contentType: registry.contentType, text: await registry.metrics() }),
  };
}

function byState(
  values: Readonly<Record<string, number>>,
): readonly { readonly labels: Labels; readonly value: number }[] {
  return Object.entries(values).map(([state, value]) => ({ labels: { state }, value }));
}
