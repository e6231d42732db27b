/**
 * The spans from publish to arrival, named as OpenTelemetry's conventions for HTTP and messaging name them
 * (https://opentelemetry.io/docs/specs/semconv/). They carry ids and outcomes: never a payload, a secret, a user, nor a
 * hook's whole URL, whose path is a secret at many receivers.
 */
import { type Attributes, SpanKind, SpanStatusCode, type Tracer } from "@opentelemetry/api";
import type { TraceRequest } from "../api/provider/traced.ts";
import type { TraceAttempt } from "../webhooks/attempt-trace.ts";
import type { Claim } from "../webhooks/claim.ts";
import { OUTCOMES, type Outcome } from "../webhooks/outcome.ts";
import type { Publish, Published } from "../webhooks/publish.ts";
import { contextUnder, traceOf } from "./span-context.ts";

/** A request to publish, on this side of the wire. */
export function requestSpans(tracer: Tracer): TraceRequest {
  return ({ method, route, scheme, trace }) => {
    const attributes = { "http.request.method": method, "http.route": route, "url.scheme": scheme };
    const span = tracer.startSpan(
      `${method} ${route}`,
      { kind: SpanKind.SERVER, attributes },
      contextUnder(trace),
    );
    return {
      trace: traceOf(span),
      end(status) {
        span.setAttribute("http.response.status_code", status);
        // What the caller did wrong is no error of this side.
        if (status >= 500)
          span.setAttribute("error.type", String(status)).setStatus({ code: SpanStatusCode.ERROR });
        span.end();
      },
    };
  };
}

/** The same publishing, with a span for each event: the one under which its deliveries hang. */
export function publishSpans(tracer: Tracer, publish: Publish): Publish {
  return async (requests) => {
    const spans = requests.map(({ type, trace = null }) => {
      const attributes = messaging({ operation: "publish", kind: "create", type });
      return tracer.startSpan(
        `publish ${type}`,
        { kind: SpanKind.PRODUCER, attributes },
        contextUnder(trace),
      );
    });
    try {
      const published = await publish(
        requests.map((request, index) => {
          const span = spans[index];
          return span === undefined ? request : { ...request, trace: traceOf(span) };
        }),
      );
      for (const [index, result] of published.entries()) spans[index]?.setAttributes(resultOf(result));
      return published;
    } catch (error) {
      for (const span of spans)
        span.setStatus({ code: SpanStatusCode.ERROR, message: "The store did not take it." });
      throw error;
    } finally {
      for (const span of spans) span.end();
    }
  };
}

/** One attempt, from its signature to its answer. Every attempt hangs under its event, however late it comes. */
export function attemptSpans(tracer: Tracer): TraceAttempt {
  return (claim) => {
    const { type, trace } = claim.event;
    const attributes = attemptOf(claim);
    const span = tracer.startSpan(
      `deliver ${type}`,
      { kind: SpanKind.CLIENT, attributes },
      contextUnder(trace),
    );
    return {
      trace: traceOf(span),
      end(outcome, next) {
        span.setAttributes({ "trulinks.outcome": outcome.kind, "trulinks.next": next });
        if ("status" in outcome) span.setAttribute("http.response.status_code", outcome.status);
        const errorType = errorTypeOf(outcome);
        if (errorType !== null) {
          span.setAttribute("error.type", errorType);
          span.setStatus({ code: SpanStatusCode.ERROR, message: OUTCOMES[outcome.kind].sentence });
        }
        span.end();
      },
    };
  };
}

function attemptOf({ deliveryId, event, hook, attempt }: Claim): Attributes {
  const { protocol, hostname, port } = new URL(hook.url);
  return {
    ...messaging({ operation: "deliver", kind: "send", type: event.type }),
    "messaging.message.id": event.id,
    "http.request.method": "POST",
    "url.scheme": protocol.slice(0, -1),
    "server.address": hostname.replace(/^\[|\]$/g, ""),
    "server.port": port === "" ? (protocol === "https:" ? 443 : 80) : Number(port),
    "trulinks.delivery": deliveryId,
    "trulinks.hook": hook.id,
    "trulinks.attempt": attempt,
    ...(attempt === 1 ? {} : { "http.request.resend_count": attempt - 1 }),
  };
}

function messaging(of: {
  readonly operation: string;
  readonly kind: string;
  readonly type: string;
}): Attributes {
  return {
    "messaging.system": "trulinks",
    "messaging.operation.name": of.operation,
    "messaging.operation.type": of.kind,
    "messaging.destination.name": of.type,
  };
}

function resultOf(result: Published): Attributes {
  const { kind } = result;
  if (kind !== "accepted" && kind !== "repeated") return { "trulinks.result": kind };
  const { id, deliveries } = result.receipt;
  return { "trulinks.result": kind, "messaging.message.id": id, "trulinks.deliveries": deliveries };
}

/** A receiver that looks and declines has done what it should. */
function errorTypeOf(outcome: Outcome): string | null {
  if (outcome.kind === "accepted" || outcome.kind === "rejected") return null;
  return outcome.kind === "refused" ? String(outcome.status) : outcome.kind;
}
