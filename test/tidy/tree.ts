/** The files that the rules look at, as data: a test plants a violation by adding one. */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";

export interface SourceFile {
  /** From the root of the checkout, with `/`. */
  readonly path: string;
  readonly text: string;
  readonly isExecutable: boolean;
}

export type Tree = ReadonlyMap<string, SourceFile>;

// What `.gitignore` leaves out.
const SKIPPED_NAMES = new Set([".git", "node_modules", "dist", ".trulinks", "__pycache__"]);
const SKIPPED_ENDINGS = [".log", ".tmp"];

export function readTree(root: string): Tree {
  const files = new Map<string, SourceFile>();
  const read = (folder: string): void => {
    for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
      const path = folder === "" ? entry.name : `${folder}/${entry.name}`;
      if (SKIPPED_NAMES.has(entry.name) || SKIPPED_ENDINGS.some((end) => path.endsWith(end))) continue;
      if (entry.isDirectory()) read(path);
      else if (entry.isFile()) files.set(path, readSource(root, path));
    }
  };
  read("");
  return files;
}

/** The tree with one more file, or another text in one that it has. */
export function plant(tree: Tree, path: string, text: string, isExecutable = false): Tree {
  return new Map(tree).set(path, { path, text, isExecutable });
}

export function isTypeScript(path: string): boolean {
  return path.endsWith(".ts");
}

/** Tests and contracts may do what the code they test may not. */
export function isTest(path: string): boolean {
  return /\.(test|contract)\.ts$/.test(path);
}

/** TypeScript that ends in a package and runs at a user's. */
export function isPackageSource(path: string): boolean {
  return /^packages\/[^/]+\/src\//.test(path) && isTypeScript(path) && !isTest(path);
}

export function filesWhere(tree: Tree, matches: (path: string) => boolean): readonly SourceFile[] {
  return [...tree.values()].filter((file) => matches(file.path));
}

function readSource(root: string, path: string): SourceFile {
  const bytes = readFileSync(join(root, path));
  const isExecutable = (statSync(join(root, path)).mode & 0o100) !== 0;
  return { path, text: bytes.includes(0) ? "" : bytes.toString("utf8"), isExecutable };
}
