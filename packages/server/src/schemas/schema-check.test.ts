import assert from "node:assert/strict";
import { test } from "node:test";
import { compileSchema, DATA_FLAWS_MAX, type DataVerdict, LOOKS_MAX } from "./schema-check.ts";
import type { JsonObject } from "./schema-walk.ts";

function verdictOn(schema: JsonObject, data: unknown): DataVerdict {
  const compiled = compileSchema(schema);
  assert.equal(compiled.kind, "compiled", JSON.stringify(compiled));
  return compiled.kind === "compiled" ? compiled.check(data) : { kind: "good" };
}

/** Where the flaws are, or what else the verdict is. */
function shown(verdict: DataVerdict): string {
  return verdict.kind === "flawed"
    ? verdict.flaws.map(({ instancePath, keyword }) => `${instancePath} ${keyword}`).join(", ")
    : verdict.kind;
}

const user = {
  type: "object",
  properties: { id: { type: "integer" }, boss: { $ref: "#/$defs/user" } },
  required: ["id"],
};
const CASES: readonly (readonly [promise: string, schema: JsonObject, data: unknown, expected: string])[] = [
  [
    "data as the schema says",
    { properties: { user }, $defs: { user } },
    { user: { id: 1, boss: { id: 2 } } },
    "good",
  ],
  [
    "every flaw is told",
    { properties: { user }, $defs: { user }, required: ["n"] },
    { user: { id: "1", boss: {} } },
    " required, /user/id type, /user/boss required",
  ],
  ["a text is no number", { properties: { n: { type: "number" } } }, { n: "5" }, "/n type"],
  ["nothing is filled in", { properties: { n: { default: 5 } }, required: ["n"] }, {}, " required"],
  ["what every object has is not there", { required: ["constructor"] }, {}, " required"],
  [
    "formats are checked",
    { properties: { at: { format: "date-time" }, mail: { format: "email" } } },
    { at: "yesterday", mail: "a" },
    "/at format, /mail format",
  ],
  ["formats that are notes are not", { properties: { a: { format: "iri" } } }, { a: " " }, "good"],
  [
    "elements are unique",
    { items: { uniqueItems: true } },
    [
      [1, 2, { a: 1, b: 2 }],
      [
        { a: 1, b: 2 },
        { b: 2, a: 1 },
      ],
      [1, "1", [1]],
    ],
    "/1 uniqueItems",
  ],
  ["elements that may be the same", { uniqueItems: false }, [1, 1], "good"],
  [
    "what is not described is refused where it is asked for",
    { allOf: [{ properties: { a: {} } }], unevaluatedProperties: false },
    { a: 1, b: 2 },
    " unevaluatedProperties",
  ],
  ["own notes bind nobody", { "x-type": "string", properties: { a: { "x-enum": [1] } } }, { a: 2 }, "good"],
  [
    "a watched pattern",
    { properties: { slug: { pattern: "^[a-z]+(-[a-z]+)*$" } } },
    { slug: "a-b-" },
    "/slug pattern",
  ],
  [
    "a watched pattern that holds",
    { properties: { slug: { pattern: "^[a-z]+(-[a-z]+)*$" } } },
    { slug: "a-b" },
    "good",
  ],
  [
    "what matches the name of a member",
    { patternProperties: { "^(a|b)+$": { type: "string" } } },
    { ab: 1, c: 1 },
    "/ab type",
  ],
];
for (const [promise, schema, data, expected] of CASES) {
  test(promise, () => assert.equal(shown(verdictOn(schema, data)), expected));
}

test("a check can be used again, whatever it said before", () => {
  const compiled = compileSchema({ required: ["a"] });
  assert(compiled.kind === "compiled");
  for (const [data, expected] of [
    [{}, " required"],
    [{ a: 1 }, "good"],
    [{}, " required"],
  ] as const) {
    assert.equal(shown(compiled.check(data)), expected);
  }
});

test("no value is told", () => {
  const schema = {
    properties: { a: { enum: ["x"] }, b: { const: "y" }, c: { pattern: "^z$" }, d: { maxLength: 1 } },
  };
  const verdict = verdictOn(schema, { a: "hunter2", b: "hunter2", c: "hunter2", d: "hunter2" });
  assert.equal(verdict.kind === "flawed" && verdict.flaws.length, 4);
  assert.doesNotMatch(JSON.stringify(verdict), /hunter2/);
});

test("of very many flaws the first are told", () => {
  const verdict = verdictOn({ items: { type: "string" } }, Array(1_000).fill(1));
  assert.equal(verdict.kind === "flawed" && verdict.flaws.length, DATA_FLAWS_MAX);
});

test("of flaws behind very long names fewer are told", () => {
  const schema = { additionalProperties: { items: { type: "string" } } };
  const verdict = verdictOn(schema, { ["x".repeat(50_000)]: [1, 2, 3] });
  assert.equal(verdict.kind === "flawed" && verdict.flaws.length, 1);
});

test("the largest event is looked at as a whole", () => {
  const data = Array(LOOKS_MAX / 2).fill(0);
  assert.equal(shown(verdictOn({ items: { type: "integer" } }, data)), "good");
});

const twice = (name: string) => ({ properties: { next: { anyOf: [{ $ref: name }, { $ref: name }] } } });
const laughs = Object.fromEntries(
  Array.from({ length: 40 }, (_, n) => [
    `d${n}`,
    { allOf: [{ $ref: `#/$defs/d${n + 1}` }, { $ref: `#/$defs/d${n + 1}` }] },
  ]),
);
let chain: object = { next: 1 };
for (let level = 0; level < 60; level++) chain = { next: chain };

const COSTLY: readonly (readonly [promise: string, schema: JsonObject, data: unknown])[] = [
  [
    "a pattern that backtracks without end",
    { properties: { a: { pattern: "^(a+)+$" } } },
    { a: `${"a".repeat(50)}!` },
  ],
  ["a pattern for names that does", { patternProperties: { "^(a|a)*$": {} } }, { [`${"a".repeat(50)}!`]: 1 }],
  [
    "references that double at every step",
    { $ref: "#/$defs/d0", $defs: { ...laughs, d40: { type: "object" } } },
    {},
  ],
  [
    "alternatives that double at every level of the data",
    { ...twice("#/$defs/n"), $defs: { n: { ...twice("#/$defs/n"), type: "object" } } },
    chain,
  ],
];
for (const [promise, schema, data] of COSTLY) {
  test(`a check ends: ${promise}`, () => assert.equal(shown(verdictOn(schema, data)), "too-costly"));
}

for (const [format, text] of [
  ["url", `http://${"a:".repeat(100_000)}`],
  ["url", `http://${"a-".repeat(1_000)}`],
  ["email", `a@${"a-".repeat(100_000)}`],
  ["hostname", "a.".repeat(100_000)],
  ["uri-reference", "%".repeat(200_000)],
] as const) {
  test(`a check ends: ${format} of ${text.length} characters`, () =>
    assert.equal(shown(verdictOn({ properties: { a: { format } } }, { a: text })), "/a format"));
}
