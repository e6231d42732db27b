import assert from "node:assert/strict";
import { test } from "node:test";
import type { DeliveryId, EventId, UserId } from "@trulinks/protocol";
import { DELIVERY_STATES, FED_STATES } from "./delivery.ts";
import { type FeedVerdict, feedVerdict } from "./feed-item.ts";
import type { FeedDelivery, FeedEntry } from "./feed-store.ts";

const NOW_MS = 1_790_000_000_000;
const HOOK = { url: "https://receiver.example/", verifyTls: true, include: null };

const SENT: FeedDelivery = {
  deliveryId: "dlv_1" as DeliveryId,
  attempt: 1,
  event: {
    ...{
      id: "evt_1" as EventId,
      type: "a.b",
      action: "b",
      data: "{}",
      atMs: 1,
      trace: null,
      sensitive: ["/mail"],
    },
  },
  user: { id: "ann" as UserId, versions: [{ version: 1, untilMs: null }] },
  view: null,
  grantScopes: null,
};

const entry = (over: Partial<FeedEntry> = {}): FeedEntry => ({
  ...{ sequence: 1, state: "waiting", expiresAtMs: null, sent: SENT },
  ...over,
});

const sent = (over: Partial<FeedDelivery>): FeedEntry => entry({ sent: { ...SENT, ...over } });
const given = (view: FeedDelivery["view"] = null): object => ({ kind: "given", view });
const tombstone = (state: string): object => ({ kind: "tombstone", state });
const SCOPED = { scopes: ["read"], fieldScopes: [{ pointer: "/price", scopes: ["sales"] }] };

const CASES: readonly (readonly [string, FeedEntry, Partial<Parameters<typeof feedVerdict>[1]>, object])[] = [
  ["what waits", entry(), {}, given()],
  ["what has arrived, again", entry({ state: "delivered" }), {}, given()],
  ["what never arrived, and still can", entry({ state: "failed" }), {}, given()],
  ["what the receiver has declined", entry({ state: "rejected" }), {}, tombstone("rejected")],
  ["what a newer one has replaced", entry({ state: "replaced" }), {}, tombstone("replaced")],
  ["what was revoked", entry({ state: "revoked" }), {}, tombstone("revoked")],
  ["what has expired", entry({ state: "expired" }), {}, tombstone("expired")],
  ["what waits and expires just now", entry({ expiresAtMs: NOW_MS }), {}, tombstone("expired")],
  ["what expires a moment later", entry({ expiresAtMs: NOW_MS + 1 }), {}, given()],
  ["what arrived in time", entry({ state: "delivered", expiresAtMs: NOW_MS }), {}, given()],
  ["what was purged", entry({ state: "delivered", sent: null }), {}, tombstone("purged")],
  [
    "what was purged and had been declined",
    entry({ state: "rejected", sent: null }),
    {},
    tombstone("rejected"),
  ],
  ["what arrived under a grant that has ended", sent({ grantScopes: "ended" }), {}, tombstone("revoked")],
  [
    "of a grant that lost the type's scopes",
    sent({ grantScopes: [] }),
    { terms: SCOPED },
    tombstone("revoked"),
  ],
  [
    "of a grant that lost a field's scope",
    sent({ grantScopes: ["read"] }),
    { terms: SCOPED },
    given({ include: null, omit: ["/price"], mask: [] }),
  ],
  [
    "to a hook that is no longer secured",
    entry(),
    { hook: { ...HOOK, verifyTls: false } },
    given({ include: null, omit: [], mask: ["/mail"] }),
  ],
];

for (const [why, one, facts, expected] of CASES) {
  test(`a reader of the feed is given: ${why}`, () => {
    const verdict: FeedVerdict = feedVerdict(one, { hook: HOOK, terms: null, nowMs: NOW_MS, ...facts });
    const said = verdict.kind === "given" ? { kind: verdict.kind, view: verdict.view } : verdict;
    assert.deepEqual(said, expected);
  });
}

test("what the store gives a payload for is what a reader is given", () => {
  const read = DELIVERY_STATES.filter(
    (state) => feedVerdict(entry({ state }), { hook: HOOK, terms: null, nowMs: NOW_MS }).kind === "given",
  );
  assert.deepEqual(read.toSorted(), FED_STATES.toSorted());
});
