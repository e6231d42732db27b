/** Between a trace as it is stored and passed on, and OpenTelemetry's idea of where a span hangs. */
import {
  type Context,
  createTraceState,
  ROOT_CONTEXT,
  type Span,
  type SpanContext,
  trace as traces,
} from "@opentelemetry/api";
import type { Trace } from "../base/trace-context.ts";

/** Spans that begin in it are children of what happened elsewhere under `trace`; null: they begin a trace. */
export function contextUnder(trace: Trace | null): Context {
  return trace === null ? ROOT_CONTEXT : traces.setSpanContext(ROOT_CONTEXT, spanContextOf(trace));
}

export function traceOf(span: Span): Trace {
  const { traceId, spanId, traceFlags, traceState } = span.spanContext();
  const parent = `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, "0")}`;
  const state = traceState?.serialize() ?? "";
  return state === "" ? parent : `${parent} ${state}`;
}

function spanContextOf(trace: Trace): SpanContext {
  const [parent = "", ...rest] = trace.split(" ");
  const [, traceId = "", spanId = "", flags = ""] = parent.split("-");
  const state = rest.join(" ");
  return {
    traceId,
    spanId,
    traceFlags: Number.parseInt(flags, 16),
    isRemote: true,
    ...(state === "" ? {} : { traceState: createTraceState(state) }),
  };
}
