/** A Redis server in a temporary folder, from what is installed here. */
import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { Redis } from "ioredis";
import { installPackage, isProgram, type Wanted } from "./debian-package.ts";
import { startServer } from "./server-process.ts";

export interface RedisServer {
  readonly url: string;
  stop(): Promise<void>;
}

const REDIS: Wanted = {
  name: "Redis",
  debianPackage: "redis-server",
  mending:
    "Install Redis 6.2 or newer (Debian: apt-get install --no-install-recommends redis-server), or name a server in " +
    "TRULINKS_TEST_REDIS_URL.",
};

// As people run it who want to keep what is in it: what was written is on disk within a second.
const SETTINGS = ["--appendonly", "yes", "--appendfsync", "everysec", "--save", ""];

export async function startRedisServer(): Promise<RedisServer> {
  const program = await findOrInstallRedis();
  const folder = await mkdtemp(join(tmpdir(), "trulinks-redis-"));
  const password = randomBytes(12).toString("hex");
  const urlAt = (port: number) => `redis://:${password}@127.0.0.1:${port}`;
  const place = ["--bind", "127.0.0.1", "--dir", folder, "--requirepass", password];
  try {
    const { port, stop } = await startServer({
      name: REDIS.name,
      program,
      argsFor: (port) => ["--port", `${port}`, ...place, ...SETTINGS],
      folder,
      account: {},
      probe: (port) => probe(urlAt(port)),
      endSignal: "SIGTERM",
    });
    return { url: urlAt(port), stop };
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
}

async function findOrInstallRedis(): Promise<string> {
  const found = await findRedis();
  if (found !== null) return found;
  await installPackage(REDIS);
  const installed = await findRedis();
  if (installed !== null) return installed;
  throw new Error(`Redis was installed, but is not in PATH. ${REDIS.mending}`);
}

async function findRedis(): Promise<string | null> {
  const folders = [...(process.env.PATH ?? "").split(delimiter), "/usr/bin"];
  for (const folder of folders) {
    const program = join(folder, "redis-server");
    if (folder !== "" && (await isProgram(program))) return program;
  }
  return null;
}

async function probe(url: string): Promise<void> {
  const client = new Redis(url, { lazyConnect: true, retryStrategy: () => null, maxRetriesPerRequest: 0 });
  client.on("error", () => {});
  try {
    await client.connect();
    await client.ping();
  } finally {
    client.disconnect();
  }
}
