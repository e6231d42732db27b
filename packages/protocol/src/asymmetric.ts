/**
 * The asymmetric signature of Standard Webhooks 1.0.0 (`v1a`, ed25519 over `id.timestamp.body`): whoever knows the
 * platform's public key can check it, and nobody but the platform can make it.
 */
import { openEd25519, verifyEd25519 } from "#ed25519";
import { fromBase64, toBase64 } from "./bytes.ts";
import {
  openReceived,
  type ReceivedMessage,
  type SignedMessage,
  signedBytes,
  type Verification,
} from "./signed-message.ts";

/** A public key is `whpk_` and the base64 of its 32 bytes. */
export const PUBLIC_KEY_PREFIX = "whpk_";
export const PUBLIC_KEY_BYTES = 32;
/** What a key pair is made from. */
export const SIGNING_SEED_BYTES = 32;

export interface AsymmetricSigner {
  /** `whpk_…` */
  readonly publicKey: string;
  /** `v1a,…`: what stands in `webhook-signature` beside the signatures by secrets. */
  sign(message: SignedMessage): Promise<string>;
}

/** `seed`: 32 bytes of chance that nobody else knows. */
export async function openSigner(seed: Uint8Array): Promise<AsymmetricSigner> {
  const signer = await openEd25519(seed);
  return {
    publicKey: formatPublicKey(signer.publicKey),
    sign: async (message) => `v1a,${toBase64(await signer.sign(signedBytes(message)))}`,
  };
}

export function formatPublicKey(bytes: Uint8Array): string {
  return PUBLIC_KEY_PREFIX + toBase64(bytes);
}

/** The key in a `whpk_…` text, or null if it is none. */
export function parsePublicKey(text: string): Uint8Array | null {
  if (!text.startsWith(PUBLIC_KEY_PREFIX)) return null;
  const key = fromBase64(text.slice(PUBLIC_KEY_PREFIX.length));
  return key?.length === PUBLIC_KEY_BYTES ? key : null;
}

/** Checks a received webhook against the public keys of its sender, at `nowMs` of the receiver's clock. */
export async function verifyAsymmetric(
  publicKeys: readonly Uint8Array[],
  received: ReceivedMessage,
  nowMs: number,
): Promise<Verification> {
  const opened = openReceived("v1a", received, nowMs);
  if (opened.kind === "invalid") return opened;
  for (const key of publicKeys) {
    for (const signature of opened.signatures) {
      if (await verifyEd25519(key, opened.signed, signature)) return { kind: "valid" };
    }
  }
  return { kind: "invalid", because: "signature-mismatch" };
}
