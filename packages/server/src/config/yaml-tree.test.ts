import assert from "node:assert/strict";
import { test } from "node:test";
import { formatFlaw } from "./flaw.ts";
import { parseYaml, toPlain } from "./yaml-tree.ts";

test("values come out as YAML means them", () => {
  const parsed = parseYaml("a: 1\nb: [x, true, null]\nc:\n  d: '2'\n  e:\n", "f.yaml");
  assert(parsed.kind === "parsed" && parsed.root !== null);
  assert.deepEqual(toPlain(parsed.root), { a: 1, b: ["x", true, null], c: { d: "2", e: null } });
});

test("names and values know their line and column", () => {
  const parsed = parseYaml("a:\n  b: [x,\n    y]\n", "f.yaml");
  assert(parsed.kind === "parsed" && parsed.root?.kind === "map");
  const a = parsed.root.members.get("a");
  assert(a?.value.kind === "map");
  const b = a.value.members.get("b");
  assert(b?.value.kind === "list");
  assert.deepEqual(a.place, { kind: "file", file: "f.yaml", line: 1, column: 1 });
  assert.deepEqual(b.place, { kind: "file", file: "f.yaml", line: 2, column: 3 });
  assert.deepEqual(b.value.items[1]?.place, { kind: "file", file: "f.yaml", line: 3, column: 5 });
});

for (const text of ["", "# only a comment\n", "---\n"]) {
  test(`${JSON.stringify(text)} says nothing, and that is no flaw`, () => {
    const parsed = parseYaml(text, "f.yaml");
    assert.equal(parsed.kind, "parsed");
  });
}

const flawed: readonly (readonly [reason: string, text: string, message: RegExp])[] = [
  ["a name stands twice", "a: 1\nb: 2\na: 3\n", /^f\.yaml:3:1: a stands here a second time/],
  ["a name below a section stands twice", "a:\n  b: 1\n  b: 1\n", /^f\.yaml:3:3: a\.b stands here a second/],
  ["brackets lack their quotes", "a: [::1]:80\n", /^f\.yaml:1:9: This is no valid YAML.*need quotes/],
  ["indentation is uneven", "a:\n  b: 1\n c: 2\n", /^f\.yaml:3:1: This is no valid YAML/],
  ["tabs indent", "a:\n\tb: 1\n", /^f\.yaml:2:1: This is no valid YAML/],
  ["there is a second document", "a: 1\n---\nb: 2\n", /^f\.yaml:2:1: .*Only one document/],
  ["a value is an alias", "a: &x 1\nb: *x\n", /^f\.yaml:2:4: b is an alias/],
  ["an alias names nothing", "a: *x\n", /^f\.yaml:1:4: /],
  ["a value is tagged", "a: !hidden-word x\n", /^f\.yaml:1:4: .*Tags/],
  ["a name is a list", "? [a]\n: 1\n", /^f\.yaml:1:3: A member's name is expected/],
  ["it is nested without end", "[".repeat(20_000), /nested too deeply/],
  ["it is nested deeper than anyone needs", `${"[".repeat(20)}${"]".repeat(20)}`, /more than 16 levels/],
  ["it is larger than anyone needs", `a: ${"x".repeat(1_048_576)}`, /too large/],
];

for (const [reason, text, message] of flawed) {
  test(`a file is refused in one sentence that says where when ${reason}`, () => {
    const parsed = parseYaml(text, "f.yaml");
    assert(parsed.kind === "flawed");
    assert.match(parsed.flaws.map(formatFlaw).join("\n"), message);
  });
}

test("all duplicates are told at once", () => {
  const parsed = parseYaml("a: 1\na: 2\nb: 1\nb: 2\n", "f.yaml");
  assert(parsed.kind === "flawed");
  assert.equal(parsed.flaws.length, 2);
});

for (const text of [
  "operator_key: !s3cret-word x",
  "operator_key: *s3cret-word",
  "operator_key: 'a: s3cret-word",
  "operator_key: [s3cret-word",
]) {
  test(`what is no YAML is not quoted, since it may be a secret: ${text}`, () => {
    const parsed = parseYaml(text, "f.yaml");
    assert(parsed.kind === "flawed");
    assert.doesNotMatch(JSON.stringify(parsed.flaws), /s3cret/);
  });
}
