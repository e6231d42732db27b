/** The tracker's settings, read from the environment once, at start. */
import { readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { fromBase64 } from "@trulinks/protocol";

export interface Settings {
  readonly host: string;
  readonly port: number;
  /** Folder of the SQLite file. */
  readonly dataFolder: string;
  /** TruLinks' provider listener. */
  readonly trulinksUrl: string;
  readonly operatorKey: string;
  /** Checks `TruLinks-Identity`: 32 bytes, shared with the gateway alone. */
  readonly identityKey: Uint8Array;
}

export type Environment = Readonly<Record<string, string | undefined>>;

export type SettingsRead =
  | { readonly kind: "ok"; readonly settings: Settings }
  | { readonly kind: "flawed"; readonly flaws: readonly string[] };

const KEY_POLL_MS = 20;
const KEY_MS_MAX = 30_000;

/** Every flaw is reported at once; no value of a key is ever in one. */
export async function readSettings(environment: Environment): Promise<SettingsRead> {
  const flaws: string[] = [];
  const listen = /^(.+):([0-9]{1,5})$/.exec(environment.TRACKER_LISTEN ?? "127.0.0.1:3000");
  if (!listen) flaws.push("TRACKER_LISTEN must be HOST:PORT, such as 127.0.0.1:3000.");

  const trulinksUrl = environment.TRACKER_TRULINKS_URL ?? "http://127.0.0.1:8081";
  if (!URL.canParse(trulinksUrl))
    flaws.push("TRACKER_TRULINKS_URL must be a URL, such as http://127.0.0.1:8081.");

  const operatorKey = await readKey(environment, "TRACKER_OPERATOR_KEY", flaws);
  const identityText = await readKey(environment, "TRACKER_IDENTITY_KEY", flaws);
  const identityKey = fromBase64(identityText);
  if (identityText !== "" && identityKey?.length !== 32) {
    flaws.push("TRACKER_IDENTITY_KEY must be 32 bytes in base64, the same as TruLinks' identity key.");
  }
  if (flaws.length > 0 || !listen || !identityKey) return { kind: "flawed", flaws };
  return {
    kind: "ok",
    settings: {
      host: (listen[1] ?? "").replace(/^\[(.*)\]$/, "$1"),
      port: Number(listen[2]),
      dataFolder: environment.TRACKER_DATA ?? "./.tracker",
      trulinksUrl: trulinksUrl.replace(/\/+$/, ""),
      operatorKey,
      identityKey,
    },
  };
}

async function readKey(environment: Environment, name: string, flaws: string[]): Promise<string> {
  const value = environment[name];
  if (value) return value;
  const file = environment[`${name}_FILE`];
  if (!file) {
    flaws.push(`Set ${name}, or ${name}_FILE to the path of a file that holds it.`);
    return "";
  }
  const text = await readKeyFile(file);
  if (text === null) flaws.push(`${name}_FILE names ${file}, which cannot be read.`);
  return text ?? "";
}

/** TruLinks makes its keys at its first start, and the tracker may be started at the same time: files are waited for. */
async function readKeyFile(file: string): Promise<string | null> {
  for (let waitedMs = 0; ; waitedMs += KEY_POLL_MS) {
    try {
      return (await readFile(file, "utf8")).trim();
    } catch (error) {
      const isMissing = (error as NodeJS.ErrnoException).code === "ENOENT";
      if (!isMissing || waitedMs >= KEY_MS_MAX) return null;
      await sleep(KEY_POLL_MS);
    }
  }
}
