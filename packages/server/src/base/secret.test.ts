import assert from "node:assert/strict";
import { test } from "node:test";
import { format, inspect } from "node:util";
import { Secret } from "./secret.ts";

const TEXT = "correct horse battery staple";
const secret = new Secret(TEXT);

const ways: readonly (readonly [string, string])[] = [
  ["in a template", `${secret}`],
  ["as JSON", JSON.stringify({ a: [secret] })],
  ["inspected deep inside", inspect({ a: { b: [secret] } }, { depth: null, showHidden: true })],
  ["formatted", format("%s %o %j", secret, secret, secret)],
  ["in an error's message", String(new Error(`no such key: ${secret}`))],
  ["spread into an object", JSON.stringify({ ...secret })],
  ["as an error's cause", inspect(new Error("x", { cause: secret }))],
];

for (const [way, printed] of ways) {
  test(`a secret does not show ${way}`, () => {
    assert(!printed.includes("horse"), printed);
  });
}

test("a secret is told only to whom asks for it by name", () => {
  assert.equal(secret.reveal(), TEXT);
  assert.equal(String(secret), "•••");
});
