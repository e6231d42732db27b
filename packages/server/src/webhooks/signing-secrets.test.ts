import assert from "node:assert/strict";
import { test } from "node:test";
import type { DeliveryId, EventId, HookId, UserId } from "@trulinks/protocol";
import { systemDice } from "../base/dice.ts";
import { createVault } from "../secrets/vault.ts";
import type { Claim, SealedSecret, SecretVersion } from "./claim.ts";
import { type Hook, SOUND } from "./hook.ts";
import { type Keyring, secretRow, signingSecrets } from "./signing-secrets.ts";
import { deriveUserSecret } from "./user-secret.ts";

const NOW_MS = 1_000;
const hookId = "hok_1" as HookId;
const userId = "alice" as UserId;
const keyring: Keyring = {
  vault: createVault(systemDice.bytes(32), systemDice),
  masterKey: systemDice.bytes(32),
};
const sealed = (text: string, untilMs: number | null): SealedSecret => ({
  sealed: keyring.vault.seal(Buffer.from(text), secretRow(hookId)),
  untilMs,
});
const own = [sealed("newest", null), sealed("old", NOW_MS + 1), sealed("past", NOW_MS)];
const versions: readonly SecretVersion[] = [
  { version: 3, untilMs: null },
  { version: 2, untilMs: NOW_MS + 1 },
  { version: 1, untilMs: NOW_MS },
];

function claimOf(secretPer: Hook["secretPer"], user: Claim["user"], secrets: Claim["secrets"] = own): Claim {
  const hook: Hook = {
    id: hookId,
    owner: { kind: "user", userId },
    url: "https://example.com/",
    events: ["*"],
    secretPer,
    signature: "standard",
    verifyTls: true,
    ca: null,
    ackDeadlineMs: 10_000,
    retries: "default",
    inFlightMax: 8,
    serial: false,
    filter: [],
    include: null,
    state: "active",
    health: SOUND,
    createdAtMs: 0,
  };
  const event = {
    id: "evt_1" as EventId,
    type: "a.b",
    action: "b",
    data: "{}",
    atMs: 0,
    trace: null,
    sensitive: [],
  };
  const lease = { lease: 1, leaseUntilMs: 15_000, attempt: 1, triedBefore: 0 };
  const rest = { sequence: 1, view: null, expiresAtMs: null };
  return { deliveryId: "dlv_1" as DeliveryId, ...lease, ...rest, event, hook, secrets, user };
}

test("what is live signs, newest first", () => {
  const derived = [3, 2].map((version) => deriveUserSecret(keyring.masterKey, { hookId, userId, version }));
  const cases: readonly (readonly [string, Claim, readonly string[]])[] = [
    ["the hook's own", claimOf("hook", { id: userId, versions: [] }), ["newest", "old"]],
    ["the user's own", claimOf("user", { id: userId, versions }), derived],
    ["what concerns no user, by the hook's own", claimOf("user", null), ["newest", "old"]],
  ];
  for (const [why, claim, expected] of cases) {
    assert.deepEqual(signingSecrets(keyring, claim, NOW_MS), expected, why);
  }
});

test("a secret that lay in another hook's row does not sign", () => {
  const moved = { sealed: keyring.vault.seal(Buffer.from("stolen"), "hook:hok_2"), untilMs: null };
  assert.throws(() => signingSecrets(keyring, claimOf("hook", null, [moved]), NOW_MS), /does not open/);
});
