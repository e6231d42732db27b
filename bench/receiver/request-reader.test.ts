import assert from "node:assert/strict";
import { test } from "node:test";
import { createRequestReader } from "./request-reader.ts";

const body = '{"id":"evt_1","sequence":7,"user":"u","data":{"n":100000042,"fill":"x"}}';
const request = (header: string, path = "/123", content = body): string =>
  `POST ${path} HTTP/1.1\r\nhost: a\r\n${header}${content.length}\r\nwebhook-id: b\r\n\r\n${content}`;
const whole = { hook: 123, number: 100_000_042, sequence: 7 };
const long = `{"id":"${"e".repeat(5_000)}","n":5}`;

const cases: readonly (readonly [reason: string, text: string, expected: object | null])[] = [
  ["a request of undici's", request("content-length: "), whole],
  ["a request of Node's own", request("Content-Length: "), whole],
  ["a name in other letters", request("CONTENT-LENGTH:"), whole],
  ["the head is not whole", request("content-length: ").slice(0, 40), null],
  ["the body is not whole", request("content-length: ").slice(0, -1), null],
  ["no sequence", request("content-length: ", "/0", '{"n":1}'), { hook: 0, number: 1, sequence: 0 }],
  [
    "a body longer than a glance",
    request("content-length: ", "/9", long),
    { hook: 9, number: 0, sequence: 0 },
  ],
];

for (const [reason, text, expected] of cases) {
  test(`${reason}: what the log needs is read, and where it ends`, () => {
    const reader = createRequestReader();
    const before = Buffer.from("…");
    const bytes = Buffer.concat([before, Buffer.from(text), Buffer.from("POST")]).subarray(
      0,
      expected === null ? before.length + text.length : undefined,
    );
    const end = reader.read(bytes, before.length);
    assert.equal(end, expected === null ? -1 : before.length + text.length);
    const { hook, number, sequence } = reader;
    if (expected !== null) assert.deepEqual({ hook, number, sequence }, expected);
  });
}

test("a request without a length is refused, not guessed at", () => {
  const bytes = Buffer.from("POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n");
  assert.throws(() => createRequestReader().read(bytes, 0), /Content-Length only/);
});
