import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { type Platform, startPlatform } from "../platform.ts";
import { type Client, createClient } from "./client.ts";
import { type CollectedSpan, startTraceCollector } from "./trace-collector.ts";
import { type Received, startWebhookReceiver, type WebhookReceiver } from "./webhook-receiver.ts";

const TRACE_ID = "4bf92f3577b34da6a3ce929d0e0e4736";
const CALLER = "00f067aa0ba902b7";
const TRACEPARENT = `00-${TRACE_ID}-${CALLER}-01`;
const UNSAMPLED = `00-${TRACE_ID}-${CALLER}-00`;

interface Stage {
  readonly platform: Platform;
  readonly provider: Client;
  readonly receiver: WebhookReceiver;
}

/** A platform with a hook of the user ada, whose receiver answers each attempt with the next status, then 204. */
async function createStage(
  t: TestContext,
  statuses: readonly number[],
  env: Readonly<Record<string, string>> = {},
): Promise<Stage> {
  let attempts = 0;
  const receiver = await startWebhookReceiver({ answer: () => ({ status: statuses[attempts++] ?? 204 }) });
  const platform = await startPlatform({
    args: ["--policy", "policy.yaml"],
    env,
    prepare: (folder) => writeFileSync(join(folder, "policy.yaml"), "webhooks: { retries_s: [1, 1] }\n"),
  });
  const provider = createClient(platform.providerUrl, `Bearer ${platform.operatorKey}`);
  t.after(async () => {
    await provider.close();
    await platform.dispose();
    await receiver.close();
  });
  await provider.post("/v1/users", { id: "ada", email: "ada@example.com" });
  const url = `${receiver.url}/secret-path?token=secret-token`;
  assert.equal((await provider.post("/v1/hooks", { user: "ada", url, events: ["*"] })).status, 201);
  return { platform, provider, receiver };
}

const event = { type: "issue.opened", users: ["ada"], data: { title: "secret title" } };

async function publish(provider: Client, headers: Record<string, string>): Promise<string> {
  const answer = await provider.post("/v1/events", event, headers);
  assert.equal(answer.status, 202);
  return answer.body.id;
}

const tracesOf = (received: readonly Received[]) =>
  received.map(({ headers }) => [headers["traceparent"], headers["tracestate"]]);

test("without a collector a trace is passed on as it came, on every attempt, and none is made up", async (t) => {
  const { provider, receiver } = await createStage(t, [500]);
  await publish(provider, { traceparent: TRACEPARENT, tracestate: "rojo=1,congo=t61" });
  await receiver.until((received) => received.length === 2);
  await publish(provider, {});
  await publish(provider, { traceparent: "00-what-is-this", tracestate: "rojo=1" });
  await receiver.until((received) => received.length === 4);
  assert.deepEqual(tracesOf(receiver.received), [
    [TRACEPARENT, "rojo=1,congo=t61"],
    [TRACEPARENT, "rojo=1,congo=t61"],
    [undefined, undefined],
    [undefined, undefined],
  ]);
});

