import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { inspect } from "node:util";
import { systemDice } from "../base/dice.ts";
import { Secret } from "../base/secret.ts";
import { CREDENTIAL_PREFIXES, makeClientId, makeCredential } from "./credentials.ts";
import { createIsOperator } from "./operator-key.ts";

for (const kind of ["user", "grant", "client"] as const) {
  test(`a credential of a ${kind} has a recognisable prefix, 160 bits of chance, and is kept as a hash`, () => {
    const { text, hash } = makeCredential(kind, systemDice);
    assert.match(text.reveal(), new RegExp(`^${CREDENTIAL_PREFIXES[kind]}[0-9a-f]{40}$`));
    assert.deepEqual(hash, createHash("sha256").update(text.reveal()).digest());
    assert.ok(!inspect({ text }).includes(text.reveal()) && !JSON.stringify({ text }).includes("tl"));
    assert.notEqual(makeCredential(kind, systemDice).text.reveal(), text.reveal());
  });
}

test("client ids are made of chance, and are no secrets", () => {
  assert.match(makeClientId(systemDice), /^client_[0-9a-f]{20}$/);
  assert.notEqual(makeClientId(systemDice), makeClientId(systemDice));
});

const KEY = "an-operator-key-of-some-length";
const HEADERS: readonly (readonly [string, string | undefined, boolean])[] = [
  ["the key as a bearer token", `Bearer ${KEY}`, true],
  ["the scheme in any case", `bearer ${KEY}`, true],
  ["no header", undefined, false],
  ["an empty header", "", false],
  ["an empty key", "Bearer ", false],
  ["another key", `Bearer ${KEY}x`, false],
  ["the key's beginning", `Bearer ${KEY.slice(0, -1)}`, false],
  ["another scheme", `token ${KEY}`, false],
  ["the bare key", KEY, false],
  ["the key twice", `Bearer ${KEY} ${KEY}`, false],
];
for (const [name, header, expected] of HEADERS) {
  test(`the operator key: ${name} is ${expected ? "taken" : "refused"}`, () => {
    assert.equal(createIsOperator(new Secret(KEY))(header), expected);
  });
}
