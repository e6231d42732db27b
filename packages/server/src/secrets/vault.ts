/**
 * Encryption of secrets at rest: AES-256-GCM (NIST SP 800-38D), authenticated and bound to the row it lies in, so
 * that a sealed secret copied to another row does not open there.
 */
import { createCipheriv, createDecipheriv } from "node:crypto";
import { toBase64 } from "@trulinks/protocol";
import type { Dice } from "../base/dice.ts";

export const SECRET_KEY_BYTES = 32;

const FORMAT = 1;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

export interface Vault {
  /** `row` names where the result will lie, such as `hook:hok_…`. */
  seal(plain: Uint8Array, row: string): Uint8Array;
  /** Throws `SealBroken` if the key, the row or a byte is another than when it was sealed. */
  open(sealed: Uint8Array, row: string): Uint8Array;
}

export class SealBroken extends Error {
  constructor(row: string) {
    super(
      `What is sealed at ${row} does not open: it was sealed with another key, for another row, or is damaged.`,
    );
    this.name = "SealBroken";
  }
}

/** `key`: 32 bytes. */
export function createVault(key: Uint8Array, dice: Pick<Dice, "bytes">): Vault {
  return {
    seal(plain, row) {
      const nonce = dice.bytes(NONCE_BYTES);
      const cipher = createCipheriv("aes-256-gcm", key, nonce).setAAD(Buffer.from(row));
      const body = Buffer.concat([cipher.update(plain), cipher.final()]);
      return Buffer.concat([Uint8Array.of(FORMAT), nonce, body, cipher.getAuthTag()]);
    },
    open(sealed, row) {
      if (sealed[0] !== FORMAT || sealed.length < 1 + NONCE_BYTES + TAG_BYTES) throw new SealBroken(row);
      const nonce = sealed.subarray(1, 1 + NONCE_BYTES);
      const body = sealed.subarray(1 + NONCE_BYTES, sealed.length - TAG_BYTES);
      const decipher = createDecipheriv("aes-256-gcm", key, nonce).setAAD(Buffer.from(row));
      decipher.setAuthTag(sealed.subarray(sealed.length - TAG_BYTES));
      try {
        return Buffer.concat([decipher.update(body), decipher.final()]);
      } catch {
        throw new SealBroken(row);
      }
    },
  };
}

// Some 200 bytes each.
const REMEMBERED_MAX = 20_000;

/**
 * The same vault, which remembers what it has opened: opening cost 5 µs when measured, and every delivery asks for its hook's
 * secret. What is remembered is bounded, and forgotten all at once when it is too much; but the same object opens to the
 * same as long as it is there, and at once, without its bytes being looked at.
 */
export function remembering(vault: Vault, countMax = REMEMBERED_MAX): Vault {
  const byName = new Map<string, Uint8Array>();
  const byObject = new WeakMap<Uint8Array, { readonly row: string; readonly plain: Uint8Array }>();

  function openNamed(sealed: Uint8Array, row: string): Uint8Array {
    const name = `${row} ${toBase64(sealed)}`;
    const known = byName.get(name);
    if (known !== undefined) return known;
    const plain = vault.open(sealed, row);
    if (byName.size >= countMax) byName.clear();
    byName.set(name, plain);
    return plain;
  }

  return {
    seal: vault.seal,
    open(sealed, row) {
      const known = byObject.get(sealed);
      if (known?.row === row) return known.plain;
      const plain = openNamed(sealed, row);
      byObject.set(sealed, { row, plain });
      return plain;
    },
  };
}
