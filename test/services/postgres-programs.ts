/** Where PostgreSQL's programs are; installed first if they are nowhere and we may. */
import { spawn } from "node:child_process";
import { access, constants, readdir } from "node:fs/promises";
import { delimiter, join } from "node:path";

const DEBIAN_FOLDER = "/usr/lib/postgresql";
const MENDING =
  "Install PostgreSQL 13 or newer (Debian: apt-get install --no-install-recommends postgresql), or name a server " +
  "in TRULINKS_TEST_POSTGRES_URL.";

/** The folder that has `initdb` and `postgres`. */
export async function findOrInstallPostgres(): Promise<string> {
  const found = await findPostgres();
  if (found !== null) return found;
  if (process.getuid?.() !== 0 || !(await isProgram("/usr/bin/apt-get"))) {
    throw new Error(`The tests need PostgreSQL, which is not installed here. ${MENDING}`);
  }
  await aptGet("update");
  await aptGet("install", "-y", "--no-install-recommends", "postgresql");
  const installed = await findPostgres();
  if (installed === null)
    throw new Error(`PostgreSQL was installed, but not to ${DEBIAN_FOLDER}. ${MENDING}`);
  return installed;
}

async function findPostgres(): Promise<string | null> {
  const versions = await readdir(DEBIAN_FOLDER).catch(() => []);
  const newestFirst = versions
    .filter((name) => Number(name) >= 13)
    .sort((left, right) => Number(right) - Number(left));
  const folders = [
    ...(process.env.PATH ?? "").split(delimiter),
    ...newestFirst.map((version) => join(DEBIAN_FOLDER, version, "bin")),
  ];
  for (const folder of folders) {
    const programs = ["initdb", "postgres"].map((name) => isProgram(join(folder, name)));
    if (folder !== "" && (await Promise.all(programs)).every(Boolean)) return folder;
  }
  return null;
}

function isProgram(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}

function aptGet(...args: readonly string[]): Promise<void> {
  process.stderr.write(`Tests need PostgreSQL: apt-get ${args.join(" ")}\n`);
  return new Promise((resolve, reject) => {
    const child = spawn("/usr/bin/apt-get", args, {
      stdio: ["ignore", "ignore", "inherit"],
      env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
    });
    child.once("error", reject);
    child.once("close", (code) => {
      if (code === 0) resolve();
      else reject(new Error(`apt-get ${args[0]} ended with ${code}. ${MENDING}`));
    });
  });
}
