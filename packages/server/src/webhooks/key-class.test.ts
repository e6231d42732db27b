import assert from "node:assert/strict";
import { test } from "node:test";
import { classify, classOf, type KeyClass } from "./key-class.ts";

const KEYS: Readonly<Record<KeyClass, readonly string[]>> = {
  password: [
    ...["password", "PASSWORD", "PassWord", "user_password", "new-password", "userPassword", "oldUserPasswd"],
    ...["DB_PWD", "wifi.passphrase", "user password", "password_", "phone_password"],
  ],
  phone: [
    ...[
      "phone",
      "Phone",
      "PHONE",
      "home_phone",
      "homePhone",
      "work-phone",
      "phones",
      "phone_number",
      "phoneNumber",
    ],
    ...[
      "phoneNumbers",
      "phonenumber",
      "PHONE_NO",
      "mobile",
      "mobile_nr",
      "tel",
      "tel2",
      "phone_1",
      "telephone",
    ],
    ...[
      "fax",
      "faxNumber",
      "fax-num",
      "cell",
      "cellphone",
      "landline",
      "msisdn",
      "contact.phone",
      "password_phone",
    ],
  ],
  plain: [
    ...["password_hint", "passwordless", "passwordChangedAt", "pwdx", "compass", "word", "", "_", "1", "é"],
    ...[
      "phone_model",
      "phoned",
      "number",
      "phone_number_verified",
      "mobility",
      "hotel",
      "cells",
      "order_no",
      "2",
    ],
    ...["telegram", "faxed_at", "email", "microphone"],
  ],
};

for (const [keyClass, keys] of Object.entries(KEYS)) {
  for (const key of keys) {
    test(`"${key}" is the key of ${keyClass === "plain" ? "neither" : `a ${keyClass}`}`, () => {
      assert.equal(classify(key), keyClass);
      assert.equal(classOf(key), keyClass);
      assert.equal(classOf(key), keyClass);
    });
  }
}

test("more keys than are remembered are told as well", () => {
  for (let n = 0; n < 12_000; n++) classOf(`key_${n}`);
  assert.equal(classOf("some_new_password"), "password");
  assert.equal(classOf("some_new_phone"), "phone");
  assert.equal(classOf("some_new_key"), "plain");
});
