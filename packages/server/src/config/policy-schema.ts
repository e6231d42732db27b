/** What a policy document may say. Every number has bounds; the type is checked against the protocol's `Policy`. */
import type { Policy } from "@trulinks/protocol";
import Type, { type Static } from "typebox";

const HOUR_S = 3_600;
const DAY_S = 24 * HOUR_S;

function whole(minimum: number, maximum: number): Type.TInteger {
  return Type.Integer({ minimum, maximum });
}

function wholeOrNull(minimum: number, maximum: number): Type.TUnsafe<number | null> {
  return Type.Unsafe<number | null>({ type: ["integer", "null"], minimum, maximum });
}

function section<Members extends Type.TProperties>(members: Members): Type.TObject<Members> {
  return Type.Object(members, { additionalProperties: false });
}

const count = whole(1, 1_000_000_000);
const windowPolicy = section({ limit: whole(0, 1_000_000_000), window_s: whole(1, 31 * DAY_S) });

export const POLICY_SCHEMA = section({
  rate_limit: section({
    user: windowPolicy,
    app: windowPolicy,
    anonymous: windowPolicy,
    resources: Type.Record(Type.String({ pattern: "^[a-z0-9_]{1,64}$" }), windowPolicy, {
      additionalProperties: false,
    }),
  }),
  serial_requests: section({
    in_flight_max: whole(1, 1_000),
    waiting_max: whole(0, 10_000),
    wait_ms_max: whole(0, 60_000),
    streams_max: whole(0, 10_000),
    anonymous: section({ waiting_max: whole(0, 10_000) }),
  }),
  write_pacing: section({
    gap_ms: whole(0, HOUR_S * 1_000),
    burst: whole(1, 100_000),
    tolerance_ms: whole(0, 60_000),
    anonymous: section({ burst: whole(1, 100_000) }),
  }),
  points: section({
    per_min: count,
    read: whole(0, 1_000_000),
    write: whole(0, 1_000_000),
    anonymous: section({ per_min: count }),
  }),
  content_pacing: section({ per_min: count, per_h: count }),
  webhooks: section({
    // What a hook may ask for; 30 s is the hard ceiling.
    ack_deadline_ms: whole(1_000, 30_000),
    retries_s: Type.Array(whole(1, 7 * DAY_S), { maxItems: 50 }),
    retention_days: whole(1, 365),
    payload_retention_days: wholeOrNull(0, 365),
    waiting_days_max: whole(1, 365),
    waiting_bytes_max: whole(1_048_576, 1_099_511_627_776),
    pending_per_host_max: whole(1, 100_000),
    challenge: Type.Boolean(),
    failing_after_s: whole(1, 30 * DAY_S),
    paused_after_s: whole(1, 90 * DAY_S),
    release_per_s: whole(1, 10_000),
    recovery_per_s: whole(1, 100_000),
  }),
  validation: section({ status: whole(400, 599) }),
});

/** Stops compiling when the schema and the protocol's type say different things. */
export const policyFromDocument = (documented: Static<typeof POLICY_SCHEMA>): Policy => documented;
