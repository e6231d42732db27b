/** The folder that one process owns: made if it is not there, and held by a lock that a dead process cannot leave behind. */
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { access, constants, mkdir, stat } from "node:fs/promises";
import { hostname } from "node:os";
import { dirname, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { Clock } from "../base/clock.ts";
import { StartRefused } from "../base/start-refused.ts";

export interface DataFolder {
  readonly path: string;
  /** Lets the next process in. Asked twice, it is done once. */
  release(): void;
}

const WAIT_MS_MAX = 5_000;
const POLL_MS = 50;
const SQLITE_BUSY = 5;

/** Waits 5 s for a process that holds the folder, then throws `StartRefused` with a sentence that says who it is. */
export async function openDataFolder(path: string, clock: Clock): Promise<DataFolder> {
  await makeFolder(path);
  const untilMs = clock.monotonic() + WAIT_MS_MAX;
  for (;;) {
    const lock = tryLock(path);
    if (lock !== null) return hold(path, lock, clock);
    if (clock.monotonic() >= untilMs) throw new StartRefused(heldSentence(path));
    await clock.sleep(POLL_MS);
  }
}

async function makeFolder(path: string): Promise<void> {
  try {
    await makeWithParents(path);
    await access(path, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    throw folderRefused(path, error);
  }
}

// `mkdir` with `recursive` never comes back below folders that take no children, such as /proc (Node 26.10).
async function makeWithParents(path: string): Promise<void> {
  try {
    await mkdir(path, { mode: 0o700 });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EEXIST" && (await stat(path)).isDirectory()) return;
    if (code !== "ENOENT" || existsSync(dirname(path))) throw error;
    await makeWithParents(dirname(path));
    await mkdir(path, { mode: 0o700 });
  }
}

function folderRefused(path: string, error: unknown): StartRefused {
  const code = (error as NodeJS.ErrnoException).code ?? "";
  const mend = "Choose another folder with --data DIR or TRULINKS_DATA.";
  const because = FOLDER_FAILURES[code] ?? `cannot be used (${code})`;
  return new StartRefused(`The data folder ${path} ${because}. ${mend}`, { cause: error });
}

const FOLDER_FAILURES: Readonly<Record<string, string>> = {
  EACCES: "cannot be written by this process",
  EPERM: "cannot be written by this process",
  EROFS: "is on a file system that is read-only",
  EEXIST: "is a file, not a folder",
  ENOTDIR: "lies below a file, not a folder",
  ENOENT: "cannot be made there",
  ENOSPC: "cannot be made: the disk is full",
  ENAMETOOLONG: "has too long a name",
  ELOOP: "is a circle of links",
};

/**
 * The lock lives in the kernel and ends with the process, however that ends. Nothing in this process may open
 * `lock.db` by other means: closing any descriptor of a file gives up all POSIX locks on it.
 */
function tryLock(folder: string): DatabaseSync | null {
  const file = join(folder, "lock.db");
  let database: DatabaseSync | null = null;
  try {
    database = new DatabaseSync(file, { timeout: 0 });
    database.exec("BEGIN EXCLUSIVE");
    return database;
  } catch (error) {
    database?.close();
    if ((error as { errcode?: number }).errcode === SQLITE_BUSY) return null;
    const why = error instanceof Error ? error.message : String(error);
    throw new StartRefused(
      `The lock ${file} cannot be taken (${why}). See that this process may write it; if it is damaged, remove it.`,
      { cause: error },
    );
  }
}

function hold(path: string, lock: DatabaseSync, clock: Clock): DataFolder {
  const sidecar = join(path, "lock.json");
  let isHeld = true;
  try {
    const holder = { pid: process.pid, host: hostname(), since: new Date(clock.now()).toISOString() };
    writeFileSync(sidecar, `${JSON.stringify(holder)}\n`, { mode: 0o600 });
  } catch (error) {
    lock.close();
    throw folderRefused(path, error);
  }
  return {
    path,
    release() {
      if (!isHeld) return;
      isHeld = false;
      rmSync(sidecar, { force: true });
      lock.close();
    },
  };
}

function heldSentence(path: string): string {
  const who = readHolder(join(path, "lock.json"));
  return `The data folder ${path} is in use by ${who}. Stop that one first, or choose another folder with --data DIR.`;
}

function readHolder(sidecar: string): string {
  try {
    const { pid, host, since } = JSON.parse(readFileSync(sidecar, "utf8"));
    if (Number.isInteger(pid) && typeof host === "string" && typeof since === "string") {
      return `process ${pid} on ${host} since ${since}`;
    }
  } catch {
    // The lock alone decides; whoever holds it may just be about to write who it is.
  }
  return "another process";
}
