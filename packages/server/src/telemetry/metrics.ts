/**
 * The one table of the platform's own metrics; `docs/reference/metrics.md` is made from it. No label has a value that
 * callers choose: hooks, users, types and addresses would make as many series as there are of them.
 */

export interface Metric {
  readonly kind: "counter" | "gauge" | "histogram";
  /** One sentence. */
  readonly what: string;
  /** Each label, and what its values are. */
  readonly labels?: Readonly<Record<string, string>>;
  /** Of a histogram: the upper bounds, ascending. */
  readonly buckets?: readonly number[];
}

// A receiver has 10 s by default and 30 at most; a good one answers within milliseconds.
const ATTEMPT_BUCKETS_S = [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 30];
// Fractions of a second while all is well, hours behind a hook that was paused.
const DELAY_BUCKETS_S = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 30, 60, 300, 1_800, 3_600, 21_600];
// One commit to a good disk takes a millisecond or less.
const STORE_BUCKETS_S = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];
const REQUEST_BUCKETS_S = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
const BATCH_BUCKETS = [1, 2, 5, 10, 25, 50, 100, 250, 500, 1_000];

export const METRICS = {
  trulinks_build_info: {
    kind: "gauge",
    what: "Always 1; says which version runs.",
    labels: { version: "of TruLinks" },
  },

  trulinks_events_total: {
    kind: "counter",
    what: "Events that were published, by what became of them.",
    labels: {
      result:
        "`accepted`, `repeated` (the same one again), `reused` (its id or key with another body), `no-recipient`, `failed` (the store did not take it)",
    },
  },
  trulinks_deliveries_made_total: {
    kind: "counter",
    what: "Deliveries that events were made into, one for each hook and user that gets it.",
  },
  trulinks_ingest_batch_events: {
    kind: "histogram",
    what: "Events in one call to publish: 1, or the size of the batch.",
    buckets: BATCH_BUCKETS,
  },
  trulinks_ingest_seconds: {
    kind: "histogram",
    what: "From a call to publish until its events and their deliveries are on disk.",
    buckets: STORE_BUCKETS_S,
  },

  trulinks_attempts_total: {
    kind: "counter",
    what: "Attempts to deliver that are over.",
    labels: { outcome: "one of the [outcomes](outcomes.md)", attempt: "`first` or `retry`" },
  },
  trulinks_attempt_seconds: {
    kind: "histogram",
    what: "How long attempts took: name, connection, TLS, sending and answer together.",
    buckets: ATTEMPT_BUCKETS_S,
  },
  trulinks_first_attempt_delay_seconds: {
    kind: "histogram",
    what: "From the publishing of an event to the start of a delivery's first attempt; what was kept for a paused or pending hook counts when it is let go.",
    buckets: DELAY_BUCKETS_S,
  },
  trulinks_attempted_deliveries_total: {
    kind: "counter",
    what: "What became of deliveries after an attempt.",
    labels: {
      next: "`delivered`, `rejected`, `failed`, `retry`, `superseded` (ended or taken by another process meanwhile)",
    },
  },
  trulinks_deliveries_in_flight: {
    kind: "gauge",
    what: "Deliveries that receivers are at, from connecting to the last byte of the answer.",
  },
  trulinks_deliveries_in_flight_limit: {
    kind: "gauge",
    what: "How many it may at once: `hooks.in_flight_max`.",
  },
  trulinks_deliveries_at_hand: {
    kind: "gauge",
    what: "Deliveries leased by this process that wait in it for a place at their hook.",
  },
  trulinks_receiver_connections: {
    kind: "gauge",
    what: "Open connections to receivers.",
    labels: { state: "`busy` or `idle`" },
  },
  trulinks_deliveries_waiting: {
    kind: "gauge",
    what: "Deliveries that wait in the store, and what is under way. Counted anew some seconds after the last time at the earliest, later the more there are; every process over one PostgreSQL tells of the same. Left out, as are the three that follow, while the store does not answer.",
    labels: { because: "`due`, `retry`, `hook-paused`, `hook-pending`, `limit` (others come first)" },
  },
  trulinks_deliveries_waiting_bytes: {
    kind: "gauge",
    what: "How many bytes of data they are of; an event that waits for two hooks counts twice.",
  },
  trulinks_oldest_waiting_seconds: {
    kind: "gauge",
    what: "How long ago the oldest of them was made; 0 if nothing waits.",
  },
  trulinks_hooks: {
    kind: "gauge",
    what: "Hooks, by their state.",
    labels: { state: "`pending`, `active`, `paused`, `disabled`" },
  },
  trulinks_due_lag_seconds: {
    kind: "gauge",
    what: "For how long the delivery that is due first has been due: grows while a receiver, or the platform, is behind. Left out while the store does not answer.",
  },
  trulinks_store_commit_seconds: {
    kind: "histogram",
    what: "How long the store's transactions took until they were on disk: of the embedded engine those that write, each for all that came meanwhile; with PostgreSQL every one, the wait for a connection included.",
    buckets: STORE_BUCKETS_S,
  },
  trulinks_store_calls_waiting: {
    kind: "gauge",
    what: "Calls to the store that wait: for the thread of the embedded engine, or for a connection to PostgreSQL.",
  },
  trulinks_store_connections: {
    kind: "gauge",
    what: "Connections to PostgreSQL; the embedded engine has none.",
    labels: { state: "`busy` or `idle`" },
  },
  trulinks_deliveries_expired_total: {
    kind: "counter",
    what: "Deliveries that were ended while they waited. One whose time is found to be over when it is to be sent is not among them.",
    labels: { because: "`time-to-live` (`expires_in_s`) or `bounds` (`webhooks.waiting_…` of the policy)" },
  },
  trulinks_hook_health_total: {
    kind: "counter",
    what: "What hooks' receivers have shown, and what followed.",
    labels: {
      step: "`failing` (an attempt failed, those before had not), `told` (its owner was), `paused` (for failing), `sound` (answered well again), `resumed` (active again)",
    },
  },
  trulinks_forgotten_total: {
    kind: "counter",
    what: "Rows that were forgotten because they had been kept long enough.",
    labels: { what: "`events` (with their deliveries), `idempotency keys`" },
  },

  trulinks_spans_total: {
    kind: "counter",
    what: "Spans of traces, where they go to a collector. What was made and is neither sent nor failed is on its way, or was dropped because the collector is too slow.",
    labels: { state: "`made`, `sent`, `failed`" },
  },

  trulinks_api_requests_total: {
    kind: "counter",
    what: "Requests to the platform's own APIs. Events that are refused before they are published are the provider's with `4xx`.",
    labels: { api: "`provider` or `integrator`", status: "class of the answer's status, such as `2xx`" },
  },
  trulinks_gateway_requests_total: {
    kind: "counter",
    what: "Requests that the gateway has dealt with.",
    labels: {
      result:
        "`answered` (by the upstream), `not-modified`, `broken` (the answer ended too early), `left` (the caller did), or the [error](errors.md) that TruLinks answered with",
      status: "class of the answer's status, such as `2xx`; `none` if there was no answer",
    },
  },
  trulinks_gateway_request_seconds: {
    kind: "histogram",
    what: "How long requests to the gateway took, the upstream's part included.",
    buckets: REQUEST_BUCKETS_S,
  },
} as const satisfies Readonly<Record<string, Metric>>;

export type MetricName = keyof typeof METRICS;
