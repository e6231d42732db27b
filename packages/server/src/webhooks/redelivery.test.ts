import assert from "node:assert/strict";
import { test } from "node:test";
import { DELIVERY_STATES } from "./delivery.ts";
import {
  judgeRedelivery,
  REDELIVERED_ATTEMPTS_MAX,
  type Redelivery,
  type RedeliveryFacts,
} from "./redelivery.ts";

const HOOK = { state: "active", url: "https://receiver.example/", verifyTls: true, include: null } as const;

const FAILED: RedeliveryFacts = {
  state: "failed",
  isUnderWay: false,
  isPing: false,
  attempts: 10,
  hook: HOOK,
  grantScopes: null,
  stored: { view: null, sensitive: ["/email"] },
  isPayloadGone: false,
  terms: null,
};

const WITHHELD = { view: { include: null, omit: ["/a"], mask: [] }, sensitive: [] };
const AGAIN: Redelivery = { kind: "again", view: null };
const refused = (because: Extract<Redelivery, { kind: "refused" }>["because"]): Redelivery => ({
  kind: "refused",
  because,
});

const CASES: readonly (readonly [string, Partial<RedeliveryFacts>, Redelivery])[] = [
  ...DELIVERY_STATES.filter((state) => state !== "revoked").map(
    (state) => [`what is ${state} goes out again`, { state }, AGAIN] as const,
  ),
  ["what was revoked does not", { state: "revoked" }, refused("revoked")],
  [
    "whatever else there is to it",
    { state: "revoked", hook: null, grantScopes: "ended" },
    refused("revoked"),
  ],
  ["what is under way does not", { state: "waiting", isUnderWay: true }, refused("under-way")],
  ["nothing goes to a hook that is gone", { hook: null }, refused("hook-gone")],
  ["nor to one that is disabled", { hook: { ...HOOK, state: "disabled" } }, refused("hook-disabled")],
  ["for a paused one it waits", { hook: { ...HOOK, state: "paused" } }, AGAIN],
  ["and for a pending one", { hook: { ...HOOK, state: "pending" } }, AGAIN],
  [
    "to which no ping goes uncounted",
    { isPing: true, hook: { ...HOOK, state: "pending" } },
    refused("hook-pending"),
  ],
  ["a paused one may be pinged", { isPing: true, hook: { ...HOOK, state: "paused" } }, AGAIN],
  ["nothing leaves under a grant that has ended", { grantScopes: "ended" }, refused("grant-ended")],
  ["nor without its payload", { isPayloadGone: true }, refused("payload-gone")],
  ["a last round of attempts may begin", { attempts: REDELIVERED_ATTEMPTS_MAX - 1 }, AGAIN],
  ["and then no other", { attempts: REDELIVERED_ATTEMPTS_MAX }, refused("too-many-attempts")],
  [
    "the grant has to have a scope that the type asks for now",
    { grantScopes: ["a"], terms: { scopes: ["b", "c"], fieldScopes: [] } },
    refused("scopes-lacking"),
  ],
  [
    "one of them is enough",
    { grantScopes: ["a", "c"], terms: { scopes: ["b", "c"], fieldScopes: [] } },
    AGAIN,
  ],
  [
    "what was left out for want of a scope is shown to a grant that has it by now",
    {
      grantScopes: ["x"],
      stored: WITHHELD,
      terms: { scopes: null, fieldScopes: [{ pointer: "/a", scopes: ["x"] }] },
    },
    AGAIN,
  ],
  [
    "what is withheld now is left out, whatever was shown before",
    { grantScopes: ["y"], terms: { scopes: null, fieldScopes: [{ pointer: "/a", scopes: ["x"] }] } },
    { kind: "again", view: { include: null, omit: ["/a"], mask: [] } },
  ],
  [
    "of a type that nobody knows the same is left out as before",
    { grantScopes: ["x"], stored: WITHHELD },
    { kind: "again", view: { include: null, omit: ["/a"], mask: [] } },
  ],
  [
    "a hook that is not secured now sees masked what is sensitive",
    { hook: { ...HOOK, verifyTls: false } },
    { kind: "again", view: { include: null, omit: [], mask: ["/email"] } },
  ],
  [
    "one that is secured now sees what was masked",
    { stored: { view: { include: null, omit: [], mask: ["/email"] }, sensitive: ["/email"] } },
    AGAIN,
  ],
];

for (const [promise, change, expected] of CASES) {
  test(promise, () => assert.deepEqual(judgeRedelivery({ ...FAILED, ...change }), expected));
}
