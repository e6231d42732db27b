import assert from "node:assert/strict";
import { test } from "node:test";
import { findPasswords, isPasswordKey, PASSWORDS_LISTED_MAX } from "./passwords.ts";

for (const key of [
  "password",
  "PASSWORD",
  "PassWord",
  "user_password",
  "new-password",
  "userPassword",
  "oldUserPasswd",
  "DB_PWD",
  "wifi.passphrase",
  "user password",
  "password_",
]) {
  test(`${key} is the key of a password`, () => assert.equal(isPasswordKey(key), true));
}

for (const key of [
  "password_hint",
  "passwordless",
  "passwordChangedAt",
  "pwdx",
  "compass",
  "word",
  "",
  "_",
]) {
  test(`"${key}" is not`, () => assert.equal(isPasswordKey(key), false));
}

test("passwords are found at any depth, also in arrays, and are pointed at", () => {
  const data = { users: [{ name: "ada" }, { login: { "a/b~c": { password: "hunter2" } } }], pin_pwd: 1234 };
  const pointers = ["/data/users/1/login/a~1b~0c/password", "/data/pin_pwd"];
  assert.deepEqual(findPasswords(data, "/data"), pointers);
});

for (const [name, value] of [
  ["an empty text", ""],
  ["null", null],
  ["true", true],
  ["an object without one", { changed: true }],
] as const) {
  test(`a key of a password with ${name} carries none`, () =>
    assert.deepEqual(findPasswords({ password: value }, ""), []));
}

test("of very many only the first are listed", () => {
  const data = Array.from({ length: 1_000 }, () => ({ password: "x" }));
  assert.equal(findPasswords(data, "").length, PASSWORDS_LISTED_MAX);
});
