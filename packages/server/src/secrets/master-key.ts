import { type KeptBytesDeps, keptBytes } from "./kept-bytes.ts";

const MASTER_KEY_BYTES = 32;

/**
 * The key from which the secrets of users are derived: made with the store, and never given out. It stays the same when
 * the secret key is changed, or every receiver would lose its secrets.
 */
export function loadMasterKey(deps: KeptBytesDeps): Promise<Uint8Array> {
  return keptBytes(deps, { name: "user-secret-master", bytes: MASTER_KEY_BYTES });
}
