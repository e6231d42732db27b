/**
 * The policy: every number that the platform keeps its integrators and itself to, as one document. It is
 * validated at start, published at `GET /integrations/policy`, and read by the SDK and the doctor.
 */

export interface WindowPolicy {
  readonly limit: number;
  readonly window_s: number;
}

export interface Policy {
  readonly rate_limit: {
    readonly user: WindowPolicy;
    readonly app: WindowPolicy;
    readonly anonymous: WindowPolicy;
    readonly resources: Readonly<Record<string, WindowPolicy>>;
  };
  readonly serial_requests: {
    readonly in_flight_max: number;
    readonly waiting_max: number;
    readonly wait_ms_max: number;
    readonly streams_max: number;
    /** What is stricter for callers without credentials, here and below. */
    readonly anonymous: { readonly waiting_max: number };
  };
  readonly write_pacing: {
    readonly gap_ms: number;
    readonly burst: number;
    readonly tolerance_ms: number;
    readonly anonymous: { readonly burst: number };
  };
  readonly points: {
    readonly per_min: number;
    readonly read: number;
    readonly write: number;
    readonly anonymous: { readonly per_min: number };
  };
  readonly content_pacing: { readonly per_min: number; readonly per_h: number };
  readonly webhooks: {
    readonly ack_deadline_ms: number;
    readonly retries_s: readonly number[];
    readonly retention_days: number;
    /** How long payloads are kept after their deliveries ended: data, what was sent, what was answered. Null: as records. */
    readonly payload_retention_days: number | null;
    /** What has waited longer for a hook, or is more than so many bytes of data, is expired, oldest first. */
    readonly waiting_days_max: number;
    readonly waiting_bytes_max: number;
    /** Hooks at one host that may be pending at once: nobody uses the platform to knock on a stranger's door. */
    readonly pending_per_host_max: number;
    /** Whether the receiver of a new hook has to answer a challenge, besides answering the ping with 2xx. */
    readonly challenge: boolean;
    /** A hook none of whose attempts was answered well for so long: its owner is told, and later it is paused. */
    readonly failing_after_s: number;
    readonly paused_after_s: number;
    /** How many of the deliveries kept for a hook are released a second once it delivers again, unless asked otherwise. */
    readonly release_per_s: number;
    /** Retries and released deliveries together that one process starts at one origin (scheme, host, port) in a second. */
    readonly recovery_per_s: number;
  };
  readonly validation: { readonly status: number };
}

/** The defaults of the design; GitHub's numbers where GitHub publishes one, Standard Webhooks' retry schedule. */
export const POLICY_DEFAULT: Policy = {
  rate_limit: {
    user: { limit: 5_000, window_s: 3_600 },
    app: { limit: 5_000, window_s: 3_600 },
    anonymous: { limit: 60, window_s: 3_600 },
    resources: { search: { limit: 30, window_s: 60 } },
  },
  serial_requests: {
    in_flight_max: 1,
    waiting_max: 8,
    wait_ms_max: 5_000,
    streams_max: 5,
    anonymous: { waiting_max: 0 },
  },
  write_pacing: { gap_ms: 1_000, burst: 10, tolerance_ms: 100, anonymous: { burst: 1 } },
  points: { per_min: 900, read: 1, write: 5, anonymous: { per_min: 60 } },
  content_pacing: { per_min: 80, per_h: 500 },
  webhooks: {
    ack_deadline_ms: 10_000,
    retries_s: [5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400],
    retention_days: 7,
    payload_retention_days: null,
    waiting_days_max: 14,
    waiting_bytes_max: 268_435_456,
    pending_per_host_max: 20,
    challenge: false,
    failing_after_s: 86_400,
    paused_after_s: 432_000,
    release_per_s: 50,
    recovery_per_s: 200,
  },
  validation: { status: 422 },
};
