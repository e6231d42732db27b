/**
 * Simulated operation must keep every promise of delivery. A failure names its seed;
 * `SEED=<seed> node --conditions trulinks-source --test test/simulation/delivery.test.ts` replays it.
 */
import assert from "node:assert/strict";
import { randomInt } from "node:crypto";
import { test } from "node:test";
import type { Claim } from "../../packages/server/src/webhooks/claim.ts";
import { type Sabotage, simulate } from "./simulation.ts";

const FIXED = Array.from({ length: 20 }, (_, index) => index + 1);
const NEW_COUNT = 5;
const given = process.env["SEED"];
const seeds =
  given === undefined
    ? [...FIXED, ...Array.from({ length: NEW_COUNT }, () => randomInt(1, 2 ** 32))]
    : [Number(given)];

for (const seed of seeds) {
  test(`every promise is kept, seed ${seed}`, async (context) => {
    const { violations, ...run } = await simulate(seed);
    context.diagnostic(JSON.stringify(run));
    assert.deepEqual(violations, [], `replay with SEED=${seed}`);
    assert.ok(run.events > 0 && run.posts > 0);
  });
}

test("the same seed gives the same run", async () => {
  assert.deepEqual(await simulate(1), await simulate(1));
});

test("planted faults are found", async () => {
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
          })),
      }),
      /was acknowledged with 1 deliveries and has undefined/,
    ],
    [
      "a settlement that is lost",
      (store) => ({ ...store, settle: async () => true }),
      /was posted again after it was delivered/,
    ],
    [
      "a retry that is never due",
      (store) => ({
        ...store,
        settle: (settlement) => {
          const { next } = settlement;
          const never = { kind: "retry", atMs: settlement.nowMs + 1_000_000_000 } as const;
          return store.settle({ ...settlement, next: next.kind === "retry" ? never : next });
        },
      }),
      /neither arrived nor ended/,
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
      "what was claimed once is claimed again whatever has happened since",
      (store) => {
        const remembered: Claim[] = [];
        return {
          ...store,
          async claimDue(request) {
            const claims = await store.claimDue(request);
            remembered.push(...claims);
            if (claims.length > 0) return claims;
            const again = remembered.filter(({ hook }) => !request.exceptHooks.includes(hook.id));
            return again.slice(0, 1).map((claim) => ({ ...claim, leaseUntilMs: request.nowMs + 15_000 }));
          },
        };
      },
      /was posted for a grant that was revoked/,
    ],
    [
      "a secret that nobody was told",
      (store) => ({
        ...store,
        claimDue: async (request) =>
          (await store.claimDue(request)).map((claim) => ({
            ...claim,
            user: claim.user && { ...claim.user, versions: [{ version: 99, untilMs: null }] },
          })),
      }),
      /signature-mismatch/,
    ],
    [
      "a body that changes from attempt to attempt",
      (store) => ({
        ...store,
        claimDue: async (request) =>
          (await store.claimDue(request)).map((claim) => ({
            ...claim,
            event: { ...claim.event, data: JSON.stringify({ lease: claim.lease }) },
          })),
      }),
      /was sent with other bytes/,
    ],
  ];
  for (const [why, sabotage, promise] of cases) {
    const { violations } = await simulate(1, sabotage);
    assert.match(violations.join("\n"), promise, why);
  }
});
