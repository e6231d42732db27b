import assert from "node:assert/strict";
import { createCipheriv, createDecipheriv } from "node:crypto";
import { test } from "node:test";
import { systemDice } from "../base/dice.ts";
import { createVault, remembering, SealBroken } from "./vault.ts";

const key = systemDice.bytes(32);
const vault = createVault(key, systemDice);
const ROW = "hook:hok_1";

for (const [name, plain] of [
  ["nothing", new Uint8Array(0)],
  ["one byte", Uint8Array.of(0)],
  ["a secret", Buffer.from("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")],
  ["64 KiB", systemDice.bytes(65_536)],
] as const) {
  test(`what is sealed opens again: ${name}`, () => {
    assert.deepEqual([...vault.open(vault.seal(plain, ROW), ROW)], [...plain]);
  });
}

test("the same secret never looks the same twice, and does not show", () => {
  const plain = Buffer.from("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
  const [first, second] = [vault.seal(plain, ROW), vault.seal(plain, ROW)];
  assert.notDeepEqual(first, second);
  assert(!Buffer.from(first).includes("whsec_"));
});

test("a byte that was changed, anywhere, keeps it shut", () => {
  const sealed = vault.seal(Buffer.from("secret"), ROW);
  for (let index = 0; index < sealed.length; index++) {
    const changed = Uint8Array.from(sealed);
    changed[index] = (changed[index] ?? 0) ^ 1;
    assert.throws(() => vault.open(changed, ROW), SealBroken, `byte ${index}`);
  }
});

test("what was cut short, anywhere, keeps shut", () => {
  const sealed = vault.seal(Buffer.from("secret"), ROW);
  for (let length = 0; length < sealed.length; length++) {
    assert.throws(() => vault.open(sealed.subarray(0, length), ROW), SealBroken, `${length} bytes`);
  }
});

test("moved to another row it keeps shut", () => {
  const sealed = vault.seal(Buffer.from("secret"), ROW);
  assert.throws(() => vault.open(sealed, "hook:hok_2"), SealBroken);
});

test("with another key it keeps shut, and the error names the row and no secret", () => {
  const sealed = vault.seal(Buffer.from("secret"), ROW);
  const other = createVault(systemDice.bytes(32), systemDice);
  assert.throws(() => other.open(sealed, ROW), {
    name: "SealBroken",
    message: /^What is sealed at hook:hok_1 does/,
  });
});

test("the format on disk is: 1, nonce of 12 bytes, AES-256-GCM with the row as associated data, tag of 16", () => {
  const sealed = vault.seal(Buffer.from("secret"), ROW);
  assert.equal(sealed.length, 1 + 12 + "secret".length + 16);
  const decipher = createDecipheriv("aes-256-gcm", key, sealed.subarray(1, 13)).setAAD(Buffer.from(ROW));
  decipher.setAuthTag(sealed.subarray(-16));
  assert.equal(
    Buffer.concat([decipher.update(sealed.subarray(13, -16)), decipher.final()]).toString(),
    "secret",
  );

  // What an earlier version wrote has to open for ever.
  const nonce = Buffer.alloc(12, 7);
  const cipher = createCipheriv("aes-256-gcm", key, nonce).setAAD(Buffer.from(ROW));
  const body = Buffer.concat([cipher.update("old"), cipher.final()]);
  const old = Buffer.concat([Uint8Array.of(1), nonce, body, cipher.getAuthTag()]);
  assert.equal(Buffer.from(vault.open(old, ROW)).toString(), "old");
});

test("a vault that remembers opens as the plain one does, for that row only", () => {
  const sealed = vault.seal(Buffer.from("one"), "hook:a");
  let openings = 0;
  const counting = {
    seal: vault.seal,
    open: (bytes: Uint8Array, row: string) => {
      openings += 1;
      return vault.open(bytes, row);
    },
  };
  const kept = remembering(counting, 2);
  const again = (): Uint8Array => kept.open(Uint8Array.from(sealed), "hook:a");
  for (let time = 0; time < 3; time++)
    assert.equal(Buffer.from(kept.open(sealed, "hook:a")).toString(), "one");
  assert.equal(Buffer.from(again()).toString(), "one");
  assert.equal(openings, 1);
  assert.throws(() => kept.open(sealed, "hook:b"), SealBroken);
  for (const name of ["c", "d"]) kept.open(vault.seal(Buffer.from(name), `hook:${name}`), `hook:${name}`);
  again();
  assert.equal(openings, 5, "what was too much was forgotten, and is opened anew");
});
