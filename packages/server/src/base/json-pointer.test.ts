import assert from "node:assert/strict";
import { test } from "node:test";
import { JSON_POINTER_PATTERN, pointerOf, segmentsOf } from "./json-pointer.ts";

const POINTERS: readonly (readonly [pointer: string, segments: readonly string[]])[] = [
  ["", []],
  ["/", [""]],
  ["/user/email", ["user", "email"]],
  ["/a~1b/c~0d/~01", ["a/b", "c~d", "~1"]],
  ["/items/*/0/", ["items", "*", "0", ""]],
];
for (const [pointer, segments] of POINTERS) {
  test(`"${pointer}" is a pointer, and its names make it again`, () => {
    assert.match(pointer, new RegExp(JSON_POINTER_PATTERN, "u"));
    assert.deepEqual(segmentsOf(pointer), segments);
    assert.equal(pointerOf(segments), pointer);
  });
}

for (const text of ["user", "user/email", "/~", "/~2", "#/user", "/a\u0000", "/\ud800"]) {
  test(`${JSON.stringify(text)} is none`, () =>
    assert.doesNotMatch(text, new RegExp(JSON_POINTER_PATTERN, "u")));
}
