import assert from "node:assert/strict";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { systemDice } from "../base/dice.ts";
import { Secret } from "../base/secret.ts";
import { keyBytes, loadKeys, loadSecretKey, makeSecretKey, pendingKeyPath } from "./keys.ts";

const NONE = { operator_key: null, secret_key: null, identity_key: null };

const root = mkdtempSync(join(tmpdir(), "trulinks-keys-"));
after(() => rmSync(root, { recursive: true, force: true }));

let folders = 0;
function newFolder(): string {
  const folder = join(root, String(folders++));
  mkdirSync(folder);
  return folder;
}

function load(folder: string, options: Parameters<typeof loadKeys>[0]["options"] = NONE) {
  return loadKeys({ options, folder, dice: systemDice });
}

test("the first start makes all keys, each in a file for its owner alone", () => {
  const folder = newFolder();
  const keys = load(folder);
  for (const name of ["operator", "secret", "identity"] as const) {
    const path = join(folder, `${name}.key`);
    assert.deepEqual([keys[name].path, keys[name].made], [path, true]);
    assert.equal(statSync(path).mode & 0o777, 0o600);
    assert.equal(readFileSync(path, "utf8"), `${keys[name].key.reveal()}\n`);
  }
  assert.deepEqual(readdirSync(folder).toSorted(), ["identity.key", "operator.key", "secret.key"]);
  assert.match(keys.operator.key.reveal(), /^[\x21-\x7e]{24,256}$/);
  assert.equal(keyBytes(keys.secret.key).length, 32);
  assert.equal(keyBytes(keys.identity.key).length, 32);
});

test("the next start finds the same keys", () => {
  const folder = newFolder();
  const [first, second] = [load(folder), load(folder)];
  for (const name of ["operator", "secret", "identity"] as const) {
    assert.equal(second[name].made, false);
    assert.equal(second[name].key.reveal(), first[name].key.reveal());
  }
});

test("keys that options give are used, and no file is made or read", () => {
  const folder = newFolder();
  writeFileSync(join(folder, "operator.key"), "malformed");
  const given = {
    operator_key: new Secret("x".repeat(24)),
    secret_key: makeSecretKey(systemDice),
    identity_key: makeSecretKey(systemDice),
  };
  const keys = load(folder, given);
  assert.deepEqual(
    [keys.operator.key, keys.operator.path, keys.operator.made],
    [given.operator_key, null, false],
  );
  assert.equal(keys.secret.key, given.secret_key);
  assert.equal(keys.identity.key, given.identity_key);
  assert.deepEqual(readdirSync(folder), ["operator.key"]);
});

test("a key file may be written by hand, with either end of line or none", () => {
  for (const end of ["", "\n", "\r\n"]) {
    const folder = newFolder();
    writeFileSync(join(folder, "operator.key"), `${"k".repeat(30)}${end}`, { mode: 0o600 });
    assert.equal(load(folder).operator.key.reveal(), "k".repeat(30));
  }
});

for (const [reason, name, text] of [
  ["is empty", "operator.key", ""],
  ["is too short", "operator.key", "s3cret\n"],
  ["has two lines", "operator.key", `${"s3cret".repeat(5)}\n${"s3cret".repeat(5)}\n`],
  ["is not base64", "secret.key", `${"s3cret".repeat(8)}!\n`],
  ["has too few bytes", "identity.key", `${Buffer.from("s3cret").toString("base64")}\n`],
] as const) {
  test(`a key file that ${reason} is refused with its path and what was expected, unquoted`, () => {
    const folder = newFolder();
    writeFileSync(join(folder, name), text, { mode: 0o600 });
    assert.throws(
      () => load(folder),
      (error: Error) => {
        assert.equal(error.name, "StartRefused");
        assert(
          error.message.startsWith(
            `The key file ${join(folder, name)} is malformed. Expected one line with `,
          ),
        );
        assert.doesNotMatch(error.message, /s3cret|czNjcmV0/);
        return true;
      },
    );
  });
}

for (const mode of [0o640, 0o604, 0o660, 0o644]) {
  test(`a key file that others can read (${mode.toString(8)}) is refused with the command that mends it`, () => {
    const folder = newFolder();
    load(folder);
    chmodSync(join(folder, "secret.key"), mode);
    assert.throws(() => load(folder), {
      name: "StartRefused",
      message: new RegExp(
        `can be read by others \\(mode ${mode.toString(8)}\\)\\. Run: chmod 600 ${folder}/secret\\.key`,
      ),
    });
  });
}

test("a key file that cannot be read is refused in one sentence", () => {
  const folder = newFolder();
  mkdirSync(join(folder, "operator.key"), { mode: 0o700 });
  assert.throws(() => load(folder), {
    name: "StartRefused",
    message: /operator\.key cannot be read \(EISDIR\)/,
  });
});

test("a key file that cannot be written is refused in one sentence", () => {
  assert.throws(() => load(join(root, "nowhere")), {
    name: "StartRefused",
    message: /cannot be written \(ENOENT\)/,
  });
});

test("what a crash left of an unfinished key file is replaced", () => {
  const folder = newFolder();
  writeFileSync(join(folder, "secret.key.unfinished"), "half", { mode: 0o600 });
  assert.equal(load(folder).secret.made, true);
  assert(!existsSync(join(folder, "secret.key.unfinished")));
});

test("a secret key that is pending is told, and takes the place of the current one when it fits", () => {
  const folder = newFolder();
  const current = load(folder).secret;
  assert.equal(current.pending, null);
  const next = makeSecretKey(systemDice);
  writeFileSync(pendingKeyPath(folder), `${next.reveal()}\n`, { mode: 0o600 });

  const found = loadSecretKey(null, folder, systemDice);
  assert.equal(found.key.reveal(), current.key.reveal());
  assert.equal(found.pending?.reveal(), next.reveal());
  found.settle("pending");
  assert.equal(loadSecretKey(null, folder, systemDice).key.reveal(), next.reveal());
  assert(!existsSync(pendingKeyPath(folder)));
});

test("a secret key that is pending is dropped when the current one fits", () => {
  const folder = newFolder();
  const current = load(folder).secret;
  writeFileSync(pendingKeyPath(folder), `${makeSecretKey(systemDice).reveal()}\n`, { mode: 0o600 });
  loadSecretKey(null, folder, systemDice).settle("current");
  const found = loadSecretKey(null, folder, systemDice);
  assert.deepEqual([found.key.reveal(), found.pending], [current.key.reveal(), null]);
});
