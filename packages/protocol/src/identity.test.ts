import assert from "node:assert/strict";
import { test } from "node:test";
import {
  IDENTITY_TOLERANCE_S,
  type Identity,
  identityHeaders,
  signIdentity,
  verifyIdentity,
} from "./identity.ts";

const NOW_MS = 1_795_593_600_000;
const key = new Uint8Array(32).fill(7);
const identity: Identity = {
  method: "POST",
  target: "/projects/1/issues?draft=true",
  request: "req_1",
  user: "ada",
  app: "app_1",
  grant: "grn_1",
  scopes: "issues:read issues:write",
};

const changes: readonly [string, Partial<Identity>][] = [
  ["another method", { method: "DELETE" }],
  ["another path", { target: "/projects/2/issues?draft=true" }],
  ["another query", { target: "/projects/1/issues?draft=false" }],
  ["another request", { request: "req_2" }],
  ["another user", { user: "eve" }],
  ["another app", { app: "app_2" }],
  ["another grant", { grant: "grn_2" }],
  ["more scopes", { scopes: "issues:read issues:write admin" }],
  ["no user", { user: undefined }],
  ["a user moved into the app's place", { user: undefined, app: "ada" }],
];

for (const [name, change] of changes) {
  test(`an identity signed for one request is worth nothing for ${name}`, async () => {
    const signature = await signIdentity(key, identity, NOW_MS);
    assert.equal(await verifyIdentity(key, identity, signature, NOW_MS), true);
    assert.equal(await verifyIdentity(key, { ...identity, ...change }, signature, NOW_MS), false);
  });
}

const ages: readonly [number, boolean][] = [
  [IDENTITY_TOLERANCE_S, true],
  [-IDENTITY_TOLERANCE_S, true],
  [IDENTITY_TOLERANCE_S + 1, false],
  [-IDENTITY_TOLERANCE_S - 1, false],
];

for (const [ageS, isValid] of ages) {
  test(`an identity of ${ageS} s is ${isValid ? "good" : "refused"}`, async () => {
    const signature = await signIdentity(key, identity, NOW_MS);
    assert.equal(await verifyIdentity(key, identity, signature, NOW_MS + ageS * 1_000), isValid);
  });
}

test("another key, another form and no header at all are refused", async () => {
  const signature = await signIdentity(key, identity, NOW_MS);
  const [, timestamp, mac] = signature.split(",");
  assert.equal(await verifyIdentity(new Uint8Array(32), identity, signature, NOW_MS), false);
  for (const form of [
    undefined,
    "",
    "v1",
    `v1,${timestamp}`,
    `v2,${timestamp},${mac}`,
    `v1,soon,${mac}`,
    "v1,1,*",
  ]) {
    assert.equal(await verifyIdentity(key, identity, form, NOW_MS), false, String(form));
  }
});

test("absent members make no header", () => {
  const headers = identityHeaders({ method: "GET", target: "/", request: "req_1" }, "v1,1,x");
  assert.deepEqual(headers, [
    ["TruLinks-Request", "req_1"],
    ["TruLinks-Identity", "v1,1,x"],
  ]);
});
