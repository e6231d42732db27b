/** A greeter in this process in front of a platform, with tokens of ada and grace. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Greeter, startGreeter } from "../server.ts";
import type { Settings } from "../settings.ts";
import { PLATFORM_CLIENT, type Platform, startPlatform } from "./platform.ts";

export interface Running {
  readonly platform: Platform;
  readonly settings: Settings;
  readonly warnings: readonly string[];
  stopGreeter(): Promise<void>;
  startGreeter(): Promise<void>;
  stop(): Promise<void>;
}

export async function startRunning(): Promise<Running> {
  const folder = await mkdtemp(join(tmpdir(), "greeter-"));
  const platform = await startPlatform();
  const settings = await settingsIn(folder, platform.url);
  const warnings: string[] = [];
  let greeter: Greeter;
  async function start(): Promise<void> {
    greeter = startGreeter(settings, (sentence) => warnings.push(sentence));
    await greeter.ready;
  }
  await start();
  return {
    platform,
    settings,
    warnings,
    startGreeter: start,
    stopGreeter: () => greeter.stop(),
    async stop() {
      await greeter.stop();
      await platform.stop();
      await rm(folder, { recursive: true });
    },
  };
}

export async function settingsIn(folder: string, trulinksUrl: string): Promise<Settings> {
  const tokensFile = join(folder, "tokens.json");
  await writeFile(tokensFile, JSON.stringify({ ada: "token-of-ada", grace: "token-of-grace" }));
  const port = await freePort();
  return {
    host: "127.0.0.1",
    port,
    hookUrl: `http://127.0.0.1:${port}/webhooks`,
    dataFolder: folder,
    trulinksUrl,
    ...PLATFORM_CLIENT,
    tokensFile,
  };
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
