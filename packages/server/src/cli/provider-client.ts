/** Commands that talk to a platform that runs: by the provider listener, with the operator key. */
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Command } from "commander";
import { Agent, request } from "undici";
import type { Clock } from "../base/clock.ts";
import { formatListenAddress, type ListenAddress } from "../base/listen-address.ts";
import type { Secret } from "../base/secret.ts";
import { formatFlaw } from "../config/flaw.ts";
import { readKeyFile } from "../config/key-file.ts";
import { visibleSecret } from "../config/kinds.ts";
import { loadOptions } from "../config/load.ts";
import type { Options } from "../config/options.ts";
import { readText } from "../config/text-reader.ts";
import { CommandFailed, type CommandIo } from "./command-io.ts";

export interface Asked {
  readonly method: "GET" | "PUT" | "POST" | "DELETE";
  /** Below the listener's URL, such as `/v1/events`. */
  readonly path: string;
  /** JSON text. */
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Answered {
  readonly status: number;
  readonly body: unknown;
  readonly retryAfterS: number | null;
}

/** Throws `CommandFailed` where nobody answers, or not as the provider listener does. */
export type AskProvider = (asked: Asked) => Promise<Answered>;

export interface ProviderClient {
  readonly ask: AskProvider;
  close(): Promise<void>;
}

const ANSWER_MS_MAX = 60_000;

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

interface ClientFlags {
  readonly url?: string;
  readonly ca?: string;
  readonly operatorKeyFile?: string;
  readonly config?: string;
}

export function openClient(command: Command, io: CommandIo): ProviderClient {
  const flags = command.opts<ClientFlags>();
  const given = flags.config === undefined ? {} : { config: flags.config };
  const loaded = loadOptions({ flags: given, env: io.env, cwd: io.cwd, readText });
  if (loaded.kind === "flawed") throw new CommandFailed(loaded.flaws.map(formatFlaw).join("\n"));
  const { options } = loaded;
  const url = urlOf(flags.url, options);
  const key = operatorKeyOf(flags.operatorKeyFile, options, io.cwd);
  const caFile = flags.ca === undefined ? defaultCa(flags, options) : resolve(io.cwd, flags.ca);
  const agent = new Agent(caFile === null ? {} : { connect: { ca: readCa(caFile) } });
  return { ask: (asked) => ask({ url, key, agent }, asked), close: () => agent.close() };
}

function urlOf(given: string | undefined, options: Options): URL {
  if (given !== undefined) {
    const url = URL.parse(given);
    if (url?.protocol === "http:" || url?.protocol === "https:") return url;
    throw new CommandFailed(`--url is "${given}". Expected a URL such as http://127.0.0.1:8081.`);
  }
  const { listen } = options.provider;
  if (listen.port === 0) {
    throw new CommandFailed(
      "provider.listen has port 0, which is another one at each start. Say which with --url.",
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
function defaultCa({ url }: ClientFlags, options: Options): string | null {
  return url === undefined ? options.tls.cert : null;
}

function readCa(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw new CommandFailed(`The file ${path} with certificates cannot be read.`, { cause: error });
  }
}

async function ask(
  { url, key, agent }: { readonly url: URL; readonly key: Secret; readonly agent: Agent },
  { method, path, body, headers }: Asked,
): Promise<Answered> {
  const target = new URL(url.pathname.replace(/\/$/, "") + path, url);
  try {
    const answer = await request(target, {
      method,
      dispatcher: agent,
      headersTimeout: ANSWER_MS_MAX,
      bodyTimeout: ANSWER_MS_MAX,
      headers: {
        authorization: `Bearer ${key.reveal()}`,
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...headers,
      },
      ...(body === undefined ? {} : { body }),
    });
    const text = await answer.body.text();
    const retryAfter = Number(answer.headers["retry-after"] ?? Number.NaN);
    return {
      status: answer.statusCode,
      body: parsed(text, target),
      retryAfterS: Number.isFinite(retryAfter) ? retryAfter : null,
    };
  } catch (error) {
    if (error instanceof CommandFailed) throw error;
    throw new Unanswered(url, error);
  }
}

/** Nobody answers there, for now. */
export class Unanswered extends CommandFailed {
  constructor(url: URL, cause: unknown) {
    const reason = cause instanceof Error ? (codeOf(cause) ?? cause.message) : String(cause);
    super(`${url.origin} does not answer (${reason}). Is the platform up? Say where with --url.`, { cause });
  }
}

function codeOf(error: Error): string | undefined {
  return "code" in error && typeof error.code === "string" ? error.code : undefined;
}

function parsed(text: string, target: URL): unknown {
  if (text === "") return null;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new CommandFailed(`${target.origin} does not answer in JSON. Is it the provider listener?`);
  }
}

const TRIES_MAX = 6;
const WAIT_S_MAX = 30;

/** The same, which waits a little where the platform is away or asks to be left alone. What is asked must be idempotent. */
export function patiently(ask: AskProvider, clock: Pick<Clock, "sleep">): AskProvider {
  return async (asked) => {
    for (let tried = 1; ; tried++) {
      const answered = await ask(asked).catch((error: unknown) => {
        if (error instanceof Unanswered && tried < TRIES_MAX) return null;
        throw error;
      });
      if (answered !== null && (answered.status !== 503 || tried === TRIES_MAX)) return answered;
      await clock.sleep(Math.min(answered?.retryAfterS ?? tried / 2, WAIT_S_MAX) * 1_000);
    }
  };
}

/** What the platform said against a request, in one message. */
export function refusalOf({ status, body }: Answered): CommandFailed {
  if (status === 401) return new CommandFailed("The platform knows another operator key than this one.");
  return new CommandFailed(problemText(body) ?? `The platform answered ${status}.`);
}

/** A problem as a person reads it, the members that it points at one a line; null: it is none. */
export function problemText(body: unknown): string | null {
  const { message, errors } = (body ?? {}) as { message?: unknown; errors?: unknown };
  if (typeof message !== "string") return null;
  const lines = Array.isArray(errors) ? errors.map(errorLine) : [];
  return [message, ...lines].join("\n");
}

function errorLine(error: unknown): string {
  const { pointer, message } = error as { pointer?: unknown; message?: unknown };
  return `  ${pointer}: ${message}`;
}
