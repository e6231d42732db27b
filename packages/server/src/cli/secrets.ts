import { resolve } from "node:path";
import { Command } from "commander";
import type { Clock } from "../base/clock.ts";
import type { Dice } from "../base/dice.ts";
import { createLog, type Log } from "../base/log.ts";
import type { Secret } from "../base/secret.ts";
import { readKeyFile } from "../config/key-file.ts";
import { keySecret } from "../config/kinds.ts";
import type { SecretStore } from "../secrets/store.ts";
import { CommandFailed, type CommandIo } from "./command-io.ts";
import { addConfigFlags, loadCommandOptions } from "./config-flags.ts";
import { rekey } from "./rekey.ts";

/** Opens the store that the options ask for; the part of it that this command needs. */
export type OpenSecretStore = (options: {
  readonly dataFolder: string;
  readonly databaseUrl: string | null;
  readonly clock: Clock;
  readonly dice: Dice;
  readonly log: Log;
}) => Promise<{ readonly secrets: SecretStore; close(): Promise<void> }>;

const EXAMPLES = `
Examples:
  $ trulinks secrets rekey                             make a new key, seal all with it
  $ trulinks secrets rekey --data ./.trulinks --json   the same for programs

Stop every server that uses the data first. Where TRULINKS_SECRET_KEY gives the key, write the
new one into a file that only you may read, name it, and set the variable to it afterwards:
  $ (umask 077; openssl rand -base64 32 > new.key)
  $ trulinks secrets rekey --new-key-file new.key
`;

/** `trulinks secrets rekey`. */
export function secretsCommand(io: CommandIo, openStorage: OpenSecretStore): Command {
  return new Command("secrets")
    .description("Look after the key that encrypts secrets at rest")
    .addHelpText("after", EXAMPLES)
    .addCommand(rekeyCommand(io, openStorage));
}

function rekeyCommand(io: CommandIo, openStorage: OpenSecretStore): Command {
  const command = addConfigFlags(new Command("rekey"))
    .description("Seal everything with another secret key; the server must be stopped")
    .option("--new-key-file <FILE>", "Take the new key from this file (mode 600) instead of making one.")
    .option("--json", "Print the result as JSON.")
    .addHelpText("after", EXAMPLES);
  return command.action(async () => {
    const { newKeyFile, json } = command.opts<{ newKeyFile?: string; json?: boolean }>();
    const { options, sources } = loadCommandOptions(command, io);
    const log = createLog({ level: options.log.level, destination: { write: io.stderr } });
    const newKey = newKeyFile === undefined ? null : readNewKey(resolve(io.cwd, newKeyFile));
    const say = (text: string): void => (json === true ? undefined : io.stdout(`${text}\n`));

    const rekeyed = await rekey({ options, sources, newKey, openStorage, log, say });
    if (json === true) io.stdout(`${JSON.stringify(rekeyed)}\n`);
  });
}

function readNewKey(path: string): Secret {
  const key = readKeyFile(path, keySecret);
  if (key === null) throw new CommandFailed(`The file ${path} with the new key is not there.`);
  return key;
}
