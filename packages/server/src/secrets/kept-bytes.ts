import type { Dice } from "../base/dice.ts";
import { settingRow } from "./check.ts";
import type { SecretStore } from "./store.ts";
import type { Vault } from "./vault.ts";

export interface KeptBytesDeps {
  readonly store: Pick<SecretStore, "keepFirst">;
  readonly vault: Vault;
  readonly dice: Pick<Dice, "bytes">;
}

/** Bytes that the first start to ask for them makes by chance: sealed in the store, the same for every process that shares it. */
export async function keptBytes(
  { store, vault, dice }: KeptBytesDeps,
  { name, bytes }: { readonly name: string; readonly bytes: number },
): Promise<Uint8Array> {
  const row = settingRow(name);
  return vault.open(await store.keepFirst(name, vault.seal(dice.bytes(bytes), row)), row);
}
