/** The greeter's settings, read from the environment once, at start. */
import { readFileSync } from "node:fs";

export interface Settings {
  readonly host: string;
  readonly port: number;
  /** Where TruLinks reaches this program. In production: https, through a proxy that ends TLS. */
  readonly hookUrl: string;
  /** Folder of the SQLite file. */
  readonly dataFolder: string;
  /** TruLinks' public listener: the provider's API, and `/integrations`. */
  readonly trulinksUrl: string;
  readonly clientId: string;
  readonly clientSecret: string;
  /** JSON file `{ "<user>": "<token>" }`: a token of each user's grant. */
  readonly tokensFile: string;
}

export type Environment = Readonly<Record<string, string | undefined>>;

export type SettingsRead =
  | { readonly kind: "ok"; readonly settings: Settings }
  | { readonly kind: "flawed"; readonly flaws: readonly string[] };

export const HOOK_PATH = "/webhooks";

/** Every flaw is reported at once; the secret is never in one. */
export function readSettings(environment: Environment): SettingsRead {
  const flaws: string[] = [];
  const listen = environment.GREETER_LISTEN ?? "127.0.0.1:3001";
  const [, host = "", port = ""] = /^(.+):([0-9]{1,5})$/.exec(listen) ?? [];
  if (host === "") flaws.push("GREETER_LISTEN must be HOST:PORT, such as 127.0.0.1:3001.");

  const trulinksUrl = environment.GREETER_TRULINKS_URL ?? "http://127.0.0.1:8080";
  if (!URL.canParse(trulinksUrl)) {
    flaws.push("GREETER_TRULINKS_URL must be a URL, such as http://127.0.0.1:8080.");
  }
  const hookUrl = environment.GREETER_URL ?? `http://${listen}${HOOK_PATH}`;
  if (!URL.canParse(hookUrl)) flaws.push(`GREETER_URL must be a URL that ends in ${HOOK_PATH}.`);

  const clientId = environment.GREETER_CLIENT_ID ?? "";
  if (clientId === "") flaws.push("Set GREETER_CLIENT_ID to the app's client id (`POST /v1/apps` gave it).");
  const clientSecret = readClientSecret(environment, flaws);
  const tokensFile = environment.GREETER_TOKENS_FILE ?? "";
  if (tokensFile === "") flaws.push('Set GREETER_TOKENS_FILE to a JSON file such as { "ada": "<token>" }.');
  if (flaws.length > 0) return { kind: "flawed", flaws };
  return {
    kind: "ok",
    settings: {
      host: host.replace(/^\[(.*)\]$/, "$1"),
      port: Number(port),
      hookUrl,
      dataFolder: environment.GREETER_DATA ?? "./.greeter",
      trulinksUrl: trulinksUrl.replace(/\/+$/, ""),
      clientId,
      clientSecret,
      tokensFile,
    },
  };
}

function readClientSecret(environment: Environment, flaws: string[]): string {
  const { GREETER_CLIENT_SECRET: value, GREETER_CLIENT_SECRET_FILE: file } = environment;
  if (value) return value;
  if (!file) {
    flaws.push(
      "Set GREETER_CLIENT_SECRET, or GREETER_CLIENT_SECRET_FILE to the path of a file that holds it.",
    );
    return "";
  }
  try {
    return readFileSync(file, "utf8").trim();
  } catch {
    flaws.push(`GREETER_CLIENT_SECRET_FILE names ${file}, which cannot be read.`);
    return "";
  }
}
