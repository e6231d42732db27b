import assert from "node:assert/strict";
import { test } from "node:test";
import { isLinear } from "./pattern-cost.ts";

for (const pattern of [
  "^",
  "^$",
  "^abc$",
  "^[a-z0-9_-]+$",
  "^[^\\s@]*$",
  "^\\d{4}-\\d{2}-\\d{2}$",
  "^[A-Z]{3}\\.[a-z]{1,5}$",
  "^v\\d+",
  "^\\p{L}+$",
  "^[\\]\\\\]*$",
  "^é.?$",
]) {
  test(`${pattern} takes as long as its text is`, () => assert.equal(isLinear(pattern), true));
}

for (const pattern of [
  "a+$",
  "[a-z]+",
  "^(a+)+$",
  "^(a|a)*$",
  "^a*a*b$",
  "^a?a?a?aaa$",
  "^[a-z]{1,9}[a-z]{1,9}$",
  "^[a-z]+(-[a-z]+)*$",
  "^(?:a+)$",
  "^a|b+$",
  "^(a)\\1*$",
  "^a(?=b*)$",
  "^\\w+\\b\\w+$",
  "^a+^b",
]) {
  test(`${pattern} is watched`, () => assert.equal(isLinear(pattern), false));
}
