/**
 * The texts that callers show: tokens and client secrets. Each has 160 bits of chance behind a prefix that people
 * and secret scanners recognise; only its SHA-256 is stored.
 */
import { createHash } from "node:crypto";
import { toHex } from "@trulinks/protocol";
import type { Dice } from "../base/dice.ts";
import { Secret } from "../base/secret.ts";

export const CREDENTIAL_PREFIXES = {
  /** A personal token. */
  user: "tlu_",
  /** A token of a grant. */
  grant: "tlg_",
  /** An app's client secret. */
  client: "tlc_",
} as const;

const SECRET_BYTES = 20;
const CLIENT_ID_BYTES = 10;

export interface MadeCredential {
  readonly text: Secret;
  readonly hash: Uint8Array;
}

export function makeCredential(
  kind: keyof typeof CREDENTIAL_PREFIXES,
  dice: Pick<Dice, "bytes">,
): MadeCredential {
  const text = CREDENTIAL_PREFIXES[kind] + toHex(dice.bytes(SECRET_BYTES));
  return { text: new Secret(text), hash: hashCredential(text) };
}

/** A client id names an app to the world and is no secret. */
export function makeClientId(dice: Pick<Dice, "bytes">): string {
  return `client_${toHex(dice.bytes(CLIENT_ID_BYTES))}`;
}

export function hashCredential(text: string): Uint8Array {
  return createHash("sha256").update(text).digest();
}
