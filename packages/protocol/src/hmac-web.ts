import { concat, utf8 } from "./bytes.ts";

/** HMAC-SHA256 (RFC 2104) over the parts of a message, texts as UTF-8, by Web Crypto, for runtimes without `node:crypto`. */
export async function hmacSha256(
  key: Uint8Array,
  ...message: readonly (string | Uint8Array)[]
): Promise<Uint8Array> {
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  const whole = concat(...message.map((part) => (typeof part === "string" ? utf8(part) : part)));
  const imported = await crypto.subtle.importKey("raw", new Uint8Array(key), algorithm, false, ["sign"]);
  return new Uint8Array(await crypto.subtle.sign("HMAC", imported, new Uint8Array(whole)));
}
