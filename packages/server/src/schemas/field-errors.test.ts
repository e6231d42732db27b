import assert from "node:assert/strict";
import { test } from "node:test";
import { fieldErrors, type SchemaError } from "./field-errors.ts";

const cases: readonly (readonly [string, SchemaError, string, object])[] = [
  [
    "a missing member is pointed at where it should be",
    { keyword: "required", instancePath: "/hook", params: { missingProperty: "url" } },
    "body",
    { field: "url", code: "missing_field", message: "url is required.", pointer: "/hook/url" },
  ],
  [
    "a member too many is pointed at, escaped",
    { keyword: "additionalProperties", instancePath: "", params: { additionalProperty: "a/b~c" } },
    "body",
    { field: "a/b~c", code: "unknown", message: "a/b~c is not known here.", pointer: "/a~1b~0c" },
  ],
  [
    "a wrong choice is told the right ones",
    { keyword: "enum", instancePath: "/state", params: { allowedValues: ["active", "paused"] } },
    "body",
    { field: "state", code: "invalid", message: "state must be one of: active, paused.", pointer: "/state" },
  ],
  [
    "a wrong form is told in words, not as a pattern",
    {
      keyword: "pattern",
      instancePath: "/id",
      params: { pattern: "^[a-z]$" },
      parentSchema: { description: "a letter" },
    },
    "params",
    { field: "id", code: "invalid", message: "id must be a letter.", pointer: "#/path/id" },
  ],
  [
    "a wrong type is told in the validator's words",
    { keyword: "type", instancePath: "/limit", params: {}, message: "must be integer" },
    "querystring",
    { field: "limit", code: "invalid", message: "limit must be integer.", pointer: "#/query/limit" },
  ],
  [
    "of several types each is told",
    { keyword: "type", instancePath: "/filter", params: {}, message: "must be object,null" },
    "body",
    { field: "filter", code: "invalid", message: "filter must be object or null.", pointer: "/filter" },
  ],
  [
    "a name that cannot be is pointed at, and what it should be is told",
    {
      keyword: "propertyNames",
      instancePath: "/filter",
      params: { propertyName: "a/b" },
      parentSchema: { propertyNames: { description: "a JSON pointer" } },
    },
    "body",
    {
      field: "a/b",
      code: "invalid",
      message: "A name here must be a JSON pointer.",
      pointer: "/filter/a~1b",
    },
  ],
  [
    "the body itself may be wrong",
    { keyword: "type", instancePath: "", params: {}, message: "must be object" },
    "body",
    { field: "", code: "invalid", message: "The value must be object.", pointer: "" },
  ],
];

for (const [name, error, part, expected] of cases) {
  test(name, () => {
    assert.deepEqual(fieldErrors([error], part, "Hook"), [{ resource: "Hook", ...expected }]);
  });
}

test("what is wrong with a name is told once", () => {
  const params = { propertyName: "x" };
  const errors: readonly SchemaError[] = [
    { keyword: "pattern", instancePath: "/filter", params: { pattern: "^/" }, propertyName: "x" },
    { keyword: "propertyNames", instancePath: "/filter", params },
  ];
  assert.equal(fieldErrors(errors, "body", "Hook").length, 1);
});
