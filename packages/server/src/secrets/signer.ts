import { type AsymmetricSigner, openSigner, SIGNING_SEED_BYTES } from "@trulinks/protocol";
import { type KeptBytesDeps, keptBytes } from "./kept-bytes.ts";

/**
 * The platform's own key pair for `v1a` signatures: made with the first start that signs so. It stays the same when the
 * secret key is changed.
 */
export async function loadSigner(deps: KeptBytesDeps): Promise<AsymmetricSigner> {
  return openSigner(await keptBytes(deps, { name: "signing-seed", bytes: SIGNING_SEED_BYTES }));
}
