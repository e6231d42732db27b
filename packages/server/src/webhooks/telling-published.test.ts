import assert from "node:assert/strict";
import { test } from "node:test";
import type { EventId } from "@trulinks/protocol";
import type { PublishedFact } from "./fact.ts";
import type { EventRequest, Publish, Published } from "./publish.ts";
import { tellingPublished } from "./telling-published.ts";

const request = { type: "issue.opened" } as EventRequest;
const receipt = (deliveries: number) => ({ id: "evt_1" as EventId, deliveries, unknown: [] });

async function publishWith(publish: Publish, count: number) {
  const facts: PublishedFact[] = [];
  let nowMs = 0;
  const clock = { monotonic: () => (nowMs += 2.5) };
  const telling = tellingPublished(publish, { clock, onFact: (fact) => facts.push(fact) });
  const requests = Array.from({ length: count }, () => request);
  const outcome = await telling(requests).catch((error: unknown) => error);
  return { facts, outcome };
}

test("a call is told once, with its events by result and the deliveries that are new", async () => {
  const published: readonly Published[] = [
    { kind: "accepted", receipt: receipt(3) },
    { kind: "repeated", receipt: receipt(5) },
    { kind: "accepted", receipt: receipt(0) },
    { kind: "reused" },
    { kind: "no-recipient" },
  ];
  const { facts, outcome } = await publishWith(async () => published, 5);
  assert.equal(outcome, published);
  const results = { accepted: 2, repeated: 1, reused: 1, "no-recipient": 1 };
  assert.deepEqual(facts, [{ kind: "published", results, deliveries: 3, durationMs: 2.5 }]);
});

test("a call that the store did not take is told, and fails as it did", async () => {
  const lost = new Error("no disk");
  const { facts, outcome } = await publishWith(() => Promise.reject(lost), 7);
  assert.equal(outcome, lost);
  assert.deepEqual(facts, [{ kind: "published", results: { failed: 7 }, deliveries: 0, durationMs: 2.5 }]);
});
