/**
 * Signatures of webhooks: Standard Webhooks 1.0.0 (`v1`, HMAC-SHA256 over `id.timestamp.body`) and GitHub's
 * `X-Hub-Signature-256` (HMAC-SHA256 over the body alone).
 */
import { hmacSha256 } from "#hmac";
import { equalBytes, fromBase64, toBase64, toHex, utf8 } from "./bytes.ts";
import {
  openReceived,
  type ReceivedMessage,
  type SignedMessage,
  type Verification,
} from "./signed-message.ts";

/** Standard Webhooks 1.0.0: a secret is `whsec_` and the base64 of 24 to 64 random bytes. */
export const SECRET_PREFIX = "whsec_";
export const SECRET_BYTES_MIN = 24;
export const SECRET_BYTES_MAX = 64;

export function formatSecret(bytes: Uint8Array): string {
  return SECRET_PREFIX + toBase64(bytes);
}

/** The key in a `whsec_…` secret, or null if the text is not one or its key is not 24 to 64 bytes. */
export function parseSecret(secret: string): Uint8Array | null {
  if (!secret.startsWith(SECRET_PREFIX)) return null;
  const key = fromBase64(secret.slice(SECRET_PREFIX.length));
  if (key === null || key.length < SECRET_BYTES_MIN || key.length > SECRET_BYTES_MAX) return null;
  return key;
}

/** The value of `webhook-signature`: one `v1,…` per live key, separated by spaces. */
export async function sign(keys: readonly Uint8Array[], message: SignedMessage): Promise<string> {
  // The body goes in as it is: putting it together with what stands before it would copy it for every delivery.
  const before = `${message.id}.${message.timestampS}.`;
  const signatures: string[] = [];
  for (const key of keys) signatures.push(`v1,${toBase64(await hmacSha256(key, before, message.body))}`);
  return signatures.join(" ");
}

/** Checks a received webhook against the live keys of its sender, at `nowMs` of the receiver's clock. */
export async function verify(
  keys: readonly Uint8Array[],
  received: ReceivedMessage,
  nowMs: number,
): Promise<Verification> {
  const opened = openReceived("v1", received, nowMs);
  if (opened.kind === "invalid") return opened;
  let matches = false;
  for (const key of keys) {
    const expected = await hmacSha256(key, opened.signed);
    for (const candidate of opened.signatures) if (equalBytes(candidate, expected)) matches = true;
  }
  return matches ? { kind: "valid" } : { kind: "invalid", because: "signature-mismatch" };
}

/** The value of `X-Hub-Signature-256`; GitHub's secret is the string itself. */
export async function signGithub(secret: string, body: Uint8Array): Promise<string> {
  return `sha256=${toHex(await hmacSha256(utf8(secret), body))}`;
}
