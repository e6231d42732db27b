import assert from "node:assert/strict";
import { test } from "node:test";
import { SpanKind, SpanStatusCode } from "@opentelemetry/api";
import {
  InMemorySpanExporter,
  ParentBasedSampler,
  type ReadableSpan,
  SimpleSpanProcessor,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from "@opentelemetry/sdk-trace";
import type { EventId } from "@trulinks/protocol";
import type { Claim } from "../webhooks/claim.ts";
import type { Outcome } from "../webhooks/outcome.ts";
import type { EventRequest, Published } from "../webhooks/publish.ts";
import { attemptSpans, publishSpans, requestSpans } from "./spans.ts";

const TRACE_ID = "4bf92f3577b34da6a3ce929d0e0e4736";
const PARENT = "00f067aa0ba902b7";
const TRACE = `00-${TRACE_ID}-${PARENT}-01`;

function createStage(ratio = 1) {
  const exporter = new InMemorySpanExporter();
  const provider = new TracerProvider({
    sampler: new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(ratio) }),
    spanProcessors: [new SimpleSpanProcessor({ exporter })],
  });
  return {
    tracer: provider.getTracer("test"),
    async spans(): Promise<readonly ReadableSpan[]> {
      await provider.forceFlush();
      return exporter.getFinishedSpans();
    },
  };
}

const claimTo = (url: string, change: Partial<Claim> = {}): Claim =>
  ({
    deliveryId: "dlv_1",
    attempt: 1,
    event: { id: "evt_1", type: "issue.opened", trace: TRACE, data: '{"secret":1}' },
    hook: { id: "hok_1", url },
    user: { id: "ada" },
    ...change,
  }) as Claim;

for (const [why, outcome, errorType, status] of [
  ["accepted", { kind: "accepted", status: 204 }, undefined, 204],
  ["declined, which is no error", { kind: "rejected", status: 422 }, undefined, 422],
  ["refused", { kind: "refused", status: 503, retryAfterMs: 1 }, "503", 503],
  ["late", { kind: "deadline" }, "deadline", undefined],
  ["not to be reached", { kind: "connect" }, "connect", undefined],
] as const satisfies readonly (readonly [string, Outcome, string | undefined, number | undefined])[]) {
  test(`an attempt that is ${why} is a span that says so`, async () => {
    const stage = createStage();
    const followed = attemptSpans(stage.tracer)(claimTo("https://hooks.example.com/secret?key=secret"));
    followed.end(outcome, "retry");
    const [span] = await stage.spans();
    assert.ok(span);
    assert.equal(followed.trace, `00-${TRACE_ID}-${span.spanContext().spanId}-01`);
    assert.deepEqual([span.kind, span.parentSpanContext?.spanId], [SpanKind.CLIENT, PARENT]);
    assert.equal(span.status.code, errorType === undefined ? SpanStatusCode.UNSET : SpanStatusCode.ERROR);
    assert.deepEqual(span.attributes, {
      "messaging.system": "trulinks",
      "messaging.operation.name": "deliver",
      "messaging.operation.type": "send",
      "messaging.destination.name": "issue.opened",
      "messaging.message.id": "evt_1",
      "http.request.method": "POST",
      "url.scheme": "https",
      "server.address": "hooks.example.com",
      "server.port": 443,
      "trulinks.delivery": "dlv_1",
      "trulinks.hook": "hok_1",
      "trulinks.attempt": 1,
      "trulinks.outcome": outcome.kind,
      "trulinks.next": "retry",
      ...(status === undefined ? {} : { "http.response.status_code": status }),
      ...(errorType === undefined ? {} : { "error.type": errorType }),
    });
  });
}

