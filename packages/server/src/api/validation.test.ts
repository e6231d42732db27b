import assert from "node:assert/strict";
import { test } from "node:test";
import { fieldErrors, type SchemaError } from "./validation.ts";

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
