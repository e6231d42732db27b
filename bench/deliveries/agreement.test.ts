import assert from "node:assert/strict";
import { test } from "node:test";
import { disagreements } from "./agreement.ts";

const told = (...sequences: readonly number[]) =>
  sequences.map((sequence) => ({ id: `dlv_${sequence}`, sequence, state: "delivered" }));
const waiting = { id: "dlv_3", sequence: 3, state: "waiting" };

const cases: readonly (readonly [
  reason: string,
  deliveries: ReturnType<typeof told>,
  seen: readonly number[],
  faults: readonly RegExp[],
])[] = [
  ["both tell the same", told(2, 1, 3), [1, 2, 3], []],
  ["nothing was sent", [], [], []],
  ["one still waits", [...told(1, 2), waiting], [1, 2], [/^dlv_3 is waiting$/]],
  ["one was never seen", told(1, 2), [1], [/^dlv_2 is delivered, and the receiver never saw it$/]],
  ["the store forgot the last", told(1), [1, 2], [/^the receiver saw 2 of hok_a/]],
  [
    "the store forgot one between",
    told(1, 3),
    [1, 2, 3],
    [/^the receiver saw 2 of hok_a/, /2 deliveries, numbered up to 3$/],
  ],
  ["the sequence has a hole", told(1, 3), [1, 3], [/^hok_a has 2 deliveries, numbered up to 3$/]],
  ["a number was given twice", told(1, 1), [1], [/^hok_a has 2 deliveries, numbered up to 1$/]],
];

for (const [reason, deliveries, seen, expected] of cases) {
  test(`store and receiver, ${reason}`, () => {
    const faults = disagreements("hok_a", deliveries, new Set(seen));
    assert.equal(faults.length, expected.length, faults.join("; "));
    for (const [index, pattern] of expected.entries()) assert.match(faults[index] ?? "", pattern);
  });
}
