/** What a start of the demo leaves for the next: small JSON files that only their owner can read. */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Null where the file is missing or is none of ours. */
export function readKept<Kept>(folder: string, name: string): Kept | null {
  try {
    const parsed: unknown = JSON.parse(readFileSync(join(folder, name), "utf8"));
    return typeof parsed === "object" && parsed !== null ? (parsed as Kept) : null;
  } catch {
    return null;
  }
}

/** All of it or, if the process dies meanwhile, what was there before. */
export function writeKept<Kept extends object>(folder: string, name: string, kept: Kept): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const file = join(folder, name);
  writeFileSync(`${file}.new`, `${JSON.stringify(kept, null, 2)}\n`, { mode: 0o600 });
  renameSync(`${file}.new`, file);
}
