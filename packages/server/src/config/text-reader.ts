import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";

/** Reads a small text file; configuration is loaded before anything else runs, so it may block. */
export type ReadText = (path: string) => TextRead;

export type TextRead =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "absent" }
  | { readonly kind: "unreadable"; readonly because: string };

export const readText: ReadText = (path) => {
  try {
    return { kind: "text", text: readFileSync(path, "utf8") };
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === "ENOENT" || code === "ENOTDIR") return { kind: "absent" };
    return { kind: "unreadable", because: BECAUSE[code ?? ""] ?? `it cannot be read (${code})` };
  }
};

const BECAUSE: Readonly<Record<string, string>> = {
  EACCES: "this process may not read it",
  EPERM: "this process may not read it",
  EISDIR: "it is a folder",
};

/** Completes "The file …": why there is no text. */
export function readFailure(read: Exclude<TextRead, { kind: "text" }>): string {
  return read.kind === "absent" ? "is not there" : `cannot be read: ${read.because}`;
}

/** What the host says in a file that may be missing, while everything runs; null if there is nothing to read. */
export function readTextIfThere(path: string): Promise<string | null> {
  return readFile(path, "utf8").catch(() => null);
}
