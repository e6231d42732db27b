import assert from "node:assert/strict";
import { test } from "node:test";
import { MASKED_CHARACTERS_MAX, MASKED_MAX } from "./fields.ts";
import { EVENT_DEPTH_MAX, inspect, PASSWORDS_LISTED_MAX } from "./inspect.ts";
import { NOWHERE, sensitivePlaces } from "./sensitive-places.ts";

const nothing = { notPassword: [], places: NOWHERE };
const clean = { isTooDeep: false, passwords: [], sensitive: [] };

test("data of an ordinary event is clean", () => {
  const data = { issue: { title: "x", labels: [{ name: "bug" }, null, 1], user: { login: "ada" } }, n: 1.5 };
  assert.deepEqual(inspect(data, nothing), clean);
});

test("passwords are found at any depth, also in arrays, and are pointed at", () => {
  const data = { users: [{ name: "ada" }, { login: { "a/b~c": { password: "hunter2" } } }], pin_pwd: 1234 };
  assert.deepEqual(inspect(data, nothing).passwords, ["/users/1/login/a~1b~0c/password", "/pin_pwd"]);
});

for (const [name, value, found] of [
  ["an empty text", "", []],
  ["null", null, []],
  ["true", true, []],
  ["an object without one", { changed: true }, []],
  ["an object with one", { password: "x" }, ["/password/password"]],
  ["zero", 0, ["/password"]],
] as const) {
  test(`a key of a password with ${name} carries ${found.length === 0 ? "none" : "one"}`, () =>
    assert.deepEqual(inspect({ password: value }, nothing).passwords, found));
}

const EXEMPT: readonly (readonly [pointer: string, isExempt: boolean])[] = [
  ["/users/0/password", true],
  ["/users/*/password", true],
  ["/*/0/*", true],
  ["/users/1/password", false],
  ["/users/0", false],
  ["/password", false],
  ["/users/0/password/more", false],
];
for (const [pointer, isExempt] of EXEMPT) {
  test(`${pointer} ${isExempt ? "exempts" : "does not exempt"} /users/0/password`, () => {
    const { passwords } = inspect({ users: [{ password: "x" }] }, { ...nothing, notPassword: [pointer] });
    assert.deepEqual(passwords, isExempt ? [] : ["/users/0/password"]);
  });
}

test("of very many passwords only the first are listed", () => {
  const data = { all: Array.from({ length: 1_000 }, () => ({ password: "x" })) };
  assert.equal(inspect(data, nothing).passwords.length, PASSWORDS_LISTED_MAX);
});

const PHONES: readonly (readonly [promise: string, data: object, sensitive: readonly string[]])[] = [
  ["a text", { user: { phone: "+49 30 1234" } }, ["/user/phone"]],
  ["a number", { fax_no: 301234 }, ["/fax_no"]],
  ["in arrays, once for all elements", { users: [{ tel: "1" }, { tel: "2" }, {}] }, ["/users/*/tel"]],
  ["an object as a whole", { phone: { number: "1", kind: "home" } }, ["/phone"]],
  ["a list as a whole", { phones: ["1", "2"] }, ["/phones"]],
  ["not what is null, empty or a switch", { phone: null, tel: "", mobile: true }, []],
  ["names as they stand in pointers", { "a/b": { "*": { phone: "1" } } }, ["/a~1b/*/phone"]],
];
for (const [promise, data, sensitive] of PHONES) {
  test(`phone numbers are sensitive: ${promise}`, () =>
    assert.deepEqual(inspect(data, nothing), { ...clean, sensitive }));
}

test("a password within what is sensitive is found", () => {
  const { passwords, sensitive } = inspect({ phone: { password: "x" } }, nothing);
  assert.deepEqual([passwords, sensitive], [["/phone/password"], ["/phone"]]);
});

test("what the type calls sensitive is found where it is there", () => {
  const places = sensitivePlaces({
    schema: { properties: { user: { properties: { mail: { format: "email" } } } } },
    sensitive: ["/members/*/name", "/none", "/secret"],
  });
  const data = {
    user: { mail: "a@b.c", phone: "1" },
    members: [{ name: "Ada" }, { name: null }, 5],
    secret: null,
  };
  assert.deepEqual(inspect(data, { ...nothing, places }).sensitive, [
    "/user/mail",
    "/user/phone",
    "/members/*/name",
  ]);
});

test("of more sensitive values than may be told, what holds them is", () => {
  const phones = (count: number) =>
    Object.fromEntries(Array.from({ length: count }, (_, n) => [`phone_${n}`, "1"]));
  assert.equal(inspect({ a: phones(MASKED_MAX) }, nothing).sensitive.length, MASKED_MAX);
  assert.deepEqual(inspect({ a: phones(MASKED_MAX + 1) }, nothing).sensitive, ["/a"]);
});

test("of longer pointers than may be told, what holds them is, and it takes no time", () => {
  const phones = Array.from({ length: 10_000 }, (_, n) => ({ [`tel${n}`]: "1" }));
  const long = (characters: number) => ({ ["x".repeat(characters)]: { a: phones } });
  assert.deepEqual(inspect(long(40_000), nothing).sensitive, [`/${"x".repeat(40_000)}/a/*`]);
  assert.deepEqual(inspect(long(MASKED_CHARACTERS_MAX), nothing).sensitive, [""]);
});

test("of passwords behind very long names only some are listed", () => {
  const data = { ["x".repeat(100_000)]: Array.from({ length: 10 }, () => ({ pwd: "x" })) };
  assert.equal(inspect(data, nothing).passwords.length, 1);
});

function nested(depth: number): object {
  let value: object = {};
  for (let level = 1; level < depth; level++) value = level % 2 === 0 ? { value } : [value];
  return value;
}

for (const [depth, isTooDeep] of [
  [1, false],
  [EVENT_DEPTH_MAX, false],
  [EVENT_DEPTH_MAX + 1, true],
  [10_000, true],
] as const) {
  test(`data ${depth} levels deep is ${isTooDeep ? "too deep" : "fine"}`, () =>
    assert.equal(inspect(nested(depth), nothing).isTooDeep, isTooDeep));
}
