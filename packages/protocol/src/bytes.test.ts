import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { concat, equalBytes, fromBase64, toBase64, toHex, utf8 } from "./bytes.ts";

test("base64 and hex are those of everybody else", () => {
  fc.assert(
    fc.property(fc.uint8Array(), (bytes) => {
      assert.equal(toBase64(bytes), Buffer.from(bytes).toString("base64"));
      assert.equal(toHex(bytes), Buffer.from(bytes).toString("hex"));
      assert.deepEqual(fromBase64(toBase64(bytes)), bytes);
    }),
  );
});

test("base64 may come without padding", () => {
  assert.deepEqual(fromBase64("AQI"), Uint8Array.of(1, 2));
});

test("what is no base64 is null", () => {
  for (const text of ["A", "AQI*", "AQ-_", "=AQI", "Grüße"]) assert.equal(fromBase64(text), null, text);
});

test("bytes are equal if all are, and their number", () => {
  fc.assert(
    fc.property(fc.uint8Array(), fc.uint8Array(), (left, right) => {
      assert.equal(equalBytes(left, right), Buffer.compare(left, right) === 0);
      assert.equal(equalBytes(left, left.slice()), true);
    }),
  );
});

test("parts are put together in order", () => {
  assert.deepEqual(concat(utf8("a"), utf8(""), utf8("ä")), utf8("aä"));
});
