/** Programs that tests need: looked for on this machine, and installed from Debian's packages where we may. */
import { spawn } from "node:child_process";
import { access, constants } from "node:fs/promises";

export interface Wanted {
  /** As people call it: `PostgreSQL`. */
  readonly name: string;
  readonly debianPackage: string;
  /** What to do where we can neither find nor install it. */
  readonly mending: string;
}

const APT_GET = "/usr/bin/apt-get";

/** Installs the package; says clearly what is missing where we may not. */
export async function installPackage({ name, debianPackage, mending }: Wanted): Promise<void> {
  if (process.getuid?.() !== 0 || !(await isProgram(APT_GET))) {
    throw new Error(`The tests need ${name}, which is not installed here. ${mending}`);
  }
  const aptGet = (...args: readonly string[]) => runAptGet(args, `Tests need ${name}`, mending);
  await aptGet("update");
  await aptGet("install", "-y", "--no-install-recommends", debianPackage);
}

export function isProgram(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}

function runAptGet(args: readonly string[], why: string, mending: string): Promise<void> {
  process.stderr.write(`${why}: apt-get ${args.join(" ")}\n`);
  return new Promise((resolve, reject) => {
    const child = spawn(APT_GET, args, {
      stdio: ["ignore", "ignore", "inherit"],
      env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
    });
    child.once("error", reject);
    child.once("close", (code) => {
      if (code === 0) resolve();
      else reject(new Error(`apt-get ${args[0]} ended with ${code}. ${mending}`));
    });
  });
}
