/**
 * `npm test`: starts the services that tests need, runs the test files (all, or those given), stops the services.
 *
 *     node --conditions trulinks-source test/run.ts [files…]
 */
import { type ChildProcess, spawn } from "node:child_process";
import { glob } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join, sep } from "node:path";
import { type RunningService, SERVICES } from "./services/services.ts";

const ROOT = join(import.meta.dirname, "..");
const PATTERNS = ["packages", "examples", "test", "bench"].map((folder) => `${folder}/**/*.test.ts`);
// So that nothing hangs for ever; no machine is that slow.
const TEST_MS_MAX = 120_000;
const RUN_MS_MAX = 18 * 60_000;
// What shells expect of a program that Ctrl-C ended.
const STOPPED = 130;

const running: RunningService[] = [];
let child: ChildProcess | null = null;
let stoppedBy: NodeJS.Signals | null = null;

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.on(signal, () => {
    stoppedBy = signal;
    child?.kill(signal);
  });
}

process.exitCode = await main(process.argv.slice(2)).catch((error: Error) => {
  process.stderr.write(`${error.message}\n`);
  return 1;
});

async function main(given: readonly string[]): Promise<number> {
  try {
    const files = given.length > 0 ? await findGiven(given) : await findFiles(PATTERNS);
    const variables = await startServices();
    return stoppedBy === null ? await runTests(files, variables) : STOPPED;
  } finally {
    for (const service of running.reverse()) await service.stop();
  }
}

async function startServices(): Promise<Readonly<Record<string, string>>> {
  const variables: Record<string, string> = {};
  for (const service of SERVICES) {
    if (stoppedBy !== null) break;
    const started = await service.start(process.env);
    running.push(started);
    Object.assign(variables, started.variables);
  }
  return variables;
}

/** A name that matches nothing is a mistake, not an empty success. */
async function findGiven(patterns: readonly string[]): Promise<readonly string[]> {
  for (const pattern of patterns) {
    const found = await findFiles([pattern]);
    if (found.length === 0) throw new Error(`No test file matches ${pattern}, looked for from ${ROOT}.`);
  }
  return findFiles(patterns);
}

async function findFiles(patterns: readonly string[]): Promise<readonly string[]> {
  const files = new Set<string>();
  for await (const file of glob(patterns, { cwd: ROOT, exclude: isDependency })) files.add(file);
  return [...files].sort();
}

function isDependency(path: string): boolean {
  return path.split(sep).includes("node_modules");
}

function runTests(files: readonly string[], variables: Readonly<Record<string, string>>): Promise<number> {
  const options = [
    "--conditions=trulinks-source",
    "--enable-source-maps",
    "--test",
    "--test-reporter=spec",
    `--test-timeout=${TEST_MS_MAX}`,
    `--test-concurrency=${Math.max(2, availableParallelism())}`,
  ];
  const env = { ...withoutOurs(process.env), ...variables };
  return new Promise((resolve, reject) => {
    child = spawn(process.execPath, [...options, ...files], { cwd: ROOT, env, stdio: "inherit" });
    const late = setTimeout(() => {
      process.stderr.write(
        `The tests did not end within ${RUN_MS_MAX / 60_000} minutes: a file keeps its process alive.\n`,
      );
      child?.kill("SIGTERM");
    }, RUN_MS_MAX);
    child.once("error", reject);
    child.once("close", (code) => {
      clearTimeout(late);
      resolve(stoppedBy === null ? (code ?? 1) : STOPPED);
    });
  });
}

/** A developer's own settings must not change what the tests see. */
function withoutOurs(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !name.startsWith("TRULINKS_")));
}
