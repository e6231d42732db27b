import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { toBase64 } from "@trulinks/protocol";
import { systemDice } from "../base/dice.ts";
import { Secret } from "../base/secret.ts";
import { openSqliteInProcess } from "../storage/sqlite/open.ts";
import { openSecrets } from "./open.ts";
import type { SecretStore } from "./store.ts";

function openStore(context: TestContext): SecretStore {
  const storage = openSqliteInProcess({ file: ":memory:", dice: systemDice });
  context.after(() => storage.close());
  return storage.secrets;
}

function keySource(key: Uint8Array, pending: Uint8Array | null = null) {
  const settled: string[] = [];
  const secretOf = (bytes: Uint8Array) => new Secret(toBase64(bytes));
  const source = {
    key: secretOf(key),
    pending: pending && secretOf(pending),
    settle: (which: "current" | "pending") => void settled.push(which),
  };
  return { settled, source };
}

function newKey(): Uint8Array {
  return systemDice.bytes(32);
}

test("a new store takes the first key, and the master key is the same at every start", async (context) => {
  const store = openStore(context);
  const key = newKey();
  const first = await openSecrets(store, keySource(key).source, systemDice);
  const second = await openSecrets(store, keySource(key).source, systemDice);
  assert.equal(first.masterKey.length, 32);
  assert.deepEqual([...second.masterKey], [...first.masterKey]);
  const sealed = first.vault.seal(Uint8Array.of(1), "hook:a");
  assert.deepEqual([...second.vault.open(sealed, "hook:a")], [1]);
});

test("another key is refused in a sentence that says how to mend it", async (context) => {
  const store = openStore(context);
  await openSecrets(store, keySource(newKey()).source, systemDice);
  const { source, settled } = keySource(newKey(), newKey());
  await assert.rejects(openSecrets(store, source, systemDice), {
    name: "WrongSecretKey",
    message:
      /is not the one .* Give the key that it was made with: as TRULINKS_SECRET_KEY, or as the file secret\.key/,
  });
  assert.deepEqual(settled, []);
});

test("the platform's own signature is made when it is asked for, and is the same from then on", async (context) => {
  const store = openStore(context);
  const [key, next] = [newKey(), newKey()];
  assert.equal((await openSecrets(store, keySource(key).source, systemDice)).signer, null);
  const { signer } = await openSecrets(store, keySource(key).source, systemDice, true);
  assert.match(signer?.publicKey ?? "", /^whpk_[A-Za-z0-9+/]{43}=$/);
  assert.equal(await store.rekey(key, next), 3);
  const after = await openSecrets(store, keySource(next).source, systemDice, true);
  assert.equal(after.signer?.publicKey, signer?.publicKey);
});

test("two stores have two master keys", async (context) => {
  const key = newKey();
  const [first, second] = await Promise.all(
    [openStore(context), openStore(context)].map((store) =>
      openSecrets(store, keySource(key).source, systemDice),
    ),
  );
  assert.notDeepEqual(first?.masterKey, second?.masterKey);
});

test("the master key stays the same when the secret key is changed", async (context) => {
  const store = openStore(context);
  const [key, next] = [newKey(), newKey()];
  const { masterKey } = await openSecrets(store, keySource(key).source, systemDice);
  assert.equal(await store.rekey(key, next), 2);
  const after = await openSecrets(store, keySource(next).source, systemDice);
  assert.deepEqual([...after.masterKey], [...masterKey]);
});

test("a rekey that was interrupted before the store was sealed anew keeps the current key", async (context) => {
  const store = openStore(context);
  const [key, next] = [newKey(), newKey()];
  await openSecrets(store, keySource(key).source, systemDice);
  const { source, settled } = keySource(key, next);
  await openSecrets(store, source, systemDice);
  assert.deepEqual(settled, ["current"]);
});

test("a rekey that was interrupted after the store was sealed anew keeps the pending key", async (context) => {
  const store = openStore(context);
  const [key, next] = [newKey(), newKey()];
  const { masterKey } = await openSecrets(store, keySource(key).source, systemDice);
  await store.rekey(key, next);
  const { source, settled } = keySource(key, next);
  const after = await openSecrets(store, source, systemDice);
  assert.deepEqual(settled, ["pending"]);
  assert.deepEqual([...after.masterKey], [...masterKey]);
});
