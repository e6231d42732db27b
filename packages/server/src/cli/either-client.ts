/**
 * Commands for both sides: the provider asks at its own listener with the operator key, an integrator at the public one
 * with a token, or with the app's client id and secret. Paths are the same below `/v1` and the integrators' prefix.
 */
import { resolve } from "node:path";
import type { Command } from "commander";
import { Secret } from "../base/secret.ts";
import { CALLER_VARIABLES } from "../config/caller-variables.ts";
import { readKeyFile } from "../config/key-file.ts";
import { textKind } from "../config/kinds.ts";
import type { Options } from "../config/options.ts";
import { type Ask, createClient, parseUrl } from "./ask.ts";
import { CommandFailed, type CommandIo } from "./command-io.ts";
import { caFileOf, listenerUrl, optionsFor, type ProviderFlags, providerClient } from "./provider-client.ts";

export interface EitherClient {
  readonly side: "provider" | "integrator";
  /** Paths stand below `/v1` or the integrators' prefix: `/deliveries`. */
  readonly ask: Ask;
  close(): Promise<void>;
}

export const EITHER_NOTES = `
As the provider: the platform is looked for where ./trulinks.yaml and the TRULINKS_ variables say,
or at --url. The operator key is taken from TRULINKS_OPERATOR_KEY, else from operator.key in the
data folder.

As an integrator: say TRULINKS_TOKEN (or --token-file), or TRULINKS_CLIENT_ID and
TRULINKS_CLIENT_SECRET (or --client-id and --client-secret-file), and where with TRULINKS_URL or
--url: the public listener, such as https://api.example.com. A path in it stands in the place of
/integrations.
`;

export function addEitherFlags(command: Command): Command {
  return command
    .option("--url <URL>", "The provider listener, or the public one for an integrator.")
    .option("--ca <FILE>", "Certificates (PEM) to trust at an https URL instead of the system's.")
    .option("--operator-key-file <FILE>", "As the provider: the file with the operator key (mode 600).")
    .option("--token-file <FILE>", "As an integrator: the file with a token (mode 600).")
    .option("--client-id <ID>", "As an integrator: the app's client id.")
    .option(
      "--client-secret-file <FILE>",
      "As an integrator: the file with the app's client secret (mode 600).",
    )
    .option("--config <FILE>", "The file with options; ./trulinks.yaml is read if it is there.");
}

interface EitherFlags extends ProviderFlags {
  readonly tokenFile?: string;
  readonly clientId?: string;
  readonly clientSecretFile?: string;
}

export function openEitherClient(command: Command, io: CommandIo): EitherClient {
  const flags = command.opts<EitherFlags>();
  const options = optionsFor(flags, io);
  const authorization = authorizationOf(flags, io);
  if (authorization === null) {
    const { ask, close } = providerClient(flags, options, io.cwd);
    return { side: "provider", ask: below("/v1", ask), close };
  }
  const given = flags.url ?? io.env[CALLER_VARIABLES.url];
  const { url, prefix } = publicPlace(given, options);
  const caFile = caFileOf(given === undefined ? flags : { ...flags, url: given }, options, io.cwd);
  const { ask, close } = createClient({ url, authorization, caFile });
  return { side: "integrator", ask: below(prefix, ask), close };
}

/** Runs with a client that is closed afterwards, whatever happens. */
export async function askingEither<Result>(
  command: Command,
  io: CommandIo,
  run: (client: EitherClient) => Promise<Result>,
): Promise<Result> {
  const client = openEitherClient(command, io);
  try {
    return await run(client);
  } finally {
    await client.close();
  }
}

function below(prefix: string, ask: Ask): Ask {
  return (asked) => ask({ ...asked, path: prefix + asked.path });
}

/** Null: nobody said an integrator's credentials. What the command line says goes before the environment. */
function authorizationOf(flags: EitherFlags, io: CommandIo): string | null {
  if (flags.operatorKeyFile !== undefined) return null;
  const { cwd, env } = io;
  if (flags.tokenFile !== undefined) return `Bearer ${readCredential(flags.tokenFile, cwd)}`;
  const token = flags.clientId === undefined ? env[CALLER_VARIABLES.token] : undefined;
  if (token !== undefined) return `Bearer ${token}`;
  const clientId = flags.clientId ?? env[CALLER_VARIABLES.clientId];
  if (clientId === undefined) return null;
  const secret =
    flags.clientSecretFile === undefined
      ? env[CALLER_VARIABLES.clientSecret]
      : readCredential(flags.clientSecretFile, cwd);
  if (secret !== undefined) return `Basic ${Buffer.from(`${clientId}:${secret}`).toString("base64")}`;
  throw new CommandFailed(
    `There is a client id and no client secret. Set ${CALLER_VARIABLES.clientSecret}, or name its file with --client-secret-file.`,
  );
}

const credential = textKind({
  expects: "a token or a client secret",
  isSecret: true,
  parseText: (text) => (/^[\x21-\x7e]{1,256}$/.test(text) ? new Secret(text) : undefined),
  print: String,
});

function readCredential(file: string, cwd: string): string {
  const path = resolve(cwd, file);
  const secret = readKeyFile(path, credential);
  if (secret === null) throw new CommandFailed(`There is no file ${path}.`);
  return secret.reveal();
}

function publicPlace(
  given: string | undefined,
  options: Options,
): { readonly url: URL; readonly prefix: string } {
  if (given === undefined) return { url: listenerUrl("public", options), prefix: options.public.prefix };
  const url = parseUrl(given, "https://api.example.com");
  const path = url.pathname.replace(/\/$/, "");
  return { url: new URL(url.origin), prefix: path === "" ? options.public.prefix : path };
}
