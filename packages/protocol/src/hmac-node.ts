import { createHmac } from "node:crypto";

/** HMAC-SHA256 (RFC 2104). Synchronous here: a worker pool would cost more than the 2 µs it takes. */
export function hmacSha256(key: Uint8Array, message: Uint8Array): Uint8Array {
  return createHmac("sha256", key).update(message).digest();
}
