import assert from "node:assert/strict";
import { test } from "node:test";
import type { Command } from "commander";
import { openStorage } from "../storage/open.ts";
import { compactFile } from "../storage/sqlite/compact.ts";
import { buildProgram } from "./program.ts";
import { type Ended, runRecorded } from "./recorded-io.contract.ts";

const COLUMNS_MAX = 100;

function run(args: readonly string[]): Promise<Ended> {
  return runRecorded((io) => buildProgram(io, openStorage, compactFile), args, { env: {}, cwd: "/" });
}

/** What to type for each command that does something, such as `config check`, and a long option that it has. */
async function leaves(): Promise<readonly (readonly [leaf: string, option: string])[]> {
  const found: (readonly [string, string])[] = [];
  const collect = (command: Command, path: readonly string[]): void => {
    for (const child of command.commands) collect(child, [...path, child.name()]);
    const option = command.options.find(({ long }) => (long?.length ?? 0) > 6)?.long ?? "";
    if (command.commands.length === 0) found.push([path.join(" "), option]);
  };
  await runRecorded(
    (io) => {
      const program = buildProgram(io, openStorage, compactFile);
      collect(program, []);
      return program;
    },
    ["--version"],
    { env: {}, cwd: "/" },
  );
  return found;
}

for (const [leaf, option] of await leaves()) {
  test(`the help of \`${leaf}\` has examples of it and fits ${COLUMNS_MAX} columns`, async () => {
    const { stdout, stderr, exitCode } = await run([...leaf.split(" "), "--help"]);
    assert.deepEqual([stderr, exitCode], ["", 0]);
    const lines = stdout.split("\n");
    assert.ok(lines.some((line) => line.startsWith(`  $ trulinks ${leaf}`)));
    assert.deepEqual(
      lines.filter((line) => line.length > COLUMNS_MAX),
      [],
    );
  });

  test(`a misspelt option of \`${leaf}\` is told with the right spelling`, async () => {
    const misspelt = option.slice(0, -2) + option.at(-1);
    const { stdout, stderr, exitCode } = await run([...leaf.split(" "), misspelt, "http://127.0.0.1:1"]);
    assert.deepEqual([stdout, exitCode], ["", 2]);
    assert.match(stderr, new RegExp(`Did you mean ${option}\\?`));
  });
}
