import { createPrivateKey, createPublicKey, type KeyObject, sign, verify } from "node:crypto";

export interface Ed25519Signer {
  /** 32 bytes. */
  readonly publicKey: Uint8Array;
  /** 64 bytes (RFC 8032). */
  sign(message: Uint8Array): Uint8Array;
}

// What stands before the bytes themselves in DER (RFC 8410, section 7 and 4).
const PRIVATE_HEAD = Buffer.from("302e020100300506032b657004220420", "hex");
const PUBLIC_HEAD = Buffer.from("302a300506032b6570032100", "hex");

/** `seed`: 32 bytes. */
export function openEd25519(seed: Uint8Array): Ed25519Signer {
  const key = createPrivateKey({ key: Buffer.concat([PRIVATE_HEAD, seed]), format: "der", type: "pkcs8" });
  const publicKey = createPublicKey(key).export({ format: "der", type: "spki" }).subarray(PUBLIC_HEAD.length);
  return { publicKey, sign: (message) => sign(null, message, key) };
}

/** False for a public key that is none, too. */
export function verifyEd25519(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  const key = parse(publicKey);
  return key !== null && verify(null, message, key, signature);
}

function parse(publicKey: Uint8Array): KeyObject | null {
  try {
    return createPublicKey({ key: Buffer.concat([PUBLIC_HEAD, publicKey]), format: "der", type: "spki" });
  } catch {
    return null;
  }
}
