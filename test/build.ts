/** Builds what is published, once for all tests that run it: two builds at a time would write the same files. */
import { execFileSync } from "node:child_process";
import { globSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../", import.meta.url));
const STAMP = join(ROOT, "packages/server/dist/.sources");
const LOCK = join(ROOT, "node_modules/.trulinks-build");
const BUILD_MS_MAX = 120_000;

/** Afterwards `dist` is what the sources say; nothing is written if it already was. */
export async function buildPlatform(): Promise<void> {
  await acquire();
  try {
    const sources = stateOfSources();
    if (readStamp() === sources) return;
    execFileSync("npm", ["run", "--silent", "build"], { cwd: ROOT, stdio: "inherit" });
    writeFileSync(STAMP, sources);
  } finally {
    rmSync(LOCK, { recursive: true, force: true });
  }
}

async function acquire(): Promise<void> {
  for (;;) {
    try {
      mkdirSync(LOCK);
      return;
    } catch {
      // Whoever held it this long was ended before it could let go.
      if (ageMs(LOCK) > BUILD_MS_MAX) rmSync(LOCK, { recursive: true, force: true });
      await sleep(50);
    }
  }
}

function ageMs(path: string): number {
  const stat = statSync(path, { throwIfNoEntry: false });
  return stat === undefined ? 0 : Date.now() - stat.mtimeMs;
}

function stateOfSources(): string {
  const files = globSync(["packages/*/src/**/*.ts", "packages/*/{package,tsconfig.build}.json"], {
    cwd: ROOT,
  });
  return files
    .sort()
    .map((file) => `${file} ${statSync(join(ROOT, file)).mtimeMs}`)
    .join("\n");
}

function readStamp(): string | null {
  try {
    return readFileSync(STAMP, "utf8");
  } catch {
    return null;
  }
}