test("a trace is whole from publish to arrival, over retries and the death of the process between them", async (t) => {
  const collector = await startTraceCollector();
  t.after(() => collector.close());
  const { platform, provider, receiver } = await createStage(t, [500, 503], {
    TRULINKS_OTLP_URL: collector.url,
    TRULINKS_OTLP_HEADERS: "x-key=Bearer%20collector-key",
  });
  const id = await publish(provider, { traceparent: TRACEPARENT, tracestate: "rojo=1" });
  await receiver.until((received) => received.length === 1);
  // The request, the event and the first attempt.
  await collector.until((spans) => ofTrace(spans).length === 3);
  await platform.kill();
  await platform.start();
  await receiver.until((received) => received.length === 3);
  const spans = await collector.until((all) => ofTrace(all).length === 5);

  const named = (name: string) => ofTrace(spans).filter((span) => span.name === name);
  const [request] = named("POST /v1/events");
  const [published] = named("publish issue.opened");
  const attempts = named("deliver issue.opened").sort(byAttempt);
  assert.ok(request && published && attempts.length === 3);

  await t.test("each span hangs where it belongs", () => {
    assert.deepEqual([request.kind, request.parentSpanId], ["server", CALLER]);
    assert.deepEqual([published.kind, published.parentSpanId], ["producer", request.spanId]);
    for (const attempt of attempts) {
      assert.deepEqual([attempt.kind, attempt.parentSpanId], ["client", published.spanId]);
    }
  });

  await t.test("the receiver is told of the attempt that it sees, and of the caller's own state", () => {
    assert.deepEqual(
      tracesOf(receiver.received),
      attempts.map(({ spanId }) => [`00-${TRACE_ID}-${spanId}-01`, "rojo=1"]),
    );
  });

  await t.test("what became of it stands in the spans", () => {
    assert.equal(request.attributes["http.response.status_code"], 202);
    assert.equal(request.attributes["http.route"], "/v1/events");
    assert.equal(published.attributes["messaging.message.id"], id);
    assert.deepEqual(
      [published.attributes["trulinks.result"], published.attributes["trulinks.deliveries"]],
      ["accepted", 1],
    );
    assert.deepEqual(
      attempts.map(({ attributes, isError }) => [
        attributes["trulinks.attempt"],
        attributes["trulinks.outcome"],
        attributes["http.response.status_code"],
        attributes["error.type"],
        attributes["trulinks.next"],
        isError,
      ]),
      [
        [1, "refused", 500, "500", "retry", true],
        [2, "refused", 503, "503", "retry", true],
        [3, "accepted", 204, undefined, "delivered", false],
      ],
    );
    const { attributes } = attempts[0] ?? assert.fail();
    assert.equal(attributes["server.address"], "127.0.0.1");
    assert.equal(attributes["server.port"], Number(new URL(receiver.url).port));
  });

  await t.test("the collector knows who speaks, and got the header it asks for", () => {
    for (const { resource } of spans) assert.equal(resource["service.name"], "trulinks");
    assert.equal(new Set(spans.map(({ resource }) => resource["service.instance.id"])).size, 2);
    for (const { path, headers } of collector.requests) {
      assert.deepEqual([path, headers["x-key"]], ["/v1/traces", "Bearer collector-key"]);
    }
  });

  await t.test("no span carries a payload, a secret, a user or the path of a URL", () => {
    assert.doesNotMatch(collector.text(), /secret|whsec_|ada|example\.com|Bearer/);
  });
});

test("whose trace is recorded is for the caller to say, else for the ratio", async (t) => {
  const collector = await startTraceCollector();
  t.after(() => collector.close());
  const { platform, provider, receiver } = await createStage(t, [], {
    TRULINKS_OTLP_URL: `${collector.url}/v1/traces`,
    TRULINKS_SAMPLE_RATIO: "0",
  });
  const asked = await provider.post(
    "/v1/events/batch",
    { events: [event, event] },
    { traceparent: TRACEPARENT },
  );
  assert.equal(asked.status, 202);
  await receiver.until((received) => received.length === 2);
  await publish(provider, { traceparent: UNSAMPLED });
  await publish(provider, {});
  await receiver.until((received) => received.length === 4);
  assert.equal(await platform.stop(), 0);

  assert.deepEqual(collector.spans.map(({ name }) => name).sort(), [
    "POST /v1/events/batch",
    "deliver issue.opened",
    "deliver issue.opened",
    "publish issue.opened",
    "publish issue.opened",
  ]);
  assert.deepEqual(new Set(collector.spans.map(({ traceId }) => traceId)), new Set([TRACE_ID]));
  const [, , unsampled, unasked] = receiver.received.map(({ headers }) => String(headers["traceparent"]));
  assert.match(unsampled ?? "", new RegExp(`^00-${TRACE_ID}-[0-9a-f]{16}-00$`));
  assert.match(unasked ?? "", /^00-[0-9a-f]{32}-[0-9a-f]{16}-00$/);
});

test("a collector that is away holds up nothing, and it is said once when it goes and when it comes back", async (t) => {
  const collector = await startTraceCollector();
  t.after(() => collector.close());
  const { platform, provider, receiver } = await createStage(t, [], {
    TRULINKS_OTLP_URL: collector.url,
    TRULINKS_LOG_LEVEL: "info",
  });
  const lines = (name: string) => platform.output().split(`"msg":"${name}"`).length - 1;
  collector.answer(400);
  for (let count = 1; count <= 3; count++) {
    await publish(provider, {});
    await receiver.until((received) => received.length === count);
    await until(() => collector.requests.length >= count);
  }
  await until(() => lines("traces.lost") > 0);
  collector.answer(200);
  await publish(provider, {});
  await collector.until((spans) => spans.length > 0);
  await until(() => lines("traces.back") > 0);
  assert.deepEqual([lines("traces.lost"), lines("traces.back")], [1, 1]);
  assert.equal(await platform.stop(), 0);
});

async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await sleep(5);
}

function ofTrace(spans: readonly CollectedSpan[]): CollectedSpan[] {
  return spans.filter(({ traceId }) => traceId === TRACE_ID);
}

function byAttempt(left: CollectedSpan, right: CollectedSpan): number {
  return Number(left.attributes["trulinks.attempt"]) - Number(right.attributes["trulinks.attempt"]);
}
