import type { Dice } from "../base/dice.ts";
import { settingRow } from "./check.ts";
import type { SecretStore } from "./store.ts";
import type { Vault } from "./vault.ts";

const NAME = "user-secret-master";
const MASTER_KEY_BYTES = 32;

/**
 * The key from which the secrets of users are derived: made with the store, sealed in it, and never given out.
 * It stays the same when the secret key is changed, or every receiver would lose its secrets.
 */
export async function loadMasterKey(
  store: Pick<SecretStore, "keepFirst">,
  vault: Vault,
  dice: Pick<Dice, "bytes">,
): Promise<Uint8Array> {
  const row = settingRow(NAME);
  const kept = await store.keepFirst(NAME, vault.seal(dice.bytes(MASTER_KEY_BYTES), row));
  return vault.open(kept, row);
}
