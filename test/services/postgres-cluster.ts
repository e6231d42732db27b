/** A PostgreSQL cluster in a temporary folder, from what is installed here. */
import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { chmod, chown, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import pg from "pg";
import { findOrInstallPostgres } from "./postgres-programs.ts";
import { type Account, startServer } from "./server-process.ts";

export interface Cluster {
  readonly url: string;
  /** Ends the server; its data stay. */
  halt(): Promise<void>;
  /** Starts it again after `halt`, at the same URL. */
  resume(): Promise<void>;
  /** Ends it and removes its data. */
  stop(): Promise<void>;
}

interface Attempt {
  readonly programs: string;
  readonly folder: string;
  readonly password: string;
  readonly account: Account;
}

const run = promisify(execFile);

// Small, but what is promised to be on disk is on disk: fsync stays on.
const SETTINGS = ["shared_buffers=64MB", "max_connections=200", "fsync=on", "unix_socket_directories="];

export async function startCluster(): Promise<Cluster> {
  const programs = await findOrInstallPostgres();
  const account = await accountToRunAs();
  const folder = await mkdtemp(join(tmpdir(), "trulinks-postgres-"));
  const password = randomBytes(12).toString("hex");
  try {
    await initialise({ programs, folder, password, account });
    return await start({ programs, folder, password, account });
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

async function start({ programs, folder, password, account }: Attempt): Promise<Cluster> {
  const urlAt = (port: number) => `postgres://trulinks:${password}@127.0.0.1:${port}/postgres`;
  const options = SETTINGS.flatMap((setting) => ["-c", setting]);
  const { port, halt, resume, stop } = await startServer({
    name: "PostgreSQL",
    program: join(programs, "postgres"),
    argsFor: (port) => ["-D", join(folder, "data"), "-h", "127.0.0.1", "-p", `${port}`, ...options],
    folder,
    account,
    probe: (port) => probe(urlAt(port)),
    // PostgreSQL's "fast" end: sessions are cut off, everything is written.
    endSignal: "SIGINT",
  });
  return { url: urlAt(port), halt, resume, stop };
}

async function probe(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  client.on("error", () => {});
  await client.connect();
  await client.end();
}