for (const [url, address, port] of [
  ["http://hooks.example.com/", "hooks.example.com", 80],
  ["https://hooks.example.com:8443/", "hooks.example.com", 8443],
  ["https://[2001:db8::1]/", "2001:db8::1", 443],
] as const) {
  test(`${url} is told as ${address} and ${port}`, async () => {
    const stage = createStage();
    attemptSpans(stage.tracer)(claimTo(url, { attempt: 3 })).end({ kind: "dns" }, "retry");
    const [span] = await stage.spans();
    const { attributes = {} } = span ?? {};
    assert.deepEqual([attributes["server.address"], attributes["server.port"]], [address, port]);
    assert.equal(attributes["http.request.resend_count"], 2);
  });
}

test("an attempt under no trace begins one, and its ratio is heeded", async () => {
  const untraced = claimTo("https://hooks.example.com/");
  const claim = { ...untraced, event: { ...untraced.event, trace: null } };
  const [all, none] = [createStage(1), createStage(0)];
  assert.match(attemptSpans(all.tracer)(claim).trace, /^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
  const followed = attemptSpans(none.tracer)(claim);
  assert.match(followed.trace, /^00-[0-9a-f]{32}-[0-9a-f]{16}-00$/);
  followed.end({ kind: "accepted", status: 200 }, "delivered");
  assert.deepEqual(await none.spans(), []);
});

const request = { type: "issue.opened", trace: `${TRACE} rojo=1` } as EventRequest;

test("each event of a call has a span of its own, under which it is published", async () => {
  const stage = createStage();
  const under: unknown[] = [];
  const results: readonly Published[] = [
    { kind: "accepted", receipt: { id: "evt_1" as EventId, deliveries: 3, unknown: [] } },
    { kind: "repeated", receipt: { id: "evt_2" as EventId, deliveries: 1, unknown: [] } },
    { kind: "reused" },
  ];
  const publish = publishSpans(stage.tracer, async (requests) => {
    under.push(...requests.map(({ trace }) => trace));
    return results;
  });
  assert.equal(await publish([request, request, request]), results);
  const spans = await stage.spans();
  assert.deepEqual(
    under,
    spans.map((span) => `00-${TRACE_ID}-${span.spanContext().spanId}-01 rojo=1`),
  );
  assert.deepEqual(
    spans.map(({ kind, parentSpanContext, attributes }) => [
      kind,
      parentSpanContext?.spanId,
      attributes["trulinks.result"],
      attributes["messaging.message.id"],
      attributes["trulinks.deliveries"],
    ]),
    [
      [SpanKind.PRODUCER, PARENT, "accepted", "evt_1", 3],
      [SpanKind.PRODUCER, PARENT, "repeated", "evt_2", 1],
      [SpanKind.PRODUCER, PARENT, "reused", undefined, undefined],
    ],
  );
});

test("events that the store did not take are errors, and the call fails as it did", async () => {
  const stage = createStage();
  const lost = new Error("no disk");
  const publish = publishSpans(stage.tracer, () => Promise.reject(lost));
  await assert.rejects(publish([request, request]), lost);
  const codes = (await stage.spans()).map(({ status }) => status.code);
  assert.deepEqual(codes, [SpanStatusCode.ERROR, SpanStatusCode.ERROR]);
});

for (const [status, isError] of [
  [202, false],
  [422, false],
  [503, true],
] as const) {
  test(`a request that is answered ${status} is ${isError ? "an" : "no"} error`, async () => {
    const stage = createStage();
    const asked = { method: "POST", route: "/v1/events", scheme: "http", trace: TRACE };
    const followed = requestSpans(stage.tracer)(asked);
    followed.end(status);
    const [span] = await stage.spans();
    assert.ok(span);
    assert.equal(followed.trace, `00-${TRACE_ID}-${span.spanContext().spanId}-01`);
    assert.deepEqual([span.name, span.kind], ["POST /v1/events", SpanKind.SERVER]);
    assert.equal(span.status.code === SpanStatusCode.ERROR, isError);
    assert.equal(span.attributes["error.type"], isError ? String(status) : undefined);
  });
}
