import { type AsymmetricSigner, openSigner, SIGNING_SEED_BYTES } from "@trulinks/protocol";
import type { Dice } from "../base/dice.ts";
import { settingRow } from "./check.ts";
import type { SecretStore } from "./store.ts";
import type { Vault } from "./vault.ts";

const NAME = "signing-seed";

/**
 * The platform's own key pair for `v1a` signatures: made with the first start that signs so, sealed in the store, the
 * same for every process that shares it. It stays the same when the secret key is changed.
 */
export async function loadSigner(
  store: Pick<SecretStore, "keepFirst">,
  vault: Vault,
  dice: Pick<Dice, "bytes">,
): Promise<AsymmetricSigner> {
  const row = settingRow(NAME);
  const kept = await store.keepFirst(NAME, vault.seal(dice.bytes(SIGNING_SEED_BYTES), row));
  return openSigner(vault.open(kept, row));
}
