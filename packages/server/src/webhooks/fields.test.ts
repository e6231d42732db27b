import assert from "node:assert/strict";
import { test } from "node:test";
import { blank, choose, leaveOut, MASKED_CHARACTERS_MAX, present } from "./fields.ts";

const data = {
  user: { email: "ada@example.com", name: "Ada", manager: null },
  items: [{ id: 1, email: "a" }, { id: 2 }, "three", { id: 4, email: null }],
  empty: [],
  "a/b": { "*": 1, "~": 2 },
};

type Case = readonly [promise: string, pointers: readonly string[], expected: unknown];

const CHOSEN: readonly Case[] = [
  ["nothing of nothing", [], {}],
  ["all of everything", [""], data],
  ["a member with all that is in it", ["/user"], { user: data.user }],
  [
    "a nested member, in the order of the data",
    ["/user/name", "/user/email"],
    { user: { email: "ada@example.com", name: "Ada" } },
  ],
  ["null is a value", ["/user/manager"], { user: { manager: null } }],
  ["a member within a chosen one adds nothing", ["/user/name", "/user"], { user: data.user }],
  ["what is not there leaves what would hold it", ["/user/age", "/age"], { user: {} }],
  ["a text holds nothing", ["/user/name/first"], { user: {} }],
  ["of every element", ["/items/*/id"], { items: [{ id: 1 }, { id: 2 }, null, { id: 4 }] }],
  ["of one element, in its place", ["/items/1/id"], { items: [null, { id: 2 }] }],
  [
    "of one element and of every one",
    ["/items/*/id", "/items/0"],
    { items: [{ id: 1, email: "a" }, { id: 2 }, null, { id: 4 }] },
  ],
  ["of no elements", ["/empty/*/id"], { empty: [] }],
  ["names with a slash, a star and a tilde", ["/a~1b/*", "/a~1b/~0"], { "a/b": { "*": 1, "~": 2 } }],
];
for (const [promise, pointers, expected] of CHOSEN) {
  test(`chosen: ${promise}`, () => assert.deepEqual(choose(data, pointers), expected));
}

const LEFT: readonly Case[] = [
  ["nothing", [], data],
  ["a member", ["/user", "/items", "/a~1b"], { empty: [] }],
  ["a nested member", ["/user/email", "/items", "/a~1b", "/empty"], { user: { name: "Ada", manager: null } }],
  ["what is not there", ["/age", "/user/age", "/items/9", "/user/name/0"], data],
  [
    "of every element",
    ["/user", "/items/*/email", "/a~1b"],
    { items: [{ id: 1 }, { id: 2 }, "three", { id: 4 }], empty: [] },
  ],
  [
    "one element, whose place stays",
    ["/user", "/items/0", "/a~1b"],
    { items: [null, { id: 2 }, "three", { id: 4, email: null }], empty: [] },
  ],
  ["the last element", ["/user", "/items/3", "/a~1b"], { items: data.items.slice(0, 3), empty: [] }],
  ["every element", ["/user", "/items/*", "/a~1b"], { items: [], empty: [] }],
];
for (const [promise, pointers, expected] of LEFT) {
  test(`left out: ${promise}`, () => assert.deepEqual(leaveOut(data, pointers), expected));
}

const PRESENT: readonly (readonly [
  promise: string,
  pointers: readonly string[],
  expected: readonly string[],
])[] = [
  ["what is there", ["/user/email"], ["/user/email"]],
  ["not what is null or missing", ["/user/manager", "/user/age", "/nobody/email"], []],
  ["with the indexes that a star stands for", ["/items/*/email"], ["/items/0/email"]],
  [
    "once, in the order of the data",
    ["/items/0/email", "/user/name", "/items/*/email", "/user/email"],
    ["/user/email", "/user/name", "/items/0/email"],
  ],
  ["not what is within another", ["/user/email", "/user"], ["/user"]],
  ["the whole", [""], [""]],
  ["names as they stand in pointers", ["/a~1b/*", "/a~1b/~0"], ["/a~1b/*", "/a~1b/~0"]],
];
for (const [promise, pointers, expected] of PRESENT) {
  test(`present: ${promise}`, () => assert.deepEqual(present(data, pointers), expected));
}

const phones = Array.from({ length: 900 }, () => ({ tel: "1" }));
const LONG: readonly (readonly [
  promise: string,
  characters: number,
  expected: readonly string[] | number,
])[] = [
  ["as many as may be told are told", 60, 900],
  ["of pointers that are too long together, what holds them is", 40_000, [`/${"x".repeat(40_000)}`]],
  ["of one that is too long alone, the whole", MASKED_CHARACTERS_MAX, [""]],
];
for (const [promise, characters, expected] of LONG) {
  test(`present: ${promise}`, () => {
    const name = "x".repeat(characters);
    const found = present({ [name]: phones, y: null }, [`/${name}/*/tel`, "/y"]);
    assert.deepEqual(typeof expected === "number" ? found.length : found, expected);
  });
}

test("what is made null keeps its place, and the data stays as it was", () => {
  const before = structuredClone(data);
  const blanked = blank(data, ["/user/email", "/items/0"]);
  assert.deepEqual(blanked, {
    ...data,
    user: { ...data.user, email: null },
    items: [null, ...data.items.slice(1)],
  });
  assert.deepEqual(data, before);
});

test("a member named __proto__ is one like any other", () => {
  const odd = JSON.parse('{"__proto__":{"email":"x","n":1},"n":2}');
  assert.equal(JSON.stringify(choose(odd, ["/__proto__/email"])), '{"__proto__":{"email":"x"}}');
  assert.equal(JSON.stringify(leaveOut(odd, ["/__proto__/email"])), '{"__proto__":{"n":1},"n":2}');
  assert.equal(JSON.stringify(blank(odd, ["/__proto__/email"])), '{"__proto__":{"email":null,"n":1},"n":2}');
});
