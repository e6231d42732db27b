/** The signatures that every language is held to. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { keyOf, verify } from "./receiver.ts";

const VECTORS = new URL("../../../packages/protocol/vectors/standard-webhooks.json", import.meta.url);
const vectors = JSON.parse(readFileSync(VECTORS, "utf8"));

describe("a message", () => {
  for (const { name, secrets, body, now, verdict, ...headers } of vectors.verify) {
    test(`${name}: ${verdict}`, () => {
      assert.equal(verify(secrets, { ...headers, body: Buffer.from(body) }, now), verdict);
    });
  }
});

describe("a secret", () => {
  for (const { secret, valid } of vectors.secrets) {
    test(`"${secret}" ${valid ? "is one" : "is none"}`, () => {
      if (valid) assert.ok(keyOf(secret).length >= 24);
      else assert.throws(() => keyOf(secret));
    });
  }
});
