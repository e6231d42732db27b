import assert from "node:assert/strict";
import { test } from "node:test";
import { parseHeaderList } from "./header-list.ts";

const many = (count: number): string => Array.from({ length: count }, (_, n) => `h${n}=v`).join(",");

for (const [why, text, headers] of [
  ["one", "authorization=Bearer abc", { authorization: "Bearer abc" }],
  ["several, with space around", "X-Team = blue , api-key=a=b==", { "x-team": "blue", "api-key": "a=b==" }],
  ["an encoded value", "authorization=Basic%20YTpi%2C%25", { authorization: "Basic YTpi,%" }],
  ["as many as may be", many(20), Object.fromEntries(Array.from({ length: 20 }, (_, n) => [`h${n}`, "v"]))],
] as const) {
  test(`${why} can be read`, () => assert.deepEqual(parseHeaderList(text), headers));
}

for (const [why, text] of [
  ["nothing", ""],
  ["no equals sign", "authorization"],
  ["no name", "=value"],
  ["no value", "name="],
  ["a name with a space", "a b=c"],
  ["an end of line in a value", "a=b%0d%0ac"],
  ["an end of line as it is", "a=b\r\nc: d"],
  ["letters that headers cannot have", "a=é"],
  ["a broken escape", "a=%zz"],
  ["a header twice", "a=1,A=2"],
  ["an empty pair", "a=1,,b=2"],
  ["one more than may be", many(21)],
  ["too many characters", `a=${"x".repeat(4_096)}`],
] as const) {
  test(`${why} is refused`, () => assert.equal(parseHeaderList(text), undefined));
}
