import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { formatFlaw, formatPlace } from "./flaw.ts";
import { loadOpenapi } from "./openapi-file.ts";

const NAMED_BY = { kind: "flag", flag: "--openapi" } as const;

function load(text: string): ReturnType<typeof loadOpenapi> {
  return loadOpenapi("/somewhere/api.json", NAMED_BY, () => ({ kind: "text", text }));
}

const PLACES: readonly [because: string, text: string, pointer: string, place: string][] = [
  ["a member in JSON", '{\n "a": {\n  "b": 1 } }', "/a/b", "api.json:3:3"],
  ["a member whose name has a slash", '{\n "/a": {\n  "b": 1 } }', "/~1a/b", "api.json:3:3"],
  ["an item of a list", '{ "a": [\n  {"b": 1},\n  {"b": 2} ] }', "/a/1/b", "api.json:3:4"],
  ["an item itself", '{ "a": [\n  1,\n  2 ] }', "/a/1", "api.json:3:3"],
  ["what is not there, by what is around it", '{\n "a": {\n  "b": 1 } }', "/a/c/d", "api.json:2:2"],
  ["the whole", '\n{"a": 1}', "", "api.json:1:1"],
  ["a member in YAML", "a:\n  b: 1\n", "/a/b", "api.json:2:3"],
  ["a number as a name", "a:\n  200: 1\n", "/a/200", "api.json:2:3"],
];

describe("a document knows the place of", () => {
  for (const [because, text, pointer, place] of PLACES) {
    test(because, () => {
      const loaded = load(text);
      assert.ok(loaded.kind === "ok", JSON.stringify(loaded));
      assert.equal(formatPlace(loaded.locate(pointer)), place);
    });
  }
});

test("JSON and YAML give the same", () => {
  const [json, yaml] = [load('{"a":[1,{"b":null}]}'), load("a:\n  - 1\n  - b:\n")];
  assert.ok(json.kind === "ok" && yaml.kind === "ok");
  assert.deepEqual(json.document, yaml.document);
});

const FLAWED: readonly [because: string, text: string, words: RegExp][] = [
  ["it is neither", '{"a": [1,\n 2', /api\.json:2:\d+: .*neither valid JSON nor valid YAML/],
  ["aliases multiply without end", aliases(), /--openapi: .*cannot be read/],
];

for (const [because, text, words] of FLAWED) {
  test(`a document is refused where ${because}`, () => {
    const loaded = load(text);
    assert.ok(loaded.kind === "flawed");
    assert.match(loaded.flaws.map(formatFlaw).join("\n"), words);
  });
}

test("a document that is not there is told by who named it", () => {
  const loaded = loadOpenapi("/nowhere.json", NAMED_BY, () => ({ kind: "absent" }));
  assert.ok(loaded.kind === "flawed");
  assert.match(loaded.flaws.map(formatFlaw).join(), /^--openapi: .*nowhere\.json.* is not there/);
});

function aliases(): string {
  const levels = Array.from(
    { length: 12 },
    (_, level) => `a${level + 1}: &a${level + 1} [${`*a${level},`.repeat(10)}]`,
  );
  return `a0: &a0 [1]\n${levels.join("\n")}\n`;
}
