import { createHmac } from "node:crypto";

/** HMAC-SHA256 (RFC 2104) over the parts of a message, texts as UTF-8. Synchronous here: a worker pool would cost more than the 2 µs it takes. */
export function hmacSha256(key: Uint8Array, ...message: readonly (string | Uint8Array)[]): Uint8Array {
  const hmac = createHmac("sha256", key);
  for (const part of message) hmac.update(part);
  return hmac.digest();
}
