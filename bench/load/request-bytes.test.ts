import assert from "node:assert/strict";
import { test } from "node:test";
import { createRequestBytes, NUMBER_FIRST, PAYLOAD_BYTES, userId } from "./request-bytes.ts";

const target = { port: 1, authorization: "Bearer k", users: 1_000 };

interface Event {
  readonly users: readonly string[];
  readonly data: { readonly n: number };
}

function eventsIn(bytes: Buffer): readonly Event[] {
  const [head = "", body = ""] = bytes.toString().split("\r\n\r\n");
  assert.equal(Number(/Content-Length: (\d+)/.exec(head)?.[1]), body.length);
  const parsed = JSON.parse(body);
  return parsed.events ?? [parsed];
}

for (const batch of [1, 3]) {
  test(`${batch} of a request: each event has its number, its user and 1 KiB of data, however often it is used`, () => {
    const request = createRequestBytes({ ...target, batch });
    for (const first of [NUMBER_FIRST + 998, NUMBER_FIRST + 123_456]) {
      request.begin(first);
      const events = eventsIn(request.bytes);
      assert.equal(events.length, batch);
      for (const [index, { users, data }] of events.entries()) {
        assert.equal(data.n, first + index);
        assert.deepEqual(users, [userId((first + index) % 1_000)]);
        assert.equal(JSON.stringify(data).length, PAYLOAD_BYTES);
      }
    }
  });
}
