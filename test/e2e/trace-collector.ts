/** What an OpenTelemetry collector does, as far as a test needs it: takes OTLP over HTTP in JSON and keeps the spans. */
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";

export interface CollectedSpan {
  readonly name: string;
  readonly traceId: string;
  readonly spanId: string;
  /** Empty: it began the trace. */
  readonly parentSpanId: string;
  readonly kind: "internal" | "server" | "client" | "producer" | "consumer";
  readonly traceState: string;
  readonly attributes: Readonly<Record<string, string | number | boolean>>;
  readonly isError: boolean;
  /** Those of the process that made it. */
  readonly resource: Readonly<Record<string, string | number | boolean>>;
}

export interface TraceCollector {
  readonly url: string;
  readonly spans: readonly CollectedSpan[];
  /** Everything that came, as it came. */
  text(): string;
  readonly requests: readonly { readonly path: string; readonly headers: IncomingHttpHeaders }[];
  /** With what it answers from here on. */
  answer(status: number): void;
  until(holds: (spans: readonly CollectedSpan[]) => boolean): Promise<readonly CollectedSpan[]>;
  close(): Promise<void>;
}

interface OtlpAttribute {
  readonly key: string;
  readonly value: {
    stringValue?: string;
    intValue?: string | number;
    doubleValue?: number;
    boolValue?: boolean;
  };
}

interface OtlpSpan {
  readonly name: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly traceState?: string;
  readonly kind: number;
  readonly attributes?: readonly OtlpAttribute[];
  readonly status?: { readonly code?: number };
}

interface OtlpRequest {
  readonly resourceSpans?: readonly {
    readonly resource?: { readonly attributes?: readonly OtlpAttribute[] };
    readonly scopeSpans?: readonly { readonly spans?: readonly OtlpSpan[] }[];
  }[];
}

// SpanKind and StatusCode as OTLP numbers them.
const KINDS = ["internal", "internal", "server", "client", "producer", "consumer"] as const;
const STATUS_ERROR = 2;

export async function startTraceCollector(): Promise<TraceCollector> {
  const spans: CollectedSpan[] = [];
  const requests: { path: string; headers: IncomingHttpHeaders }[] = [];
  const waiting = new Set<() => void>();
  let text = "";
  let status = 200;
  const server = createServer(async (request, response) => {
    const body = Buffer.concat(await request.toArray()).toString();
    requests.push({ path: request.url ?? "", headers: request.headers });
    if (status === 200) {
      text += body;
      spans.push(...spansIn(JSON.parse(body) as OtlpRequest));
    }
    response.writeHead(status, { "content-type": "application/json" }).end("{}");
    for (const look of waiting) look();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    spans,
    text: () => text,
    requests,
    answer: (next) => {
      status = next;
    },
    until: (holds) =>
      new Promise((resolve) => {
        const look = (): void => {
          if (!holds(spans)) return;
          waiting.delete(look);
          resolve(spans);
        };
        waiting.add(look);
        look();
      }),
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function spansIn({ resourceSpans = [] }: OtlpRequest): readonly CollectedSpan[] {
  return resourceSpans.flatMap(({ resource, scopeSpans = [] }) =>
    scopeSpans.flatMap(({ spans = [] }) =>
      spans.map((span) => ({
        name: span.name,
        traceId: span.traceId,
        spanId: span.spanId,
        parentSpanId: span.parentSpanId ?? "",
        kind: KINDS[span.kind] ?? "internal",
        traceState: span.traceState ?? "",
        attributes: attributesOf(span.attributes),
        isError: span.status?.code === STATUS_ERROR,
        resource: attributesOf(resource?.attributes),
      })),
    ),
  );
}

function attributesOf(list: readonly OtlpAttribute[] = []): CollectedSpan["attributes"] {
  return Object.fromEntries(
    list.map(({ key, value: { stringValue, intValue, doubleValue, boolValue } }) => {
      const number = intValue === undefined ? doubleValue : Number(intValue);
      return [key, stringValue ?? number ?? boolValue ?? ""];
    }),
  );
}
