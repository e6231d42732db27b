/** The trace that a request carries, or that was begun for it: what it publishes is published under that. */
import type { FastifyRequest } from "fastify";
import { readTrace, type Trace } from "../../base/trace-context.ts";
import type { Api } from "../manners.ts";

export interface TracedDeps {
  /** Left out: a trace that came with the request is passed on as it is. */
  readonly traceRequest?: TraceRequest | undefined;
}

export type TraceRequest = (request: {
  readonly method: string;
  /** Such as `/v1/events`. */
  readonly route: string;
  readonly scheme: string;
  /** That of the caller; null if none came, or none that could be read. */
  readonly trace: Trace | null;
}) => RequestTrace;

export interface RequestTrace {
  readonly trace: Trace;
  end(status: number): void;
}

declare module "fastify" {
  interface FastifyRequest {
    trace: Trace | null;
    ownTrace: RequestTrace | null;
  }
  interface FastifyContextConfig {
    /** What the route does belongs to the trace of its request. */
    readonly traced?: boolean;
  }
}

export function followTraces(api: Api, { traceRequest }: TracedDeps): void {
  api.decorateRequest("trace", null);
  api.decorateRequest("ownTrace", null);
  api.addHook("onRequest", async (request) => {
    const { config, url: route = "" } = request.routeOptions;
    if (config.traced !== true) return;
    const trace = readTrace(request.headers);
    request.ownTrace =
      traceRequest?.({ method: request.method, route, scheme: request.protocol, trace }) ?? null;
    request.trace = request.ownTrace?.trace ?? trace;
  });
  api.addHook("onResponse", async ({ ownTrace }, { statusCode }) => ownTrace?.end(statusCode));
}

/** The same, each to be published under the request's trace. */
export function traced<Event>(
  { trace }: FastifyRequest,
  events: readonly Event[],
): readonly (Event & { readonly trace: Trace | null })[] {
  return events.map((event) => ({ ...event, trace }));
}
