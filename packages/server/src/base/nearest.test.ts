import assert from "node:assert/strict";
import { test } from "node:test";
import { editDistance, nearest, suggest } from "./nearest.ts";

for (const [source, target, distance] of [
  ["", "", 0],
  ["abc", "abc", 0],
  ["", "abc", 3],
  ["abc", "", 3],
  ["kitten", "sitting", 3],
  ["listen", "lisen", 1],
  ["ab", "ba", 2],
] as const) {
  test(`from "${source}" to "${target}" it takes ${distance} changes`, () => {
    assert.equal(editDistance(source, target), distance);
  });
}

const WORDS = ["public.listen", "provider.listen", "data", "policy"];

for (const [word, meant] of [
  ["public.lisen", "public.listen"],
  ["PUBLIC.LISTEN", "public.listen"],
  ["dta", "data"],
  ["polcy", "policy"],
  ["zzzzzz", null],
] as const) {
  test(`"${word}" was ${meant === null ? "none of the words" : `meant to be ${meant}`}`, () => {
    assert.equal(nearest(word, WORDS), meant);
  });
}

test("where no word is close, all of them are named", () => {
  assert.equal(suggest("zzzzzz", ["a", "b"]), "Known here: a, b.");
  assert.equal(suggest("polcy", WORDS), "Did you mean policy?");
});
