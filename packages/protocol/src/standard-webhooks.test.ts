/** Our signatures are judged by somebody else: the npm package `standardwebhooks`. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Webhook, WebhookVerificationError } from "standardwebhooks";
import { HEADERS } from "./headers.ts";
import { formatSecret, parseSecret, sign, verify } from "./signature.ts";

const oldSecret = formatSecret(Buffer.alloc(32, 1));
const newSecret = formatSecret(Buffer.alloc(64, 2));
const body = Buffer.from('{"type":"issue.opened","data":{"title":"Grüße 🌧"}}');

async function signedBy(...secrets: readonly string[]): Promise<Record<string, string>> {
  const timestampS = Math.floor(Date.now() / 1_000);
  const keys = secrets.map((secret) => parseSecret(secret) ?? assert.fail());
  return {
    [HEADERS.webhookId]: "dlv_01jd5k3v8mq4w2n6x0b7t9rzpa",
    [HEADERS.webhookTimestamp]: String(timestampS),
    [HEADERS.webhookSignature]: await sign(keys, { id: "dlv_01jd5k3v8mq4w2n6x0b7t9rzpa", timestampS, body }),
  };
}

test("what we sign, the package accepts", async () => {
  const payload = new Webhook(newSecret).verify(body, await signedBy(newSecret));
  assert.deepEqual(payload, JSON.parse(body.toString()));
});

test("during a rotation it accepts with the old secret and with the new one", async () => {
  const headers = await signedBy(newSecret, oldSecret);
  for (const secret of [newSecret, oldSecret]) new Webhook(secret).verify(body, headers);
});

test("it refuses each single changed byte of the body", async () => {
  const headers = await signedBy(newSecret);
  for (let at = 0; at < body.length; at++) {
    const changed = Buffer.from(body);
    // The lowest bit keeps the text valid UTF-8 for the package, which decodes it before it looks.
    changed[at] = (changed[at] ?? 0) ^ 1;
    assert.throws(
      () => new Webhook(newSecret).verify(changed, headers),
      WebhookVerificationError,
      `byte ${at}`,
    );
  }
});

test("it refuses another id, another time and another secret", async () => {
  const headers = await signedBy(newSecret);
  const later = String(Number(headers[HEADERS.webhookTimestamp]) + 1);
  const cases: readonly [string, Record<string, string>][] = [
    [newSecret, { ...headers, [HEADERS.webhookId]: "dlv_01jd5k3v8mq4w2n6x0b7t9rzpb" }],
    [newSecret, { ...headers, [HEADERS.webhookTimestamp]: later }],
    [oldSecret, headers],
  ];
  for (const [secret, changed] of cases) {
    assert.throws(() => new Webhook(secret).verify(body, changed), WebhookVerificationError);
  }
});

test("what the package signs, we accept", async () => {
  const now = new Date();
  const signature = new Webhook(newSecret).sign("msg_1", now, body);
  const received = { id: "msg_1", timestamp: String(Math.floor(now.getTime() / 1_000)), signature, body };
  const verification = await verify([parseSecret(newSecret) ?? assert.fail()], received, now.getTime());
  assert.deepEqual(verification, { kind: "valid" });
});
