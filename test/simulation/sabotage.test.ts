/** Faults are planted into the store, and the simulation finds each of them; or its promises would mean nothing. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Claim } from "../../packages/server/src/webhooks/claim.ts";
import type { NewEvent } from "../../packages/server/src/webhooks/new-event.ts";
import type { WebhookStore } from "../../packages/server/src/webhooks/store.ts";
import { type Sabotage, simulate } from "./simulation.ts";

const HOUR_MS = 3_600_000;
/** One of each form, and then more until the fault is found. */
const SEEDS = Array.from({ length: 40 }, (_, index) => index + 1);

const withEvents =
  (change: (event: NewEvent) => NewEvent): Sabotage =>
  (store) => ({ ...store, ingest: (events, request) => store.ingest(events.map(change), request) });

const withClaims =
  (change: (claim: Claim) => Claim): Sabotage =>
  (store) => ({ ...store, claimDue: async (request) => (await store.claimDue(request)).map(change) });

type Next = Parameters<WebhookStore["settle"]>[0]["next"];
const withNext =
  (change: (next: Next) => Next): Sabotage =>
  (store) => ({
    ...store,
    settle: (settlement) => store.settle({ ...settlement, next: change(settlement.next) }),
  });

const cases: readonly (readonly [string, Sabotage, RegExp])[] = [
  [
    "an event that is acknowledged and not stored",
    (store) => ({
      ...store,
      ingest: async (events) =>
        events.map(({ id }) => ({
          kind: "accepted",
          receipt: { id, deliveries: 1, unknown: [] },
          claims: [],
          left: [],
        })),
    }),
    /was acknowledged with 1 deliveries and has 0/,
  ],
  [
    "a recipient who is forgotten",
    withEvents((event) => ({ ...event, userIds: event.userIds.slice(0, 1) })),
    /makes 0 deliveries for/,
  ],
  [
    "a filter that is not asked",
    withEvents((event) => ({ ...event, data: event.data.replace("normal", "urgent") })),
    /whose filter does not hold/,
  ],
  [
    "what is replaced by something else",
    withEvents((event) => ({ ...event, key: event.key && "any" })),
    /is replaced for no reason/,
  ],
  [
    "what never expires",
    withEvents((event) => ({ ...event, expiresAtMs: null })),
    /was posted after it had expired/,
  ],
  [
    "a settlement that is lost",
    (store) => ({ ...store, settle: async () => true }),
    /was posted again after it was delivered/,
  ],
  [
    "a refusal that counts as an answer",
    withNext((next) => (next.kind === "retry" ? { kind: "delivered" } : next)),
    /is delivered for no reason/,
  ],
  [
    "giving up too soon",
    withNext((next) => (next.kind === "retry" ? { kind: "failed", because: "attempts-exhausted" } : next)),
    /is failed for no reason/,
  ],
  [
    "what is kept for ever",
    (store) => ({ ...store, releaseHeld: async () => null }),
    /neither arrived nor ended/,
  ],
  [
    "a pace that is not kept",
    (store) => ({
      ...store,
      changeHook: (id, change, when) => store.changeHook(id, { ...change, releasePerS: null }, when),
    }),
    /of what was kept for it/,
  ],
  [
    "an end before its time",
    (store) => ({ ...store, expire: (nowMs, countMax) => store.expire(nowMs + HOUR_MS, countMax) }),
    /was ended as expired before its time/,
  ],
  [
    "a delivery that is forgotten too soon",
    (store) => {
      let left = 1;
      return {
        ...store,
        async settle(settlement) {
          const isSettled = await store.settle(settlement);
          if (left > 0) left -= await store.sweep({ beforeMs: settlement.nowMs + HOUR_MS, countMax: left });
          return isSettled;
        },
      };
    },
    /have holes/,
  ],
  [
    "a lease that ends too soon",
    (store) => ({
      ...store,
      claimDue: (claim) => store.claimDue({ ...claim, nowMs: claim.nowMs + 20_000 }),
    }),
    /was posted twice at once/,
  ],
  [
    "a lease of a serial hook that ends too soon",
    (store) => ({
      ...store,
      claimDue: (claim) => store.claimDue({ ...claim, nowMs: claim.nowMs + 20_000 }),
    }),
    /is serial and has two under way/,
  ],
  [
    "what was claimed once is claimed again whatever has happened since",
    replaying,
    /for a grant that was revoked/,
  ],
  ["the same with a serial hook", replaying, /is serial and got number \d+ after/],
  [
    "a serial hook that is as any other",
    (store) => ({
      ...store,
      createHook: (hook, secret, options) => store.createHook({ ...hook, serial: false }, secret, options),
    }),
    /was posted before the one before it was final/,
  ],
  [
    "more places than a hook has",
    withClaims(({ hook, ...claim }) => ({ ...claim, hook: { ...hook, inFlightMax: 8 } })),
    /has more under way than it may/,
  ],
  [
    "a secret that nobody was told",
    withClaims((claim) => ({
      ...claim,
      user: claim.user && { ...claim.user, versions: [{ version: 99, untilMs: null }] },
    })),
    /signature-mismatch/,
  ],
  [
    "a body that changes from attempt to attempt",
    withClaims((claim) => ({
      ...claim,
      event: { ...claim.event, data: JSON.stringify({ lease: claim.lease }) },
    })),
    /was sent with other bytes/,
  ],
];

function replaying(store: WebhookStore): WebhookStore {
  const remembered: Claim[] = [];
  let turn = 0;
  return {
    ...store,
    async claimDue(request) {
      const claims = await store.claimDue(request);
      remembered.push(...claims);
      const again = remembered[turn++ % remembered.length];
      if (claims.length > 0 || again === undefined) return claims;
      return [{ ...again, leaseUntilMs: request.nowMs + 15_000 }];
    },
  };
}

for (const [why, sabotage, promise] of cases) {
  test(`it finds ${why}`, async () => {
    const found: string[] = [];
    for (const seed of SEEDS) {
      found.push(...(await simulate(seed, sabotage)).violations);
      if (found.some((violation) => promise.test(violation))) return;
    }
    assert.fail(found.slice(0, 5).join("\n"));
  });
}
