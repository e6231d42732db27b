/** Where PostgreSQL's programs are; installed first if they are nowhere and we may. */
import { readdir } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { installPackage, isProgram, type Wanted } from "./debian-package.ts";

const DEBIAN_FOLDER = "/usr/lib/postgresql";
const POSTGRES: Wanted = {
  name: "PostgreSQL",
  debianPackage: "postgresql",
  mending:
    "Install PostgreSQL 13 or newer (Debian: apt-get install --no-install-recommends postgresql), or name a server " +
    "in TRULINKS_TEST_POSTGRES_URL.",
};

/** The folder that has `initdb` and `postgres`. */
export async function findOrInstallPostgres(): Promise<string> {
  const found = await findPostgres();
  if (found !== null) return found;
  await installPackage(POSTGRES);
  const installed = await findPostgres();
  if (installed !== null) return installed;
  throw new Error(`PostgreSQL was installed, but not to ${DEBIAN_FOLDER}. ${POSTGRES.mending}`);
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
