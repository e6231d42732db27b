import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { findInexactNumbers } from "./inexact-numbers.ts";

const cases: readonly (readonly [string, string, readonly string[]])[] = [
  ["a number of 15 digits", '{"n":123456789012345}', []],
  ["the largest safe integer", '{"n":9007199254740991}', []],
  ["the first integer that a double cannot hold", '{"n":9007199254740993}', ["/n"]],
  ["an integer of 19 digits", '{"n": 1234567890123456789}', ["/n"]],
  ["a large integer that is a double", '{"n":9007199254740992}', []],
  ["a negative one", '{"n":-9007199254740993}', ["/n"]],
  ["a fraction with too many digits", '{"n":3.14159265358979323846}', ["/n"]],
  ["a fraction as JavaScript writes it", '{"n":0.30000000000000004}', []],
  ["trailing zeros", '{"n":1.500000000000000000}', []],
  ["an exponent that fits", '{"n":1.5e3,"m":1E2,"k":12e-1}', []],
  ["an exponent beyond all doubles", '{"n":1e400}', ["/n"]],
  ["one so small that it would be zero", '{"n":1e-400}', ["/n"]],
  ["zero in any dress", '{"n":0,"m":-0,"k":0.0,"e":0e10}', []],
  ["one in an array in an object", '{"a":[1,{"b/c":[9007199254740993]}]}', ["/a/1/b~1c/0"]],
  ["several", "[9007199254740993,1,9007199254740995]", ["/0", "/2"]],
  ["one that is the whole text", "9007199254740993", []],
  ["digits within a string", '{"s":"id: 12345678901234567890, 5e3"}', []],
];

describe("parsing would change", () => {
  for (const [name, text, expected] of cases) {
    test(`${name}: ${expected.length === 0 ? "no" : expected.join(" ")}`, () => {
      assert.deepEqual(findInexactNumbers(text), expected);
    });
  }
});
