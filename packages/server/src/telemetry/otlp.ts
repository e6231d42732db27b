/**
 * Makes spans and sends them to a collector, as JSON over HTTP. Loaded only where a collector is named: nobody else
 * pays for OpenTelemetry. Nothing is registered globally.
 */
import type { Tracer } from "@opentelemetry/api";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-http";
import { defaultResource, resourceFromAttributes } from "@opentelemetry/resources";
import {
  BatchSpanProcessor,
  ParentBasedSampler,
  type SpanExporter,
  type SpanProcessor,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from "@opentelemetry/sdk-trace";
import type { Clock } from "../base/clock.ts";
import type { Dice } from "../base/dice.ts";
import type { Log } from "../base/log.ts";

export interface Collector {
  /** Of the collector; `/v1/traces` is added where it does not stand. */
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  /** Of the traces that begin here this share is recorded; of the others all that are recorded where they came from. */
  readonly sampleRatio: number;
}

export interface OtlpDeps {
  readonly version: string;
  readonly clock: Pick<Clock, "after">;
  readonly dice: Pick<Dice, "bytes">;
  readonly log: Log;
}

export interface Otlp {
  readonly tracer: Tracer;
  readonly counts: () => SpanCounts;
  /** Sends what is left, for a moment. */
  close(): Promise<void>;
}

/** What is neither sent nor failed is on its way, or was dropped because the collector was too slow. */
export interface SpanCounts {
  readonly made: number;
  readonly sent: number;
  readonly failed: number;
}

/** Spans wait in memory, some 2 KiB each, while a collector is away. */
const QUEUE_SPANS_MAX = 8_192;
const BATCH_SPANS_MAX = 512;
const BATCH_DELAY_MS = 1_000;
/** One batch, with its repetitions. */
const SEND_MS_MAX = 5_000;
// A collector that is away must not hold up the end of the process.
const CLOSE_MS_MAX = 3_000;
const SAMPLED = 1;
const INSTANCE_BYTES = 8;

export function openOtlp({ url, headers, sampleRatio }: Collector, deps: OtlpDeps): Otlp {
  const counts = { made: 0, sent: 0, failed: 0 };
  const exporter = new OTLPTraceExporter({
    url: tracesUrl(url),
    headers,
    timeoutMillis: SEND_MS_MAX,
  });
  const provider = new TracerProvider({
    resource: defaultResource().merge(
      resourceFromAttributes({
        "service.name": "trulinks",
        "service.version": deps.version,
        "service.instance.id": Buffer.from(deps.dice.bytes(INSTANCE_BYTES)).toString("hex"),
      }),
    ),
    sampler: new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(sampleRatio) }),
    spanProcessors: [
      countMade(counts),
      new BatchSpanProcessor({
        exporter: countSent(exporter, counts, deps.log),
        maxQueueSize: QUEUE_SPANS_MAX,
        maxExportBatchSize: BATCH_SPANS_MAX,
        scheduledDelayMillis: BATCH_DELAY_MS,
        // The exporter's own end comes first.
        exportTimeoutMillis: 2 * SEND_MS_MAX,
      }),
    ],
  });
  return {
    tracer: provider.getTracer("trulinks", deps.version),
    counts: () => counts,
    async close() {
      const { promise: isTooLong, resolve } = Promise.withResolvers<void>();
      const cancel = deps.clock.after(CLOSE_MS_MAX, resolve);
      // What could not be sent has been logged.
      await Promise.race([provider.shutdown().catch(() => {}), isTooLong]);
      cancel();
    },
  };
}

export function tracesUrl(url: URL): string {
  const base = url.href.replace(/\/+$/, "");
  return base.endsWith("/v1/traces") ? base : `${base}/v1/traces`;
}

type Counting = { -readonly [Name in keyof SpanCounts]: SpanCounts[Name] };

function countMade(counts: Counting): SpanProcessor {
  return {
    onStart() {},
    onEnd(span) {
      if ((span.spanContext().traceFlags & SAMPLED) !== 0) counts.made += 1;
    },
    forceFlush: async () => {},
    shutdown: async () => {},
  };
}

/** Says when the collector stopped to take spans and when it takes them again, once each. */
function countSent(exporter: SpanExporter, counts: Counting, log: Log): SpanExporter {
  let isAway = false;
  return {
    export(spans, done) {
      exporter.export(spans, (result) => {
        const isSent = result.code === 0;
        counts[isSent ? "sent" : "failed"] += spans.length;
        if (isSent && isAway) log.info("traces.back");
        if (!isSent && !isAway)
          log.warn("traces.lost", { spans: spans.length, reason: result.error?.message });
        isAway = !isSent;
        done(result);
      });
    },
    shutdown: () => exporter.shutdown(),
    forceFlush: async () => exporter.forceFlush?.(),
  };
}
