/** A key in a file of its own, for the owner's eyes only. */
import {
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import { dirname } from "node:path";
import type { Secret } from "../base/secret.ts";
import { StartRefused } from "../base/start-refused.ts";
import type { Kind } from "./kinds.ts";

const OTHERS_BITS = 0o077;

/** The key in the file, or null if there is no such file. Throws `StartRefused` if it is malformed or others may read it. */
export function readKeyFile(path: string, kind: Kind<Secret>): Secret | null {
  if (!existsSync(path)) return null;
  const { mode } = statSync(path);
  // Windows keeps no such bits.
  if (process.platform !== "win32" && (mode & OTHERS_BITS) !== 0) {
    const bits = (mode & 0o777).toString(8);
    throw new StartRefused(
      `The key file ${path} can be read by others (mode ${bits}). Run: chmod 600 ${path}; if somebody may have seen it, replace the key.`,
    );
  }
  const key = kind.parse(readText(path).replace(/\r?\n$/, ""), "/");
  if (key === undefined) {
    throw new StartRefused(`The key file ${path} is malformed. Expected one line with ${kind.expects}.`);
  }
  return key;
}

/** Writes the key so that after a crash at any instant there is the whole file or none. Replaces what stands there. */
export function writeKeyFile(path: string, key: Secret): void {
  const unfinished = `${path}.unfinished`;
  try {
    rmSync(unfinished, { force: true });
    const file = openSync(unfinished, "wx", 0o600);
    try {
      writeSync(file, `${key.reveal()}\n`);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    moveKeyFile(unfinished, path);
  } catch (error) {
    throw new StartRefused(`The key file ${path} cannot be written (${codeOf(error)}).`, { cause: error });
  }
}

/** The new place replaces what stood there, in one step that a crash does not undo. */
export function moveKeyFile(source: string, target: string): void {
  renameSync(source, target);
  syncFolderOf(target);
}

export function removeKeyFile(path: string): void {
  rmSync(path, { force: true });
  syncFolderOf(path);
}

function syncFolderOf(path: string): void {
  if (process.platform === "win32") return;
  const folder = openSync(dirname(path), "r");
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}

function readText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw new StartRefused(`The key file ${path} cannot be read (${codeOf(error)}).`, { cause: error });
  }
}

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? String(error);
}
