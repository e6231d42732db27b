/** What the vectors do not show; those run in `vectors.test.ts`. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { utf8 } from "./bytes.ts";
import { parseSecret, SECRET_BYTES_MAX, SECRET_BYTES_MIN, sign, verify } from "./signature.ts";

const NOW_S = 1_795_593_600;
const key = new Uint8Array(32).fill(7);

function received(signature: string, body: Uint8Array): Parameters<typeof verify>[1] {
  return { id: "dlv_1", timestamp: String(NOW_S), signature, body };
}

test("any body that was signed is valid, and no other", async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array(), fc.uint8Array(), async (body, other) => {
      const signature = await sign([key], { id: "dlv_1", timestampS: NOW_S, body });
      const isSame = Buffer.compare(body, other) === 0;
      assert.equal((await verify([key], received(signature, body), NOW_S * 1_000)).kind, "valid");
      const verification = await verify([key], received(signature, other), NOW_S * 1_000);
      assert.equal(verification.kind, isSame ? "valid" : "invalid");
    }),
  );
});

test("a header with more signatures than any sender makes is read up to a bound", async () => {
  const good = await sign([key], { id: "dlv_1", timestampS: NOW_S, body: utf8("{}") });
  const wrong = "v1,AAAA";
  const verdictAfter = async (count: number): Promise<string> => {
    const header = [...Array(count).fill(wrong), good].join(" ");
    return (await verify([key], received(header, utf8("{}")), NOW_S * 1_000)).kind;
  };
  assert.equal(await verdictAfter(15), "valid");
  assert.equal(await verdictAfter(16), "invalid");
});

test("a secret has 24 to 64 bytes", () => {
  const secretOf = (bytes: number): string => `whsec_${Buffer.alloc(bytes, 1).toString("base64")}`;
  for (const [bytes, isSecret] of [
    [SECRET_BYTES_MIN - 1, false],
    [SECRET_BYTES_MIN, true],
    [SECRET_BYTES_MAX, true],
    [SECRET_BYTES_MAX + 1, false],
  ] as const) {
    assert.equal(parseSecret(secretOf(bytes)) !== null, isSecret, `${bytes} bytes`);
  }
});
