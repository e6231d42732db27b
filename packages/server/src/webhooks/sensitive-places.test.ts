import assert from "node:assert/strict";
import { test } from "node:test";
import type { JsonObject } from "./event-type.ts";
import { inspect } from "./inspect.ts";
import { NOWHERE, sensitivePlaces } from "./sensitive-places.ts";

const email = { type: "string", format: "email" };
const data = {
  user: { mail: "1", name: "2", boss: { mail: "3", boss: { mail: "4" } } },
  list: [{ mail: "5" }, "6", ["7"]],
  map: { ada: "8", grace: { mail: "9" } },
  pair: ["10", "11"],
  odd: null,
};

const SCHEMAS: readonly (readonly [promise: string, schema: JsonObject, found: readonly string[]])[] = [
  ["a schema that says nothing", {}, []],
  ["other formats", { properties: { user: { properties: { mail: { format: "uri" } } } } }, []],
  ["a nested member", { properties: { user: { properties: { mail: email } } } }, ["/user/mail"]],
  [
    "an e-mail address in other scripts",
    { properties: { user: { properties: { mail: { format: "idn-email" } } } } },
    ["/user/mail"],
  ],
  ["what is not there", { properties: { none: email, odd: email } }, []],
  ["elements", { properties: { list: { items: { properties: { mail: email } } } } }, ["/list/*/mail"]],
  ["elements of elements", { properties: { list: { items: { items: email } } } }, ["/list/*/*"]],
  ["elements that are contained", { properties: { pair: { contains: email } } }, ["/pair/*"]],
  ["an element by its place", { properties: { pair: { prefixItems: [{}, email] } } }, ["/pair/*"]],
  [
    "members of any name",
    { properties: { map: { additionalProperties: email } } },
    ["/map/ada", "/map/grace"],
  ],
  [
    "members by pattern",
    { properties: { map: { patternProperties: { "^a": email } } } },
    ["/map/ada", "/map/grace"],
  ],
  [
    "any of several alternatives",
    { anyOf: [{ properties: { user: {} } }, { properties: { user: { properties: { mail: email } } } }] },
    ["/user/mail"],
  ],
  [
    "nested conditions",
    {
      allOf: [
        // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema.
        { if: {}, then: { oneOf: [{ properties: { pair: { items: email } } }] } },
      ],
    },
    ["/pair/*"],
  ],
  [
    "references, also to itself",
    {
      properties: { user: { $ref: "#/$defs/user" } },
      $defs: {
        user: { properties: { mail: { $ref: "#/$defs/mail" }, boss: { $ref: "#/$defs/user" } } },
        mail: email,
      },
    },
    ["/user/mail", "/user/boss/mail", "/user/boss/boss/mail"],
  ],
  [
    "a reference to the whole",
    { properties: { user: { $ref: "#" }, boss: { $ref: "#" }, mail: email } },
    ["/user/mail", "/user/boss/mail", "/user/boss/boss/mail"],
  ],
];
for (const [promise, schema, found] of SCHEMAS) {
  test(`e-mail addresses of a schema: ${promise}`, () => {
    const places = sensitivePlaces({ schema, sensitive: [] });
    assert.deepEqual(inspect(data, { notPassword: [], places }).sensitive, found);
  });
}

const MARKED: readonly (readonly [pointer: string, found: readonly string[]])[] = [
  ["/user/name", ["/user/name"]],
  ["/user", ["/user"]],
  ["/list/*/mail", ["/list/*/mail"]],
  ["/list/0/mail", ["/list/*/mail"]],
  ["/list/1/mail", []],
  ["/pair/*", ["/pair/*"]],
  ["/map/*", []],
  ["/odd", []],
];
for (const [pointer, found] of MARKED) {
  test(`marked: ${pointer}`, () => {
    const places = sensitivePlaces({ schema: {}, sensitive: [pointer] });
    assert.deepEqual(inspect(data, { notPassword: [], places }).sensitive, found);
  });
}

test("a schema without anything sensitive leads nowhere, whatever it refers to", () => {
  const schema = {
    properties: { a: { $ref: "#" } },
    items: { $ref: "#" },
    allOf: [{ properties: { b: {} } }],
  };
  assert.equal(sensitivePlaces({ schema, sensitive: [] }), NOWHERE);
});
