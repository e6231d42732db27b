/**
 * Makes the database's file anew, without the room that deleted rows left in it, nor their bytes. The copy is written
 * beside the file and then takes its place in one step, so a crash at any instant leaves one of the two, whole.
 */
import { closeSync, existsSync, fsyncSync, openSync, renameSync, rmSync, statSync } from "node:fs";
import { dirname, extname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { Worker } from "node:worker_threads";
import type { Clock } from "../../base/clock.ts";

export type Compacted =
  | { readonly kind: "compacted"; readonly bytesBefore: number; readonly bytesAfter: number }
  | { readonly kind: "no-file" }
  /** The copy needs so much beside the file; nothing was changed. */
  | { readonly kind: "no-space"; readonly bytesNeeded: number; readonly bytesLeft: number };

export interface CompactOptions {
  /** Of which nobody else has anything open: whoever calls holds the data folder's lock. */
  readonly file: string;
  readonly clock: Pick<Clock, "sleep">;
  /** How many bytes are left where a folder lies. */
  readonly bytesLeft: (folder: string) => Promise<number>;
  /** `share`: how much of the copy is written, from 0 to 1. */
  readonly onProgress: (share: number) => void;
}

// For what the system itself writes meanwhile.
const SPARE_BYTES = 16 * 1024 * 1024;
const LOOK_EVERY_MS = 250;

export async function compactFile({
  file,
  clock,
  bytesLeft,
  onProgress,
}: CompactOptions): Promise<Compacted> {
  if (!existsSync(file)) return { kind: "no-file" };
  const copy = `${file}.compact`;
  // Of one that was stopped half way.
  rmSync(copy, { force: true });
  const { bytesBefore, bytesLive } = settle(file);
  const left = await bytesLeft(dirname(file));
  const needed = bytesLive + SPARE_BYTES;
  if (left < needed) return { kind: "no-space", bytesNeeded: needed, bytesLeft: left };

  const watching = watch(copy, { bytesLive, clock, onProgress });
  try {
    await copyTo(file, copy);
  } catch (error) {
    rmSync(copy, { force: true });
    throw error;
  } finally {
    await watching.stop();
  }
  takePlace(file, copy);
  return { kind: "compacted", bytesBefore, bytesAfter: statSync(file).size };
}

/** All of it is in the one file afterwards: a log that was left behind would be replayed over the copy. */
function settle(file: string): { readonly bytesBefore: number; readonly bytesLive: number } {
  const logBytes = existsSync(`${file}-wal`) ? statSync(`${file}-wal`).size : 0;
  const bytesBefore = statSync(file).size + logBytes;
  const database = new DatabaseSync(file);
  try {
    database.exec("PRAGMA wal_checkpoint(TRUNCATE); PRAGMA journal_mode = DELETE");
    const pages = pragmaOf(database, "page_count") - pragmaOf(database, "freelist_count");
    return { bytesBefore, bytesLive: pages * pragmaOf(database, "page_size") };
  } finally {
    database.close();
  }
}

function pragmaOf(database: DatabaseSync, pragma: string): number {
  return Number(Object.values(database.prepare(`PRAGMA ${pragma}`).get() ?? {})[0]);
}

function copyTo(file: string, copy: string): Promise<void> {
  // Run from source this file ends in .ts, after the build in .js, and the worker lies beside it.
  const script = new URL(`./compact-worker${extname(import.meta.url)}`, import.meta.url);
  const worker = new Worker(script, { workerData: { file, copy } });
  return new Promise((resolve, reject) => {
    let isCopied = false;
    worker.on("message", () => {
      isCopied = true;
    });
    worker.on("error", reject);
    worker.on("exit", () => (isCopied ? resolve() : reject(new Error("The copy was not finished."))));
  });
}

function watch(
  copy: string,
  {
    bytesLive,
    clock,
    onProgress,
  }: Pick<CompactOptions, "clock" | "onProgress"> & { readonly bytesLive: number },
): { stop(): Promise<void> } {
  const stopping = new AbortController();
  const watching = (async () => {
    while (!stopping.signal.aborted) {
      await clock.sleep(LOOK_EVERY_MS, stopping.signal).catch(() => {});
      if (existsSync(copy)) onProgress(Math.min(1, statSync(copy).size / Math.max(bytesLive, 1)));
    }
  })();
  return {
    async stop() {
      stopping.abort();
      await watching;
    },
  };
}

function takePlace(file: string, copy: string): void {
  sync(copy);
  renameSync(copy, file);
  sync(dirname(file));
}

function sync(path: string): void {
  const descriptor = openSync(path, "r");
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
