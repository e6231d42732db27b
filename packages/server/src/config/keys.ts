/** The three keys of the platform: from the options, else from the data folder, else made there. */
import { join } from "node:path";
import { toBase64 } from "@trulinks/protocol";
import type { Dice } from "../base/dice.ts";
import { Secret } from "../base/secret.ts";
import { moveKeyFile, readKeyFile, removeKeyFile, writeKeyFile } from "./key-file.ts";
import { type Kind, keySecret, visibleSecret } from "./kinds.ts";
import type { Options } from "./options.ts";

export interface Key {
  readonly key: Secret;
  /** The file that holds it; null if an option gave it. */
  readonly path: string | null;
  /** True at the start that made it. */
  readonly made: boolean;
}

/** The key that encrypts secrets at rest, and one that an interrupted `secrets rekey` may have left beside it. */
export interface SecretKey extends Key {
  readonly pending: Secret | null;
  /** Keeps the one that opens the store, and removes the other. */
  settle(which: "current" | "pending"): void;
}

export interface Keys {
  readonly operator: Key;
  readonly secret: SecretKey;
  readonly identity: Key;
}

const OPERATOR_KEY_BYTES = 24;
const KEY_BYTES = 32;

export interface KeySources {
  readonly options: Pick<Options, "operator_key" | "secret_key" | "identity_key">;
  /** Must be held by this process: two that start at once would each make a key. */
  readonly folder: string;
  readonly dice: Pick<Dice, "bytes">;
}

export function loadKeys({ options, folder, dice }: KeySources): Keys {
  const makeKey = () => makeSecretKey(dice);
  // Base64url has no character that a shell or a header would mind.
  const makeOperatorKey = () => new Secret(Buffer.from(dice.bytes(OPERATOR_KEY_BYTES)).toString("base64url"));
  return {
    operator: load(options.operator_key, join(folder, "operator.key"), visibleSecret, makeOperatorKey),
    secret: loadSecretKey(options.secret_key, folder, dice),
    identity: load(options.identity_key, join(folder, "identity.key"), keySecret, makeKey),
  };
}

export function loadSecretKey(given: Secret | null, folder: string, dice: Pick<Dice, "bytes">): SecretKey {
  const path = join(folder, "secret.key");
  const pendingPath = pendingKeyPath(folder);
  const key = load(given, path, keySecret, () => makeSecretKey(dice));
  const pending = key.path === null ? null : readKeyFile(pendingPath, keySecret);
  return {
    ...key,
    pending,
    settle(which) {
      if (pending === null) return;
      if (which === "pending") moveKeyFile(pendingPath, path);
      else removeKeyFile(pendingPath);
    },
  };
}

/** Where `secrets rekey` keeps the new key until the store is sealed with it. */
export function pendingKeyPath(folder: string): string {
  return join(folder, "secret.key.pending");
}

export function makeSecretKey(dice: Pick<Dice, "bytes">): Secret {
  return new Secret(toBase64(dice.bytes(KEY_BYTES)));
}

/** The bytes of a secret key or an identity key. */
export function keyBytes(key: Secret): Uint8Array {
  return Buffer.from(key.reveal(), "base64");
}

function load(given: Secret | null, path: string, kind: Kind<Secret>, make: () => Secret): Key {
  if (given !== null) return { key: given, path: null, made: false };
  const kept = readKeyFile(path, kind);
  if (kept !== null) return { key: kept, path, made: false };
  const key = make();
  writeKeyFile(path, key);
  return { key, path, made: true };
}
