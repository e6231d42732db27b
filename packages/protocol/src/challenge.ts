/** Platforms that want proof that a hook's receiver knows its secret send a challenge in the ping's `data`. */
import { hmacSha256 } from "#hmac";
import { toBase64, utf8 } from "./bytes.ts";

/**
 * What the receiver answers as `{"challenge": …}` together with its 2xx: base64 of HMAC-SHA256 over the challenge's
 * text. `key`: the bytes in the hook's `whsec_…` secret, or those of GitHub's text itself.
 */
export async function answerChallenge(key: Uint8Array, challenge: string): Promise<string> {
  return toBase64(await hmacSha256(key, utf8(challenge)));
}
