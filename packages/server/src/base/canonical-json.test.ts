import assert from "node:assert/strict";
import { test } from "node:test";
import { canonicalJson, fingerprint } from "./canonical-json.ts";

test("the order of members changes nothing, anything else does", () => {
  const cases: readonly (readonly [string, string, string, boolean])[] = [
    ["members in another order", '{"a":1,"b":2}', '{"b":2,"a":1}', true],
    ["deep down, too", '{"x":[{"a":1,"b":{"c":1,"d":2}}]}', '{"x":[{"b":{"d":2,"c":1},"a":1}]}', true],
    ["white space", '{ "a" : 1 }', '{"a":1}', true],
    ["spellings of one number", '{"a":1.0}', '{"a":1}', true],
    ["a member named like the prototype", '{"__proto__":{"a":1}}', '{"__proto__":{"a":2}}', false],
    ["items in another order", "[1,2]", "[2,1]", false],
    ["a number and its text", '{"a":1}', '{"a":"1"}', false],
    ["null and absent", '{"a":null}', "{}", false],
    ["an empty list and an empty object", "[]", "{}", false],
  ];
  for (const [why, left, right, isSame] of cases) {
    assert.equal(fingerprint(JSON.parse(left)) === fingerprint(JSON.parse(right)), isSame, why);
  }
});

test("canonical JSON is JSON of the same value", () => {
  const value = { b: [1, { d: null, c: "é\u0000" }], a: { 10: true, 9: false } };
  assert.equal(canonicalJson(value), '{"a":{"9":false,"10":true},"b":[1,{"c":"é\\u0000","d":null}]}');
});
