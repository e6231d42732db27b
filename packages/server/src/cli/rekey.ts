/**
 * Changes the secret key so that a crash at any instant leaves a key that opens the store. The new key is on disk
 * as `secret.key.pending` before the store is sealed with it in one transaction, and takes the old one's place after.
 * Whoever opens the store next tries both and keeps the one that fits.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { equalBytes } from "@trulinks/protocol";
import { systemClock } from "../base/clock.ts";
import { systemDice } from "../base/dice.ts";
import type { Log } from "../base/log.ts";
import type { Secret } from "../base/secret.ts";
import { openDataFolder } from "../config/data-folder.ts";
import { formatPlace } from "../config/flaw.ts";
import { moveKeyFile, writeKeyFile } from "../config/key-file.ts";
import { keyBytes, loadSecretKey, makeSecretKey, pendingKeyPath, type SecretKey } from "../config/keys.ts";
import type { Options } from "../config/options.ts";
import type { Sources } from "../config/rules.ts";
import { settleSecretKey } from "../secrets/open.ts";
import type { SecretStore } from "../secrets/store.ts";
import { CommandFailed } from "./command-io.ts";
import type { OpenSecretStore } from "./secrets.ts";

export interface RekeyDeps {
  readonly options: Options;
  readonly sources: Sources;
  /** Null: one is made. */
  readonly newKey: Secret | null;
  readonly openStorage: OpenSecretStore;
  readonly log: Log;
  readonly say: (text: string) => void;
}

export interface Rekeyed {
  /** How many secrets were sealed anew; 0 if everything was sealed with that key already. */
  readonly sealed: number;
  /** Where the new key lies now; null if the option has to be set to it. */
  readonly key_file: string | null;
}

export async function rekey(deps: RekeyDeps): Promise<Rekeyed> {
  refuseWithoutKey(deps);
  const folder = await openDataFolder(deps.options.data, systemClock);
  try {
    const current = loadSecretKey(deps.options.secret_key, folder.path, systemDice);
    const store = await openStore(deps);
    try {
      return await changeKey(deps, current, store.secrets);
    } finally {
      await store.close();
    }
  } finally {
    folder.release();
  }
}

function refuseWithoutKey({ options, sources, newKey }: RekeyDeps): void {
  if (options.secret_key !== null) {
    if (newKey !== null) return;
    const place = formatPlace(sources.secret_key);
    throw new CommandFailed(
      `The secret key is given by ${place}, so a new one cannot be put in its place. Name it with --new-key-file FILE.`,
    );
  }
  const path = join(options.data, "secret.key");
  if (existsSync(path)) return;
  throw new CommandFailed(`There is no secret key to change: ${path} is not there. See --data DIR.`);
}

async function openStore({ options, openStorage, log }: RekeyDeps): ReturnType<OpenSecretStore> {
  const dataFolder = options.data;
  const databaseUrl = options.database.url?.reveal() ?? null;
  try {
    return await openStorage({ dataFolder, databaseUrl, clock: systemClock, dice: systemDice, log });
  } catch (error) {
    throw new CommandFailed(`The store cannot be opened: ${messageOf(error)}`, { cause: error });
  }
}

async function changeKey(deps: RekeyDeps, current: SecretKey, store: SecretStore): Promise<Rekeyed> {
  const { options, sources, newKey, say } = deps;
  const keyFile = current.path;
  // A key from an option has no pending file: the new key itself is what an earlier run may have got through with.
  const source = keyFile === null ? { ...current, pending: newKey } : current;
  const oldBytes = await settleSecretKey(store, source, systemDice);

  const next = newKey ?? makeSecretKey(systemDice);
  if (equalBytes(keyBytes(next), oldBytes)) {
    say("Everything is sealed with that key already.");
    return { sealed: 0, key_file: keyFile };
  }
  const pendingPath = pendingKeyPath(options.data);
  if (keyFile !== null) writeKeyFile(pendingPath, next);
  say("Sealing everything with the new key …");
  const sealed = await sealAnew(store, oldBytes, keyBytes(next));
  if (keyFile !== null) moveKeyFile(pendingPath, keyFile);

  say(`${sealed} secrets are sealed with the new key.`);
  say(
    keyFile === null
      ? `Now put it in the old one's place: ${formatPlace(sources.secret_key)}.`
      : `It lies in ${keyFile}.`,
  );
  return { sealed, key_file: keyFile };
}

async function sealAnew(store: SecretStore, oldKey: Uint8Array, newKey: Uint8Array): Promise<number> {
  try {
    return await store.rekey(oldKey, newKey);
  } catch (error) {
    // The pending key stays: if the database was lost while it committed, the next start finds out which one holds.
    const message = `The key was not changed: ${messageOf(error)} Nothing is lost; mend this and run it again.`;
    throw new CommandFailed(message, { cause: error });
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
