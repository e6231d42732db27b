import assert from "node:assert/strict";
import { test } from "node:test";
import { type FilterCondition, holds } from "./filter.ts";

const data = {
  state: "open",
  count: 3,
  draft: false,
  milestone: null,
  user: { login: "ada", "a/b": 1 },
  labels: [{ name: "bug" }, { name: "api" }],
  "*": "star",
};

const CASES: readonly (readonly [promise: string, filter: readonly FilterCondition[], holds: boolean])[] = [
  ["no condition always holds", [], true],
  ["a text that is the same", [{ pointer: "/state", in: ["open"] }], true],
  ["one of several", [{ pointer: "/state", in: ["closed", "open"] }], true],
  ["none of several", [{ pointer: "/state", in: ["closed", "Open"] }], false],
  ["nothing is one of none", [{ pointer: "/state", in: [] }], false],
  ["a nested member", [{ pointer: "/user/login", in: ["ada"] }], true],
  ["a name with a slash", [{ pointer: "/user/a~1b", in: [1] }], true],
  ["numbers are compared as numbers", [{ pointer: "/count", in: [JSON.parse("3.0")] }], true],
  ["a number is no text", [{ pointer: "/count", in: ["3"] }], false],
  ["false", [{ pointer: "/draft", in: [false] }], true],
  ["false is not null", [{ pointer: "/draft", in: [null, 0, ""] }], false],
  ["null that is there", [{ pointer: "/milestone", in: [null] }], true],
  ["what is not there equals nothing, not even null", [{ pointer: "/assignee", in: [null, ""] }], false],
  ["nothing is below a text", [{ pointer: "/state/0", in: ["o"] }], false],
  ["an object equals nothing", [{ pointer: "/user", in: [null, "ada"] }], false],
  ["what every object has is not there", [{ pointer: "/user/constructor/name", in: ["Object"] }], false],
  ["an element of an array", [{ pointer: "/labels/1/name", in: ["api"] }], true],
  ["the length of an array is not there", [{ pointer: "/labels/length", in: [2] }], false],
  ["any element of an array", [{ pointer: "/labels/*/name", in: ["api"] }], true],
  ["no element of an array", [{ pointer: "/labels/*/name", in: ["docs"] }], false],
  ["a star in an object is a name", [{ pointer: "/*", in: ["star"] }], true],
  ["and no more than that", [{ pointer: "/user/*", in: ["ada"] }], false],
  [
    "all conditions must hold",
    [
      { pointer: "/state", in: ["open"] },
      { pointer: "/count", in: [4] },
    ],
    false,
  ],
];
for (const [promise, filter, expected] of CASES) {
  test(promise, () => assert.equal(holds(filter, data), expected));
}
