import type { AsymmetricSigner } from "@trulinks/protocol";
import type { Dice } from "../base/dice.ts";
import type { Secret } from "../base/secret.ts";
import { findSecretKey } from "./check.ts";
import { loadMasterKey } from "./master-key.ts";
import { loadSigner } from "./signer.ts";
import type { SecretStore } from "./store.ts";
import { createVault, type Vault } from "./vault.ts";

/** The secret key as the configuration knows it; `pending` is what an interrupted `secrets rekey` left behind. */
export interface SecretKeySource {
  readonly key: Secret;
  readonly pending: Secret | null;
  /** Keeps the one that opens the store. */
  settle(which: "current" | "pending"): void;
}

export interface Secrets {
  readonly vault: Vault;
  readonly masterKey: Uint8Array;
  /** The platform's own signature; null: it makes none. */
  readonly signer: AsymmetricSigner | null;
}

/** Checks the key against the store, ends a rekey that was interrupted, and opens what all else is sealed with. */
export async function openSecrets(
  store: SecretStore,
  source: SecretKeySource,
  dice: Pick<Dice, "bytes">,
  hasSigner = false,
): Promise<Secrets> {
  const key = await settleSecretKey(store, source, dice);
  const deps = { store, vault: createVault(key, dice), dice };
  const signer = hasSigner ? await loadSigner(deps) : null;
  return { vault: deps.vault, masterKey: await loadMasterKey(deps), signer };
}

/** The key that opens the store, with the file that holds it brought in line. Throws `WrongSecretKey`. */
export async function settleSecretKey(
  store: Pick<SecretStore, "keepFirst">,
  source: SecretKeySource,
  dice: Pick<Dice, "bytes">,
): Promise<Uint8Array> {
  const current = bytesOf(source.key);
  const pending = source.pending === null ? [] : [bytesOf(source.pending)];
  const key = await findSecretKey(store, [current, ...pending], dice);
  source.settle(key === current ? "current" : "pending");
  return key;
}

function bytesOf(key: Secret): Uint8Array {
  return Buffer.from(key.reveal(), "base64");
}
