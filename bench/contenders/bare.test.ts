import assert from "node:assert/strict";
import { test } from "node:test";
import { formOf } from "./bare.ts";

test("the bare sender has the platform's headers and body, but for what undici writes itself", () => {
  const sample =
    "POST /7 HTTP/1.1\r\nhost: a:1\r\nconnection: keep-alive\r\nContent-Type: application/json\r\n" +
    'webhook-signature: v1,a=: b\r\ncontent-length: 9\r\n\r\n{"n":123}';
  assert.deepEqual(formOf(sample), {
    headers: [
      ["Content-Type", "application/json"],
      ["webhook-signature", "v1,a=: b"],
    ],
    body: '{"n":123}',
  });
});
