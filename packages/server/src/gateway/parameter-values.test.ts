import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Parameter, ParsedType } from "./operation.ts";
import { parameterValues, parsedTo } from "./parameter-values.ts";

const TEXTS: readonly [text: string, types: readonly ParsedType[], value: unknown][] = [
  ["10", ["number"], 10],
  ["-1.5e3", ["number"], -1500],
  ["010", ["number"], "010"],
  ["+1", ["number"], "+1"],
  ["0x10", ["number"], "0x10"],
  ["", ["number"], ""],
  [" 1", ["number"], " 1"],
  ["Infinity", ["number"], "Infinity"],
  ["10", ["string"], "10"],
  ["10", [], "10"],
  ["true", ["boolean"], true],
  ["True", ["boolean"], "True"],
  ["1", ["boolean"], "1"],
  ["", ["null", "string"], null],
  ["x", ["number", "boolean"], "x"],
];

describe("a text becomes a value only to the letter:", () => {
  for (const [text, types, value] of TEXTS) {
    test(`"${text}" as ${types.join(" or ") || "anything"}`, () =>
      assert.equal(parsedTo(types, text), value));
  }
});

const LISTS: readonly [list: Parameter["list"], query: string, value: unknown][] = [
  ["repeated", "a=1&a=2", [1, 2]],
  ["repeated", "a=1", [1]],
  ["repeated", "a=1,2", ["1,2"]],
  [",", "a=1,2", [1, 2]],
  [",", "a=1&a=2", [1, 2]],
  ["|", "a=1|2", [1, 2]],
  [" ", "a=1+2", [1, 2]],
  [null, "a=1&a=2", [1, 2]],
  [null, "%61=%31", 1],
  [null, "b=1", undefined],
];

describe("of a query is read", () => {
  for (const [list, query, value] of LISTS) {
    test(`${query} where items are told apart by ${list}`, () => {
      const parameters: Parameter[] = [{ place: "query", name: "a", types: ["number"], list }];
      assert.deepEqual(parameterValues(parameters, { path: {}, query, headers: {} }).query["a"], value);
    });
  }
});

test("what every object has is no parameter that was sent", () => {
  const parameters: Parameter[] = [{ place: "header", name: "constructor", types: [], list: null }];
  assert.deepEqual(Object.keys(parameterValues(parameters, { path: {}, query: "", headers: {} }).header), []);
});
