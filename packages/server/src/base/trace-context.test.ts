import assert from "node:assert/strict";
import { test } from "node:test";
import { readTrace, TRACESTATE_CHARACTERS_MAX, traceHeaders } from "./trace-context.ts";

const ID = "4bf92f3577b34da6a3ce929d0e0e4736";
const SPAN = "00f067aa0ba902b7";
const GOOD = `00-${ID}-${SPAN}-01`;

for (const [why, traceparent, read] of [
  ["one that is sampled", GOOD, GOOD],
  ["one that is not", `00-${ID}-${SPAN}-00`, `00-${ID}-${SPAN}-00`],
  ["one of chance as level 2 has it", `00-${ID}-${SPAN}-03`, `00-${ID}-${SPAN}-03`],
  ["flags that nobody knows are not passed on", `00-${ID}-${SPAN}-ff`, `00-${ID}-${SPAN}-03`],
  ["space around it", ` ${GOOD} `, GOOD],
  ["a later version", `01-${ID}-${SPAN}-01`, GOOD],
  ["a later version with more to it", `cc-${ID}-${SPAN}-01-what-the-future-will-be-like`, GOOD],
  ["a later version with more that is not set off", `cc-${ID}-${SPAN}-01.what`, null],
  ["the version that there never is", `ff-${ID}-${SPAN}-01`, null],
  ["version 00 with more to it", `${GOOD}-extra`, null],
  ["none", undefined, null],
  ["an empty one", "", null],
  ["words", "yes please", null],
  ["capitals", GOOD.toUpperCase(), null],
  ["a trace of zeros", `00-${"0".repeat(32)}-${SPAN}-01`, null],
  ["a parent of zeros", `00-${ID}-${"0".repeat(16)}-01`, null],
  ["an id too short", `00-${ID.slice(1)}-${SPAN}-01`, null],
  ["an id too long", `00-${ID}0-${SPAN}-01`, null],
  ["no flags", `00-${ID}-${SPAN}`, null],
  ["two in one header", `${GOOD}, ${GOOD}`, null],
  ["two headers", [GOOD, GOOD], null],
  ["a second line", `${GOOD}\n${GOOD}`, null],
] as const) {
  test(`traceparent: ${why} ${read === null ? "is ignored" : "is read"}`, () => {
    assert.equal(readTrace({ traceparent }), read);
    assert.equal(readTrace({ traceparent, tracestate: "a=1" }), read === null ? null : `${read} a=1`);
  });
}

const members = (count: number): string => Array.from({ length: count }, (_, n) => `k${n}=v`).join(",");
const ofLength = (characters: number): string => {
  const filler = `b=${"x".repeat(254)}`;
  return `a=${"x".repeat(characters - filler.length - 3)},${filler}`;
};

for (const [why, tracestate, read] of [
  ["one member", "rojo=00f067aa0ba902b7", "rojo=00f067aa0ba902b7"],
  ["members of several tenants", "t61rcWkgMzE@v=1,congo=t61", null],
  ["a tenant", "fw529a3039@dt=FfAAAA,congo=t61", "fw529a3039@dt=FfAAAA,congo=t61"],
  ["space and empty members", " a=1 , ,b=2\t,", "a=1,b=2"],
  ["space within a value", "a=1 2,b=3", "a=1 2,b=3"],
  ["several headers", ["a=1", "b=2"], "a=1,b=2"],
  ["32 members", members(32), members(32)],
  ["33 members", members(33), null],
  ["as long as may be", ofLength(TRACESTATE_CHARACTERS_MAX), ofLength(TRACESTATE_CHARACTERS_MAX)],
  ["one longer", ofLength(TRACESTATE_CHARACTERS_MAX + 1), null],
  ["very long", members(10_000), null],
  ["a key twice", "a=1,a=2", null],
  ["no value", "a=", null],
  ["no key", "=1", null],
  ["no member at all", "abc", null],
  ["two equals signs", "a=1=2", null],
  ["other letters", "a=é", null],
  ["a line break", "a=1\r\nx-injected: 1", null],
] as const) {
  test(`tracestate: ${why} ${read === null ? "is left out as a whole" : "is read"}`, () => {
    assert.equal(readTrace({ traceparent: GOOD, tracestate }), read === null ? GOOD : `${GOOD} ${read}`);
  });
}

test("what was read is passed on as it was, and nothing where nothing was", () => {
  const headers = { traceparent: GOOD, tracestate: "a=1 2,b=3" };
  assert.deepEqual(Object.fromEntries(traceHeaders(readTrace(headers))), headers);
  assert.deepEqual(traceHeaders(GOOD), [["traceparent", GOOD]]);
  assert.deepEqual(traceHeaders(null), []);
});
