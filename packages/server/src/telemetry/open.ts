/** Everything that watches, opened first and closed last. */
import type { TraceRequest } from "../api/provider/traced.ts";
import type { Clock } from "../base/clock.ts";
import type { Dice } from "../base/dice.ts";
import type { Log } from "../base/log.ts";
import type { TraceAttempt } from "../webhooks/attempt-trace.ts";
import type { Publish } from "../webhooks/publish.ts";
import { createMeters, type Meters } from "./meters.ts";
import type { Collector } from "./otlp.ts";

export interface Telemetry {
  readonly meters: Meters;
  /** Null: traces that come in are passed on, and none are made. */
  readonly tracing: Tracing | null;
  close(): Promise<void>;
}

export interface Tracing {
  readonly traceRequest: TraceRequest;
  readonly traceAttempt: TraceAttempt;
  tracePublish(publish: Publish): Publish;
}

export interface TelemetryDeps {
  readonly version: string;
  /** Where spans go; null: nowhere, and none are made. */
  readonly otlp: Collector | null;
  readonly clock: Clock;
  readonly dice: Dice;
  readonly log: Log;
}

export async function openTelemetry(deps: TelemetryDeps): Promise<Telemetry> {
  const { version, clock, otlp } = deps;
  if (otlp === null) {
    return {
      meters: createMeters({ version, clock, spanCounts: null }),
      tracing: null,
      close: async () => {},
    };
  }
  // Loading them took 80 ms and 8 MB, so only where they are used.
  const { openOtlp } = await import("./otlp.ts");
  const { attemptSpans, publishSpans, requestSpans } = await import("./spans.ts");
  const { tracer, counts, close } = openOtlp(otlp, deps);
  return {
    meters: createMeters({ version, clock, spanCounts: counts }),
    tracing: {
      traceRequest: requestSpans(tracer),
      traceAttempt: attemptSpans(tracer),
      tracePublish: (publish) => publishSpans(tracer, publish),
    },
    close,
  };
}
