import assert from "node:assert/strict";
import { test } from "node:test";
import { JSON_CHARACTERS_MAX, readJsonValues } from "./json-values.ts";

/** The values as JSON again, each with its line; the text comes in pieces of `size` bytes. */
async function read(text: string | Uint8Array, size = 7): Promise<readonly string[]> {
  const bytes = Buffer.from(text);
  async function* chunks() {
    for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
  }
  const found: string[] = [];
  for await (const { value, line } of readJsonValues(chunks(), "f"))
    found.push(`${line} ${JSON.stringify(value)}`);
  return found;
}

const TEXTS: readonly (readonly [promise: string, text: string, values: readonly string[]])[] = [
  ["nothing", "", []],
  ["blank lines", "\n \n", []],
  ["one value", '{"a":1}', ['1 {"a":1}']],
  ["one value over several lines", '\n{\n "a": [1,\n 2]\n}\n', ['2 {"a":[1,2]}']],
  ["a list", '[{"a":1},{"b":2}]', ['1 {"a":1}', '1 {"b":2}']],
  ["a list over several lines", '[\n{"a":1},\n{"b":2}\n]\n', ['1 {"a":1}', '1 {"b":2}']],
  ["lines", '{"a":1}\n{"b":2}\n', ['1 {"a":1}', '2 {"b":2}']],
  [
    "lines with ends of another system, blank ones and no last end",
    '{"a":1}\r\n\r\n{"b":2}',
    ['1 {"a":1}', '3 {"b":2}'],
  ],
  ["letters of several bytes", '{"ä":"€😀"}', ['1 {"ä":"€😀"}']],
  [
    "numbers to the digit",
    '{"a":9007199254740993,"b":[1.50,1e2,-0]}',
    ['1 {"a":9007199254740993,"b":[1.50,1e2,-0]}'],
  ],
];
for (const [promise, text, values] of TEXTS) {
  test(`read: ${promise}`, async () => {
    for (const size of [1, 7, 1_000]) assert.deepEqual(await read(text, size), values);
  });
}

const FLAWED: readonly (readonly [promise: string, text: string | Uint8Array, message: RegExp])[] = [
  [
    "a broken line among good ones",
    '{"a":1}\n{"b":\n{"c":3}',
    /^f is neither JSON nor JSON Lines: see what begins in line 2\.$/,
  ],
  ["a broken text", '{\n "a": 1,\n "b": x\n}', /see what begins in line 1\.$/],
  ["a text that ends too early", '\n{\n "a": 1\n', /see what begins in line \d\.$/],
  ["what is not UTF-8", Buffer.from([0x7b, 0xff]), /^f is not UTF-8\.$/],
];
for (const [promise, text, message] of FLAWED) {
  test(`refused: ${promise}`, () => assert.rejects(read(text), { name: "CommandFailed", message }));
}

test("values that came before a broken line are given out", async () => {
  const found: unknown[] = [];
  const reading = async () => {
    for await (const { value } of readJsonValues(chunksOf('{"a":1}\nx\n'), "f")) found.push(value);
  };
  await assert.rejects(reading);
  assert.deepEqual(found, [{ a: 1 }]);
});

async function* chunksOf(text: string) {
  yield Buffer.from(text);
}

test("what is larger than may be is refused, in one line and in many", async () => {
  async function* endless(piece: string) {
    const chunk = Buffer.from(piece.repeat(1024));
    for (let n = 0; n * chunk.length <= JSON_CHARACTERS_MAX; n++) yield chunk;
  }
  const all = async (piece: string) => {
    for await (const _ of readJsonValues(endless(piece), "f")) assert.fail("nothing is whole");
  };
  await assert.rejects(all("[".repeat(1024)), /Put one event on each line/);
  await assert.rejects(all(`${"[".repeat(1024)}\n`), /Put one event on each line/);
});
