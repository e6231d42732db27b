/** Whether a secret key is the one that this store is sealed with. */
import { utf8 } from "@trulinks/protocol";
import type { Dice } from "../base/dice.ts";
import { StartRefused } from "../base/start-refused.ts";
import type { SecretStore } from "./store.ts";
import { createVault, SealBroken } from "./vault.ts";

const NAME = "secret-key-check";
const KNOWN = utf8("This store is sealed with this key.");

export class WrongSecretKey extends StartRefused {
  constructor() {
    super(
      "The secret key is not the one that this store's secrets are sealed with. Give the key that it was made with: as " +
        "TRULINKS_SECRET_KEY, or as the file secret.key in the data folder (backups leave that file out).",
    );
    this.name = "WrongSecretKey";
  }
}

/** A store that is new takes the first key. Answers with the key that opens the store, or throws `WrongSecretKey`. */
export async function findSecretKey(
  store: Pick<SecretStore, "keepFirst">,
  candidates: readonly [Uint8Array, ...Uint8Array[]],
  dice: Pick<Dice, "bytes">,
): Promise<Uint8Array> {
  const row = settingRow(NAME);
  const kept = await store.keepFirst(NAME, createVault(candidates[0], dice).seal(KNOWN, row));
  for (const key of candidates) {
    try {
      createVault(key, dice).open(kept, row);
      return key;
    } catch (error) {
      if (!(error instanceof SealBroken)) throw error;
    }
  }
  throw new WrongSecretKey();
}

/** The name that binds what `keepFirst` keeps to its place. */
export function settingRow(name: string): string {
  return `setting:${name}`;
}
