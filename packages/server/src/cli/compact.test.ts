import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { Command } from "commander";
import { systemClock } from "../base/clock.ts";
import { systemDice } from "../base/dice.ts";
import { createLog } from "../base/log.ts";
import { openDataFolder } from "../config/data-folder.ts";
import { openStorage } from "../storage/open.ts";
import { compactFile } from "../storage/sqlite/compact.ts";
import type { CommandIo } from "./command-io.ts";
import { type CompactFile, compactCommand } from "./compact.ts";
import { type Ended, runRecorded } from "./recorded-io.contract.ts";

const root = mkdtempSync(join(tmpdir(), "trulinks-compact-"));
after(() => rmSync(root, { recursive: true, force: true }));
const log = createLog({ level: "silent" });

function run(
  args: readonly string[],
  compact: CompactFile = compactFile,
  env: Readonly<Record<string, string>> = {},
): Promise<Ended> {
  const build = (io: CommandIo) => new Command("trulinks").addCommand(compactCommand(io, compact));
  return runRecorded(build, ["compact", ...args], { env, cwd: root });
}

async function makeData(name: string): Promise<string> {
  const data = join(root, name);
  const folder = await openDataFolder(data, systemClock);
  const storage = await openStorage({
    dataFolder: data,
    databaseUrl: null,
    clock: systemClock,
    dice: systemDice,
    log,
  });
  await storage.close();
  folder.release();
  return data;
}

test("sizes before and after are said, to people and to programs", async () => {
  const data = await makeData("sizes");
  const said = await run(["--data", data]);
  assert.equal(said.exitCode, 0, said.stderr);
  assert.match(said.stdout, /trulinks\.db: \d+\.\d MiB before, \d+\.\d MiB now\.\n$/);
  const told = JSON.parse((await run(["--data", data, "--json"])).stdout);
  assert.equal(told.file, join(data, "trulinks.db"));
  assert.ok(told.bytes_before > 0 && told.bytes_after > 0);
});

test("progress is told to people once for each tenth, and not to programs", async () => {
  const data = await makeData("progress");
  const steps: CompactFile = async ({ onProgress }) => {
    for (const share of [0.05, 0.31, 0.35, 0.9, 1]) onProgress(share);
    return { kind: "compacted", bytesBefore: 1, bytesAfter: 1 };
  };
  assert.equal((await run(["--data", data], steps)).stderr, "30 % copied\n90 % copied\n100 % copied\n");
  assert.equal((await run(["--data", data, "--json"], steps)).stderr, "");
});

const SHARED = {
  TRULINKS_DATABASE_URL: "postgres://u:p@h/d",
  TRULINKS_SECRET_KEY: Buffer.alloc(32, 7).toString("base64"),
};

test("what stands in the way is said in a sentence, and nothing is changed", async () => {
  const data = await makeData("refused");
  const short: CompactFile = async () => ({ kind: "no-space", bytesNeeded: 3 * 2 ** 20, bytesLeft: 2 ** 20 });
  const cases = [
    [["--data", data], short, /needs 3\.0 MiB in .*, and 1\.0 MiB are free\. Nothing was changed/],
    [
      ["--data", join(root, "empty")],
      compactFile,
      /There is no database to compact: .*trulinks\.db is not there/,
    ],
    [[], compactFile, /PostgreSQL \(database\.url\)/, SHARED],
  ] as const;
  for (const [args, compact, message, env] of cases) {
    const ended = await run(args, compact, env);
    assert.notEqual(ended.exitCode, 0);
    assert.match(ended.stderr, message);
  }
});

test("while a server has the folder it is left alone", async () => {
  const data = await makeData("held");
  const folder = await openDataFolder(data, systemClock);
  const ended = await run(["--data", data]);
  folder.release();
  assert.notEqual(ended.exitCode, 0);
  assert.match(ended.stderr, /in use by process \d+/);
});
