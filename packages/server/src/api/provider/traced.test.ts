import assert from "node:assert/strict";
import { test } from "node:test";
import type { EventId } from "@trulinks/protocol";
import type { EventRequest } from "../../webhooks/publish.ts";
import { openApis } from "../api-fixtures.contract.ts";
import type { ProviderDeps } from "./app.ts";

const TRACEPARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
const OWN = "00-4bf92f3577b34da6a3ce929d0e0e4736-1111111111111111-01";
const event = { type: "issue.opened", users: ["ada"], data: {} };

/** Under which traces the events of one request are published. */
async function tracesOf(
  path: string,
  headers: Record<string, string>,
  deps: Partial<ProviderDeps> = {},
): Promise<readonly unknown[]> {
  const published: EventRequest[] = [];
  const publish: ProviderDeps["publish"] = async (requests) => {
    published.push(...requests);
    return requests.map(() => ({
      kind: "accepted",
      receipt: { id: "evt_1" as EventId, deliveries: 0, unknown: [] },
    }));
  };
  const apis = await openApis({ provider: { publish, ...deps } });
  const body = path === "/v1/events" ? event : { events: [event, { type: "?" }, event] };
  const answer = await apis.ask({ method: "POST", path, body, headers });
  assert.equal(answer.status, 202, answer.text);
  await apis.close();
  return published.map(({ trace }) => trace);
}

for (const [path, count] of [
  ["/v1/events", 1],
  ["/v1/events/batch", 2],
] as const) {
  for (const [why, headers, trace] of [
    ["the trace that came", { traceparent: TRACEPARENT }, TRACEPARENT],
    ["that and its state", { traceparent: TRACEPARENT, tracestate: "a=1" }, `${TRACEPARENT} a=1`],
    ["none, as none came", {}, null],
    ["none, as a state alone is none", { tracestate: "a=1" }, null],
    ["none, as what came is malformed", { traceparent: "00-zz-01" }, null],
  ] as const) {
    test(`${path} publishes under ${why}`, async () => {
      assert.deepEqual(await tracesOf(path, headers), Array(count).fill(trace));
    });
  }

  test(`${path} publishes under the request's own trace where requests are traced, and says how it ended`, async () => {
    const seen: unknown[] = [];
    const traces = await tracesOf(
      path,
      { traceparent: TRACEPARENT },
      {
        traceRequest: (request) => {
          seen.push(request);
          return { trace: OWN, end: (status) => seen.push(status) };
        },
      },
    );
    assert.deepEqual(traces, Array(count).fill(OWN));
    assert.deepEqual(seen, [{ method: "POST", route: path, scheme: "http", trace: TRACEPARENT }, 202]);
  });
}

test("other routes are not traced, nor is whoever has no key", async () => {
  const apis = await openApis({
    provider: { traceRequest: () => assert.fail("nothing here is to be traced") },
  });
  const headers = { traceparent: TRACEPARENT };
  assert.equal((await apis.ask({ method: "GET", path: "/v1/hooks", headers })).status, 200);
  assert.equal((await apis.ask({ method: "POST", path: "/v1/users", body: {}, headers })).status, 201);
  const stranger = await apis.ask({ method: "POST", path: "/v1/events", as: null, body: event, headers });
  assert.equal(stranger.status, 401);
  await apis.close();
});
