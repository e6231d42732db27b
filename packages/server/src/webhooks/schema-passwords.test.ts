import assert from "node:assert/strict";
import { test } from "node:test";
import type { JsonObject } from "./event-type.ts";
import { askedPasswords } from "./schema-passwords.ts";

const text = { type: "string" };
const login = { properties: { password: text } };

type Found = readonly (readonly [pointer: string, data: string])[];
const CASES: readonly (readonly [promise: string, schema: JsonObject, found: Found])[] = [
  ["none", { properties: { name: text, password_hint: text } }, []],
  ["a member", login, [["/properties/password", "/password"]]],
  [
    "a member without a type",
    { properties: { new_password: {} } },
    [["/properties/new_password", "/new_password"]],
  ],
  ["a number", { properties: { pwd: { type: ["null", "integer"] } } }, [["/properties/pwd", "/pwd"]]],
  ["required without being described", { required: ["id", "passwd"] }, [["/required", "/passwd"]]],
  ["a switch", { properties: { password: { type: "boolean" } }, required: ["password"] }, []],
  ["what may not be there", { properties: { password: false } }, []],
  ["what must not be there", { not: { required: ["password"] } }, []],
  ["a fixed value that is none", { properties: { password: { const: "" } } }, []],
  [
    "listed values, one of which is",
    { properties: { password: { enum: [null, "x"] } } },
    [["/properties/password", "/password"]],
  ],
  [
    "an object of that name, and what is in it",
    { properties: { password: { type: "object", ...login } } },
    [["/properties/password/properties/password", "/password/password"]],
  ],
  ["nested", { properties: { user: login } }, [["/properties/user/properties/password", "/user/password"]]],
  [
    "in arrays",
    { properties: { users: { items: login } } },
    [["/properties/users/items/properties/password", "/users/*/password"]],
  ],
  [
    "in a place of an array",
    { prefixItems: [{}, login] },
    [["/prefixItems/1/properties/password", "/*/password"]],
  ],
  [
    "under any name",
    { additionalProperties: login },
    [["/additionalProperties/properties/password", "/*/password"]],
  ],
  [
    "in alternatives and conditions",
    // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema.
    { anyOf: [{}, { then: login }] },
    [["/anyOf/1/then/properties/password", "/password"]],
  ],
  [
    "where a reference leads",
    { properties: { a: { $ref: "#/$defs/login" } }, $defs: { login } },
    [["/$defs/login/properties/password", "/a/password"]],
  ],
  ["a definition that nothing refers to", { $defs: { login } }, []],
  [
    "through references that lead back",
    { properties: { self: { $ref: "#" }, password: { $ref: "#/$defs/text" } }, $defs: { text } },
    [["/properties/password", "/password"]],
  ],
  [
    "a reference to what is no text",
    { properties: { password: { $ref: "#/$defs/flag" } }, $defs: { flag: { type: "boolean" } } },
    [],
  ],
  [
    "names as they stand in pointers",
    { properties: { "a/b": login } },
    [["/properties/a~1b/properties/password", "/a~1b/password"]],
  ],
];
for (const [promise, schema, found] of CASES) {
  test(`asked for: ${promise}`, () => {
    const expected = found.map(([pointer, data]) => ({ pointer, data }));
    assert.deepEqual(askedPasswords(schema, []), expected);
    assert.deepEqual(
      askedPasswords(
        schema,
        expected.map(({ data }) => data),
      ),
      [],
    );
  });
}

test("a definition in use at two places is exempt only at the one that is named", () => {
  const schema = {
    properties: { a: { $ref: "#/$defs/login" }, b: { $ref: "#/$defs/login" } },
    $defs: { login },
  };
  assert.deepEqual(
    askedPasswords(schema, ["/a/password"]).map(({ data }) => data),
    ["/b/password"],
  );
  assert.deepEqual(askedPasswords(schema, ["/*/password"]), []);
});

test("a schema that refers without end is looked at for a moment only", () => {
  const both = (name: string) => ({
    properties: { a: { $ref: name }, b: { $ref: name }, c: { $ref: name } },
  });
  const $defs = Object.fromEntries(
    Array.from({ length: 40 }, (_, n) => [`d${n}`, both(`#/$defs/d${n + 1}`)]),
  );
  assert.deepEqual(askedPasswords({ ...both("#/$defs/d0"), $defs: { ...$defs, d40: {} } }, []), []);
});
