/** Commands that talk to a platform that runs: by the provider listener, with the operator key. */
import { join, resolve } from "node:path";
import type { Command } from "commander";
import { formatListenAddress, type ListenAddress } from "../base/listen-address.ts";
import type { Secret } from "../base/secret.ts";
import { formatFlaw } from "../config/flaw.ts";
import { readKeyFile } from "../config/key-file.ts";
import { visibleSecret } from "../config/kinds.ts";
import { loadOptions } from "../config/load.ts";
import type { Options } from "../config/options.ts";
import { readText } from "../config/text-reader.ts";
import { type Client, createClient, parseUrl } from "./ask.ts";
import { CommandFailed, type CommandIo } from "./command-io.ts";

export const CLIENT_NOTES = `
The platform is looked for where ./trulinks.yaml and the TRULINKS_ variables say, or at --url. The
operator key is taken from TRULINKS_OPERATOR_KEY, else from operator.key in the data folder.
`;

export function addClientFlags(command: Command): Command {
  return command
    .option("--url <URL>", "The provider listener, such as http://127.0.0.1:8081.")
    .option("--ca <FILE>", "Certificates (PEM) to trust at an https URL instead of the system's.")
    .option("--operator-key-file <FILE>", "The file with the operator key (mode 600).")
    .option("--config <FILE>", "The file with options; ./trulinks.yaml is read if it is there.");
}

export interface ProviderFlags {
  readonly url?: string;
  readonly ca?: string;
  readonly operatorKeyFile?: string;
  readonly config?: string;
}

export function openClient(command: Command, io: CommandIo): Client {
  const flags = command.opts<ProviderFlags>();
  return providerClient(flags, optionsFor(flags, io), io.cwd);
}

/** The options as the platform itself would read them here. */
export function optionsFor({ config }: Pick<ProviderFlags, "config">, io: CommandIo): Options {
  const flags = config === undefined ? {} : { config };
  const loaded = loadOptions({ flags, env: io.env, cwd: io.cwd, readText });
  if (loaded.kind === "flawed") throw new CommandFailed(loaded.flaws.map(formatFlaw).join("\n"));
  return loaded.options;
}

export function providerClient(flags: ProviderFlags, options: Options, cwd: string): Client {
  const url =
    flags.url === undefined ? listenerUrl("provider", options) : parseUrl(flags.url, "http://127.0.0.1:8081");
  const key = operatorKeyOf(flags.operatorKeyFile, options, cwd);
  return createClient({
    url,
    authorization: `Bearer ${key.reveal()}`,
    caFile: caFileOf(flags, options, cwd),
  });
}

/** Where the platform that has these options is reached from this machine. */
export function listenerUrl(listener: "provider" | "public", options: Options): URL {
  const { listen } = options[listener];
  if (listen.port === 0) {
    throw new CommandFailed(
      `${listener}.listen has port 0, which is another one at each start. Say which with --url.`,
    );
  }
  const scheme = options.tls.cert === null ? "http" : "https";
  return new URL(`${scheme}://${formatListenAddress({ ...listen, host: reachable(listen) })}`);
}

/** A listener on every address is also on this one. */
function reachable({ host }: ListenAddress): string {
  return host === null || host === "0.0.0.0" || host === "::" ? "127.0.0.1" : host;
}

function operatorKeyOf(file: string | undefined, options: Options, cwd: string): Secret {
  if (file === undefined && options.operator_key !== null) return options.operator_key;
  const path = file === undefined ? join(options.data, "operator.key") : resolve(cwd, file);
  const key = readKeyFile(path, visibleSecret);
  if (key !== null) return key;
  throw new CommandFailed(
    `There is no operator key in ${path}. Set TRULINKS_OPERATOR_KEY, or name its file with --operator-key-file.`,
  );
}

/** The platform's own certificate is known here, whoever signed it. */
export function caFileOf(
  { url, ca }: Pick<ProviderFlags, "url" | "ca">,
  options: Options,
  cwd: string,
): string | null {
  if (ca !== undefined) return resolve(cwd, ca);
  return url === undefined ? options.tls.cert : null;
}
