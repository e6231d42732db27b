/** A PostgreSQL cluster in a temporary folder, from what is installed here. */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { chmod, chown, mkdtemp, open, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import pg from "pg";
import { findOrInstallPostgres } from "./postgres-programs.ts";

export interface Cluster {
  readonly url: string;
  stop(): Promise<void>;
}

interface Account {
  readonly uid?: number;
  readonly gid?: number;
}

interface Attempt {
  readonly programs: string;
  readonly folder: string;
  readonly password: string;
  readonly account: Account;
}

const run = promisify(execFile);

const STARTS_MAX = 5;
const READY_MS_MAX = 60_000;
const STOP_MS_MAX = 30_000;
// Small, but what is promised to be on disk is on disk: fsync stays on.
const SETTINGS = ["shared_buffers=64MB", "max_connections=200", "fsync=on", "unix_socket_directories="];

export async function startCluster(): Promise<Cluster> {
  const programs = await findOrInstallPostgres();
  const account = await accountToRunAs();
  const folder = await mkdtemp(join(tmpdir(), "trulinks-postgres-"));
  const password = randomBytes(12).toString("hex");
  try {
    await initialise({ programs, folder, password, account });
    return await startOnFreePort({ programs, folder, password, account });
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
}

/** The server refuses to run as root. */
async function accountToRunAs(): Promise<Account> {
  if (process.getuid?.() !== 0) return {};
  const accounts = (await readFile("/etc/passwd", "utf8")).split("\n").map((line) => line.split(":"));
  const account =
    accounts.find(([name]) => name === "postgres") ?? accounts.find(([name]) => name === "nobody");
  if (!account)
    throw new Error("PostgreSQL cannot run as root, and there is no user `postgres` or `nobody`.");
  return { uid: Number(account[2]), gid: Number(account[3]) };
}

async function initialise({ programs, folder, password, account }: Attempt): Promise<void> {
  const passwordFile = join(folder, "password");
  await writeFile(passwordFile, password, { mode: 0o600 });
  if (account.uid !== undefined && account.gid !== undefined) {
    await chown(folder, account.uid, account.gid);
    await chown(passwordFile, account.uid, account.gid);
  }
  await chmod(folder, 0o700);
  const options = ["--username=trulinks", `--pwfile=${passwordFile}`, "--auth=scram-sha-256"];
  const form = ["--encoding=UTF8", "--locale=C", "--no-sync"];
  await run(join(programs, "initdb"), [...options, ...form, join(folder, "data")], {
    ...account,
    cwd: folder,
  });
}

async function startOnFreePort(attempt: Attempt): Promise<Cluster> {
  for (let start = 1; ; start++) {
    // Between finding a port and listening there, somebody else may take it.
    const port = await findFreePort();
    const server = await spawnServer(attempt, port);
    const url = `postgres://trulinks:${attempt.password}@127.0.0.1:${port}/postgres`;
    if (await isReady(server, url)) return { url, stop: () => stopServer(server, attempt.folder) };
    if (start === STARTS_MAX) {
      const log = await readFile(join(attempt.folder, "log"), "utf8");
      throw new Error(`PostgreSQL did not start. Its log ends with:\n${log.slice(-2_000)}`);
    }
  }
}

async function findFreePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve, reject) => {
    probe.once("error", reject);
    probe.listen(0, "127.0.0.1", resolve);
  });
  const address = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  if (address === null || typeof address === "string") throw new Error("No port is free on 127.0.0.1.");
  return address.port;
}

async function spawnServer({ programs, folder, account }: Attempt, port: number): Promise<ChildProcess> {
  const log = await open(join(folder, "log"), "a");
  try {
    const options = SETTINGS.flatMap((setting) => ["-c", setting]);
    const server = spawn(
      join(programs, "postgres"),
      ["-D", join(folder, "data"), "-h", "127.0.0.1", "-p", `${port}`, ...options],
      // A process group of its own: Ctrl-C reaches us, and we end it after the tests that use it.
      { ...account, cwd: folder, stdio: ["ignore", log.fd, log.fd], detached: true },
    );
    server.on("error", () => {});
    return server;
  } finally {
    await log.close();
  }
}

const hasEnded = (server: ChildProcess): boolean =>
  server.pid === undefined || server.exitCode !== null || server.signalCode !== null;

/** False: it ended, or never answered. */
async function isReady(server: ChildProcess, url: string): Promise<boolean> {
  const deadlineMs = Date.now() + READY_MS_MAX;
  while (Date.now() < deadlineMs && !hasEnded(server)) {
    const client = new pg.Client({ connectionString: url });
    client.on("error", () => {});
    try {
      await client.connect();
      await client.end();
      return true;
    } catch {
      await sleep(50);
    }
  }
  if (!hasEnded(server)) server.kill("SIGKILL");
  return false;
}

async function stopServer(server: ChildProcess, folder: string): Promise<void> {
  if (!hasEnded(server)) {
    const ended = new Promise((resolve) => server.once("exit", resolve));
    // PostgreSQL's "fast" end: sessions are cut off, everything is written.
    server.kill("SIGINT");
    const giveUp = new AbortController();
    const late = sleep(STOP_MS_MAX, "late", { signal: giveUp.signal }).catch(() => "ended");
    if ((await Promise.race([ended, late])) === "late") {
      server.kill("SIGKILL");
      await ended;
    }
    giveUp.abort();
  }
  await rm(folder, { recursive: true, force: true });
}
