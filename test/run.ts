/**
 * `npm test`: starts the services that tests need, runs the test files (all, or those given), stops the services.
 *
 *     node --conditions trulinks-source test/run.ts [files…]
 */
import { type ChildProcess, spawn } from "node:child_process";
import { glob } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { type RunningService, SERVICES } from "./services/services.ts";

const ROOT = join(import.meta.dirname, "..");
const PATTERNS = ["packages", "examples", "test", "bench"].map((folder) => `${folder}/**/*.test.ts`);
// So that nothing hangs for ever; no machine is that slow.
const TEST_MS_MAX = 120_000;

const running: RunningService[] = [];
let child: ChildProcess | null = null;
let stoppedBy: NodeJS.Signals | null = null;

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.on(signal, () => {
    stoppedBy = signal;
    child?.kill(signal);
  });
}

process.exitCode = await main();

async function main(): Promise<number> {
  try {
    const variables = await startServices();
    const files = process.argv.length > 2 ? process.argv.slice(2) : await findTestFiles();
    if (stoppedBy !== null) return 130;
    return await runTests(files, variables);
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

async function findTestFiles(): Promise<readonly string[]> {
  const files: string[] = [];
  for await (const file of glob(PATTERNS, {
    cwd: ROOT,
    exclude: (name) => /(^|\/)node_modules$/.test(name),
  })) {
    files.push(file);
  }
  return files.sort();
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
    child.once("error", reject);
    child.once("close", (code) => resolve(stoppedBy === null ? (code ?? 1) : 130));
  });
}

/** A developer's own settings must not change what the tests see. */
function withoutOurs(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !name.startsWith("TRULINKS_")));
}
