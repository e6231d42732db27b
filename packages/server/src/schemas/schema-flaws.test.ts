import assert from "node:assert/strict";
import { test } from "node:test";
import { compileSchema } from "./schema-check.ts";
import {
  PATTERN_CHARACTERS_MAX,
  SCHEMA_BYTES_MAX,
  SCHEMA_DEPTH_MAX,
  SCHEMA_LIST_MAX,
  SCHEMA_PARTS_MAX,
} from "./schema-flaws.ts";
import type { JsonObject } from "./schema-walk.ts";

function flawsOf(schema: JsonObject): readonly string[] {
  const compiled = compileSchema(schema);
  return compiled.kind === "compiled"
    ? []
    : compiled.flaws.map(({ pointer, message }) => `${pointer}: ${message}`);
}

const GOOD: readonly (readonly [promise: string, schema: JsonObject])[] = [
  ["an empty one", {}],
  ["the dialect by its name", { $schema: "https://json-schema.org/draft/2020-12/schema" }],
  ["the dialect by its name and a mark", { $schema: "https://json-schema.org/draft/2020-12/schema#" }],
  ["a name of its own", { $id: "https://example.com/issue.json", type: "object" }],
  ["own notes", { "x-owner": "billing", properties: { a: { "x-note": { type: "nonsense" } } } }],
  [
    "members that are called like keywords",
    { properties: { $ref: { type: "string" }, pattern: {}, $id: {}, propertes: {} } },
  ],
  [
    "references to definitions, to the whole and to members",
    {
      $defs: { "a/b %": {} },
      properties: { a: { $ref: "#/$defs/a~1b%20%25" }, b: { $ref: "#" }, c: { $ref: "#/properties/a" } },
    },
  ],
  ["definitions of an older draft", { definitions: { a: true }, items: { $ref: "#/definitions/a" } }],
  [
    "every format that there is",
    { properties: { a: { format: "email" }, b: { format: "date-time" }, c: { format: "iri" } } },
  ],
  [
    "as many alternatives as may be",
    { anyOf: Array.from({ length: SCHEMA_LIST_MAX }, () => ({ type: "string" })) },
  ],
  ["a long list of values", { enum: Array.from({ length: 2_000 }, (_, n) => `value-${n}`) }],
  ["a pattern as long as may be", { pattern: "a".repeat(PATTERN_CHARACTERS_MAX) }],
  [
    "as many parts as may be",
    {
      properties: Object.fromEntries(
        Array.from({ length: SCHEMA_PARTS_MAX - 1 }, (_, n) => [`p${n}`, { type: "string" }]),
      ),
    },
  ],
];
for (const [promise, schema] of GOOD) test(`taken: ${promise}`, () => assert.deepEqual(flawsOf(schema), []));

const nested = (depth: number): JsonObject => (depth === 1 ? {} : { not: nested(depth - 1) });
test("taken: as deep as may be", () => assert.deepEqual(flawsOf(nested(SCHEMA_DEPTH_MAX)), []));

const sized = (bytes: number): JsonObject => ({
  description: "x".repeat(bytes - '{"description":""}'.length),
});
test("taken: as large as may be", () => assert.deepEqual(flawsOf(sized(SCHEMA_BYTES_MAX)), []));

const FLAWED: readonly (readonly [promise: string, schema: JsonObject, flaw: RegExp])[] = [
  [
    "a type that there is not",
    { properties: { a: { type: "strin" } } },
    /^\/properties\/a\/type: There is no such type\. Did you mean string\?$/,
  ],
  [
    "a misspelt keyword",
    { properties: { a: { propertes: {} } } },
    /^\/properties\/a\/propertes: propertes is no keyword of JSON Schema 2020-12\. Did you mean properties\?/,
  ],
  [
    "a misspelt format",
    { properties: { a: { format: "emial" } } },
    /^\/properties\/a\/format: There is no such format\. Did you mean email\?/,
  ],
  [
    "another dialect",
    { $schema: "http://json-schema.org/draft-07/schema#" },
    /^\/\$schema: Expected https:\/\/json-schema\.org\/draft\/2020-12\/schema, or nothing\.$/,
  ],
  [
    "a reference to elsewhere",
    { $ref: "https://example.com/a.json" },
    /^\/\$ref: Expected a reference within the schema/,
  ],
  ["a reference to a file", { items: { $ref: "a.json#/x" } }, /^\/items\/\$ref: Expected a reference within/],
  ["a reference to an anchor", { $ref: "#a" }, /^\/\$ref: Expected a reference within/],
  ["a reference to nothing", { $ref: "#/$defs/a" }, /^\/\$ref: This reference leads to no schema\.$/],
  [
    "a reference to what is no schema",
    { $ref: "#/const", const: { type: "string" } },
    /^\/\$ref: This reference leads to what is no schema of its own\.$/,
  ],
  [
    "a reference to itself",
    { allOf: [{ $ref: "#" }] },
    /^\/allOf\/0\/\$ref: This reference leads back to itself/,
  ],
  [
    "references in a circle",
    { $defs: { a: { $ref: "#/$defs/b" }, b: { anyOf: [{ $ref: "#/$defs/a" }] } } },
    /^\/\$defs\/a\/\$ref: This reference leads back to itself/,
  ],
  ["an anchor", { $anchor: "a" }, /^\/\$anchor: \$anchor is not taken here\. Refer by #\/\$defs/],
  ["a dynamic reference", { $dynamicRef: "#a" }, /^\/\$dynamicRef: /],
  ["a nested name", { properties: { a: { $id: "b" } } }, /^\/properties\/a\/\$id: Only the whole schema/],
  ["a pattern that is none", { pattern: "(" }, /^\/pattern: This is no regular expression/],
  [
    "a pattern in a name that is none",
    { patternProperties: { "[": {} } },
    /^\/patternProperties: This is no regular expression/,
  ],
  [
    "a pattern that is too long",
    { pattern: "a".repeat(PATTERN_CHARACTERS_MAX + 1) },
    /^\/pattern: Expected a pattern of at most 256 characters, this has 257\.$/,
  ],
  [
    "too many alternatives",
    { oneOf: Array.from({ length: SCHEMA_LIST_MAX + 1 }, () => ({})) },
    /^\/oneOf: Expected at most 200, this has 201\.$/,
  ],
  ["a list of no schemas", { allOf: [5] }, /^\/allOf\/0: This must be object or boolean\.$/],
  [
    "a schema that is a text",
    { properties: { a: "string" } },
    /^\/properties\/a: This must be object or boolean\.$/,
  ],
  ["nested too deep", nested(SCHEMA_DEPTH_MAX + 1), /^: Expected at most 64 levels\.$/],
  ["too large", sized(SCHEMA_BYTES_MAX + 1), /^: Expected at most 65536 bytes, this has 65537\.$/],
  [
    "too many parts",
    { properties: Object.fromEntries(Array.from({ length: SCHEMA_PARTS_MAX }, (_, n) => [`p${n}`, {}])) },
    /^: Expected at most 1000 schemas within the schema, this has 1001\.$/,
  ],
];
for (const [promise, schema, flaw] of FLAWED) {
  test(`refused: ${promise}`, () => assert.match(flawsOf(schema)[0] ?? "", flaw));
}
