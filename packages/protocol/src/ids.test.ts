import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { GIVEN_ID_PATTERN, ID_CHANCE_BYTES, ID_PREFIXES, isGivenId, makeId } from "./ids.ts";

const chance = fc.uint8Array({ minLength: ID_CHANCE_BYTES, maxLength: ID_CHANCE_BYTES });
const timeMs = fc.integer({ min: 0, max: 2 ** 48 - 2 });

test("ids sort by the time they were made, whatever their chance", () => {
  fc.assert(
    fc.property(
      timeMs,
      fc.integer({ min: 1, max: 1_000_000 }),
      chance,
      chance,
      (atMs, laterMs, one, other) => {
        const after = Math.min(atMs + laterMs, 2 ** 48 - 1);
        assert.ok(makeId("event", atMs, one) < makeId("event", after, other));
      },
    ),
  );
});

test("ids made in one millisecond differ by their chance", () => {
  const ids = Array.from({ length: 32 }, (_, digit) => {
    return makeId("event", 1, new Uint8Array(ID_CHANCE_BYTES).fill(digit));
  });
  assert.equal(new Set(ids).size, ids.length);
});

test("a made id is one that a caller may give, so that it can be given back", () => {
  fc.assert(
    fc.property(fc.constantFrom(...Object.keys(ID_PREFIXES)), timeMs, chance, (kind, atMs, bytes) => {
      assert.ok(isGivenId(makeId(kind as keyof typeof ID_PREFIXES, atMs, bytes)));
    }),
  );
});

test("no two kinds share a prefix", () => {
  const prefixes = Object.values(ID_PREFIXES);
  assert.equal(new Set(prefixes).size, prefixes.length);
  for (const prefix of prefixes) assert.match(prefix, /^[a-z]{3}_$/);
});

test("the pattern for JSON Schema and the function say the same", () => {
  const form = new RegExp(GIVEN_ID_PATTERN, "u");
  fc.assert(fc.property(fc.string(), (text) => form.test(text) === isGivenId(text)));
});
