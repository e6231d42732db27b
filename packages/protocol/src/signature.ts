/**
 * Signatures of webhooks: Standard Webhooks 1.0.0 (`v1`, HMAC-SHA256 over `id.timestamp.body`) and GitHub's
 * `X-Hub-Signature-256` (HMAC-SHA256 over the body alone).
 */
import { hmacSha256 } from "#hmac";
import { concat, equalBytes, fromBase64, toBase64, toHex, utf8 } from "./bytes.ts";

/** Standard Webhooks 1.0.0: a secret is `whsec_` and the base64 of 24 to 64 random bytes. */
export const SECRET_PREFIX = "whsec_";
export const SECRET_BYTES_MIN = 24;
export const SECRET_BYTES_MAX = 64;

/** Standard Webhooks leaves the tolerance to the receiver; its libraries, like Stripe's, allow five minutes. */
export const TIMESTAMP_TOLERANCE_S = 300;

// More than one signature stands in the header while a secret rotates; no honest sender needs this many.
const SIGNATURES_MAX = 16;

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

export interface SignedMessage {
  /** `webhook-id`: the delivery's id, the same on every retry. */
  readonly id: string;
  /** `webhook-timestamp`: seconds since 1970 of this attempt. */
  readonly timestampS: number;
  /** The exact bytes of the body. */
  readonly body: Uint8Array;
}

/** The value of `webhook-signature`: one `v1,…` per live key, separated by spaces. */
export async function sign(keys: readonly Uint8Array[], message: SignedMessage): Promise<string> {
  const signed = signedBytes(message.id, String(message.timestampS), message.body);
  const signatures: string[] = [];
  for (const key of keys) signatures.push(`v1,${toBase64(await hmacSha256(key, signed))}`);
  return signatures.join(" ");
}

export type Verification =
  | { readonly kind: "valid" }
  | {
      readonly kind: "invalid";
      readonly because:
        | "header-missing"
        | "timestamp-malformed"
        | "timestamp-too-old"
        | "timestamp-too-new"
        | "signature-mismatch";
    };

export interface ReceivedMessage {
  readonly id: string | undefined;
  readonly timestamp: string | undefined;
  readonly signature: string | undefined;
  readonly body: Uint8Array;
}

/** Checks a received webhook against the live keys of its sender, at `nowMs` of the receiver's clock. */
export async function verify(
  keys: readonly Uint8Array[],
  received: ReceivedMessage,
  nowMs: number,
): Promise<Verification> {
  const { id, timestamp, signature, body } = received;
  if (!id || !timestamp || !signature) return { kind: "invalid", because: "header-missing" };
  if (!/^[0-9]{1,12}$/.test(timestamp)) return { kind: "invalid", because: "timestamp-malformed" };
  const ageS = Math.floor(nowMs / 1000) - Number(timestamp);
  if (ageS > TIMESTAMP_TOLERANCE_S) return { kind: "invalid", because: "timestamp-too-old" };
  if (ageS < -TIMESTAMP_TOLERANCE_S) return { kind: "invalid", because: "timestamp-too-new" };

  const given = givenSignatures(signature);
  const signed = signedBytes(id, timestamp, body);
  let matches = false;
  for (const key of keys) {
    const expected = await hmacSha256(key, signed);
    for (const candidate of given) if (equalBytes(candidate, expected)) matches = true;
  }
  return matches ? { kind: "valid" } : { kind: "invalid", because: "signature-mismatch" };
}

/** The value of `X-Hub-Signature-256`; GitHub's secret is the string itself. */
export async function signGithub(secret: string, body: Uint8Array): Promise<string> {
  return `sha256=${toHex(await hmacSha256(utf8(secret), body))}`;
}

function signedBytes(id: string, timestamp: string, body: Uint8Array): Uint8Array {
  return concat(utf8(`${id}.${timestamp}.`), body);
}

function givenSignatures(header: string): readonly Uint8Array[] {
  const parts = header.split(" ", SIGNATURES_MAX).filter((part) => part.startsWith("v1,"));
  return parts.map((part) => fromBase64(part.slice("v1,".length))).filter((bytes) => bytes !== null);
}
