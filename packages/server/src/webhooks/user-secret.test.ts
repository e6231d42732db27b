import assert from "node:assert/strict";
import { test } from "node:test";
import { type HookId, parseSecret, type UserId } from "@trulinks/protocol";
import { deriveUserSecret } from "./user-secret.ts";

const master = new Uint8Array(32).fill(7);
const name = { hookId: "hok_1" as HookId, userId: "alice" as UserId, version: 1 };

test("the secret of a user is the same each time and of the standard form", () => {
  const secret = deriveUserSecret(master, name);
  assert.equal(deriveUserSecret(master, { ...name }), secret);
  assert.equal(parseSecret(secret)?.length, 32);
  // Fixed for good: another derivation would make every secret that integrators hold worthless.
  assert.equal(secret, "whsec_p4rdhVRZi/k4YRYZ/eL/9v45H4R8ZBXj3VXzq5cMgO8=");
});

test("another key, hook, user or version gives another secret", () => {
  const secrets = [
    deriveUserSecret(master, name),
    deriveUserSecret(new Uint8Array(32).fill(8), name),
    deriveUserSecret(master, { ...name, hookId: "hok_2" as HookId }),
    deriveUserSecret(master, { ...name, userId: "bob" as UserId }),
    deriveUserSecret(master, { ...name, version: 2 }),
    deriveUserSecret(master, { ...name, userId: "alice1" as UserId }),
  ];
  assert.equal(new Set(secrets).size, secrets.length);
});
