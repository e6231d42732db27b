/** The real platform as a process of its own, for end-to-end tests and benches. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { findFreePort } from "./services/server-process.ts";

const SOURCE = fileURLToPath(new URL("../packages/server/src/main.ts", import.meta.url));
const BUILT = fileURLToPath(new URL("../packages/server/dist/main.js", import.meta.url));
const READY_MS_MAX = 20_000;
const STARTS_MAX = 5;

export interface PlatformOptions {
  /** Further `TRULINKS_…` variables. */
  readonly env?: Readonly<Record<string, string>>;
  readonly args?: readonly string[];
  /** Runs `dist/main.js` as it would be installed, instead of the sources. */
  readonly built?: boolean;
  /** What the command is run under, such as `["taskset", "-c", "0"]`. */
  readonly under?: readonly string[];
  readonly tls?: boolean;
  /** How long a start may take; 20 s if left out. */
  readonly readyMsMax?: number;
  /** Puts files into the data folder, which is the working directory, before the first start. */
  readonly prepare?: (dataFolder: string) => void;
  /** Fetches `/readyz`; a test with its own authority brings one that trusts it. */
  readonly fetch?: (url: string) => Promise<{ readonly status: number }>;
}

export interface Platform {
  readonly publicUrl: string;
  readonly providerUrl: string;
  readonly operatorKey: string;
  readonly dataFolder: string;
  /** What the process wrote so far, both streams. */
  output(): string;
  /** Of the process as it runs now. */
  pid(): number;
  /** Ends it as a power cut would, and waits until it is gone. */
  kill(): Promise<void>;
  /** Starts it again on the same addresses and data; resolves when it is ready. */
  start(): Promise<void>;
  /** SIGTERM; resolves with the exit code. */
  stop(): Promise<number | null>;
  /** Stops it if it runs, and removes its data. */
  dispose(): Promise<void>;
}

export async function startPlatform(options: PlatformOptions = {}): Promise<Platform> {
  for (let start = 1; ; start++) {
    // Between finding a port and listening there, somebody else may take it: every connection out has a port, too.
    const ports = { public: await findFreePort(), provider: await findFreePort() };
    try {
      return await startOn(ports, options);
    } catch (error) {
      if (start === STARTS_MAX || !/another program listens there/.test(String(error))) throw error;
    }
  }
}

async function startOn(
  ports: { readonly public: number; readonly provider: number },
  options: PlatformOptions,
): Promise<Platform> {
  const dataFolder = mkdtempSync(join(tmpdir(), "trulinks-platform-"));
  const operatorKey = "operator-key-of-a-test-0123456789";
  const scheme = options.tls ? "https" : "http";
  const publicUrl = `${scheme}://127.0.0.1:${ports.public}`;
  const providerUrl = `${scheme}://127.0.0.1:${ports.provider}`;
  const env = {
    PATH: process.env["PATH"],
    HOME: process.env["HOME"],
    TRULINKS_DATA: dataFolder,
    TRULINKS_PUBLIC: `127.0.0.1:${ports.public}`,
    TRULINKS_PROVIDER: `127.0.0.1:${ports.provider}`,
    TRULINKS_OPERATOR_KEY: operatorKey,
    TRULINKS_ALLOW_ADDRESSES: "127.0.0.0/8,::1/128",
    TRULINKS_LOG_LEVEL: "warn",
    ...options.env,
  };
  const main = options.built ? [BUILT] : ["--conditions", "trulinks-source", SOURCE];
  const command = [process.execPath, ...main, "up", ...(options.args ?? [])];
  command.unshift(...(options.under ?? []));
  const readyUrl = `${providerUrl}/readyz`;
  const probe = options.fetch ?? fetch;
  const readyMsMax = options.readyMsMax ?? READY_MS_MAX;

  let child: ChildProcess | null = null;
  let output = "";

  async function start(): Promise<void> {
    const [program, ...rest] = command;
    const started = spawn(program ?? "", rest, { env, stdio: ["ignore", "pipe", "pipe"], cwd: dataFolder });
    child = started;
    started.stdout?.on("data", (chunk: Buffer) => (output += chunk.toString()));
    started.stderr?.on("data", (chunk: Buffer) => (output += chunk.toString()));
    const untilMs = Date.now() + readyMsMax;
    while (Date.now() < untilMs) {
      if (started.exitCode !== null)
        throw new Error(`The platform ended with ${started.exitCode}:\n${output}`);
      const answer = await probe(readyUrl).catch(() => null);
      if (answer?.status === 200) return;
      await sleep(20);
    }
    throw new Error(`The platform was not ready after ${readyMsMax} ms:\n${output}`);
  }

  async function end(signal: NodeJS.Signals): Promise<number | null> {
    if (child === null || child.exitCode !== null || child.signalCode !== null)
      return child?.exitCode ?? null;
    const gone = once(child, "exit");
    child.kill(signal);
    await gone;
    return child.exitCode;
  }

  async function dispose(signal: NodeJS.Signals): Promise<void> {
    await end(signal);
    rmSync(dataFolder, { recursive: true, force: true });
  }

  try {
    options.prepare?.(dataFolder);
    await start();
  } catch (error) {
    await dispose("SIGKILL");
    throw error;
  }
  return {
    publicUrl,
    providerUrl,
    operatorKey,
    dataFolder,
    output: () => output,
    pid: () => child?.pid ?? 0,
    kill: async () => {
      await end("SIGKILL");
    },
    start,
    stop: () => end("SIGTERM"),
    dispose: () => dispose("SIGTERM"),
  };
}
