import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { Command } from "commander";
import { systemClock } from "../base/clock.ts";
import { systemDice } from "../base/dice.ts";
import { createLog } from "../base/log.ts";
import type { Secret } from "../base/secret.ts";
import { openDataFolder } from "../config/data-folder.ts";
import { loadSecretKey, makeSecretKey, pendingKeyPath } from "../config/keys.ts";
import { openSecrets } from "../secrets/open.ts";
import { openStorage } from "../storage/open.ts";
import type { CommandIo } from "./command-io.ts";
import { type Ended, runRecorded } from "./recorded-io.contract.ts";
import { secretsCommand } from "./secrets.ts";

const root = mkdtempSync(join(tmpdir(), "trulinks-secrets-"));
after(() => rmSync(root, { recursive: true, force: true }));

const log = createLog({ level: "silent" });

/** What a start of the server does with the key; answers with the master key, which has to stay the same. */
async function start(data: string, given: Secret | null = null): Promise<string> {
  const folder = await openDataFolder(data, systemClock);
  const storage = await openStorage({
    dataFolder: data,
    databaseUrl: null,
    clock: systemClock,
    dice: systemDice,
    log,
  });
  try {
    const secretKey = loadSecretKey(given, data, systemDice);
    const { masterKey } = await openSecrets(storage.secrets, secretKey, systemDice);
    return Buffer.from(masterKey).toString("hex");
  } finally {
    await storage.close();
    folder.release();
  }
}

function run(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Ended> {
  const build = (io: CommandIo) => new Command("trulinks").addCommand(secretsCommand(io, openStorage));
  return runRecorded(build, ["secrets", ...args], { env, cwd: root });
}

let folders = 0;
function newPath(): string {
  return join(root, String(folders++));
}

function keyIn(data: string): string {
  return readFileSync(join(data, "secret.key"), "utf8").trim();
}

test("a new key is made and takes the old one's place; everything opens as before", async () => {
  const data = newPath();
  const masterKey = await start(data);
  const oldKey = keyIn(data);
  const { stdout, stderr, exitCode } = await run(["rekey", "--data", data]);
  assert.deepEqual([stderr, exitCode], ["", 0]);
  assert.match(stdout, /^2 secrets are sealed with the new key\.$/m);
  assert.notEqual(keyIn(data), oldKey);
  assert(!stdout.includes(keyIn(data)), "the key is not shown");
  assert(!existsSync(pendingKeyPath(data)));
  assert.equal(await start(data), masterKey);

  writeFileSync(join(data, "secret.key"), oldKey, { mode: 0o600 });
  await assert.rejects(start(data), { name: "WrongSecretKey" });
});

test("programs get the outcome as JSON and nothing else", async () => {
  const data = newPath();
  await start(data);
  const { stdout } = await run(["rekey", "--data", data, "--json"]);
  assert.deepEqual(JSON.parse(stdout), { sealed: 2, key_file: join(data, "secret.key") });
});

function newKeyFile(mode = 0o600): { path: string; key: Secret } {
  const key = makeSecretKey(systemDice);
  const path = newPath();
  writeFileSync(path, `${key.reveal()}\n`, { mode });
  return { path, key };
}

test("the new key may come from a file, and again changes nothing", async () => {
  const data = newPath();
  const masterKey = await start(data);
  const { path, key } = newKeyFile();
  await run(["rekey", "--data", data, "--new-key-file", path]);
  assert.equal(keyIn(data), key.reveal());
  assert.equal(await start(data), masterKey);
  const again = await run(["rekey", "--data", data, "--new-key-file", path]);
  assert.deepEqual([again.stdout, again.exitCode], ["Everything is sealed with that key already.\n", 0]);
});

test("a key that a variable gives is changed for the one in the file, which the variable is to be set to", async () => {
  const data = newPath();
  const oldKey = makeSecretKey(systemDice);
  const masterKey = await start(data, oldKey);
  const { path, key } = newKeyFile();
  const env = { TRULINKS_SECRET_KEY: oldKey.reveal() };
  const { stdout, exitCode } = await run(["rekey", "--data", data, "--new-key-file", path], env);
  assert.equal(exitCode, 0);
  assert.match(stdout, /^Now put it in the old one's place: TRULINKS_SECRET_KEY\.$/m);
  assert(!existsSync(join(data, "secret.key")));
  assert.equal(await start(data, key), masterKey);
  await assert.rejects(start(data, oldKey), { name: "WrongSecretKey" });

  // As after a crash: the variable still has the old key, and the same command is given again.
  const again = await run(["rekey", "--data", data, "--new-key-file", path, "--json"], env);
  assert.deepEqual([JSON.parse(again.stdout), again.exitCode], [{ sealed: 0, key_file: null }, 0]);
});

const refused: readonly (readonly [
  reason: string,
  message: RegExp,
  prepare: () => Promise<{ args: readonly string[]; env?: Record<string, string> }>,
])[] = [
  [
    "there is no key yet",
    /^There is no secret key to change: .*secret\.key is not there/,
    async () => ({ args: ["--data", newPath()] }),
  ],
  [
    "a variable gives the key and no file the new one",
    /^The secret key is given by TRULINKS_SECRET_KEY, .*--new-key-file FILE\.$/,
    async () => ({ args: [], env: { TRULINKS_SECRET_KEY: makeSecretKey(systemDice).reveal() } }),
  ],
  [
    "the file with the new key is not there",
    /^The file .*nowhere with the new key is not there\.$/,
    async () => ({ args: ["--new-key-file", "nowhere"] }),
  ],
  [
    "others can read the file with the new key",
    /can be read by others \(mode 644\)\. Run: chmod 600/,
    async () => ({ args: ["--new-key-file", newKeyFile(0o644).path] }),
  ],
  [
    "the old key is a wrong one",
    /^The secret key is not the one that this store's secrets are sealed with/,
    async () => {
      const data = newPath();
      await start(data);
      writeFileSync(join(data, "secret.key"), makeSecretKey(systemDice).reveal());
      return { args: ["--data", data] };
    },
  ],
];

for (const [reason, message, prepare] of refused) {
  test(`rekeying is refused with one message and exit code 1 when ${reason}`, async () => {
    const { args, env } = await prepare();
    const { stdout, stderr, exitCode } = await run(["rekey", ...args], env);
    assert.deepEqual([stdout, exitCode], ["", 1]);
    assert.match(stderr.trimEnd(), message);
  });
}

test("while a server runs, rekeying waits and then says who is in the way", async () => {
  const data = newPath();
  await start(data);
  const folder = await openDataFolder(data, systemClock);
  const { stderr, exitCode } = await run(["rekey", "--data", data]);
  folder.release();
  assert.equal(exitCode, 1);
  assert.match(stderr, new RegExp(`is in use by process ${process.pid} `));
});

/** Runs the command in a process that is killed at the given step of it. */
async function runKilled(data: string, step: "before" | "after"): Promise<void> {
  const url = (file: string) => JSON.stringify(new URL(file, import.meta.url).href);
  const program = `
    import { Command } from "commander";
    import { openStorage } from ${url("../storage/open.ts")};
    import { processIo, runProgram } from ${url("./command-io.ts")};
    import { secretsCommand } from ${url("./secrets.ts")};
    const die = () => process.kill(process.pid, "SIGKILL");
    const open = async (options) => {
      const storage = await openStorage(options);
      const rekey = async (...keys) => {
        if (${JSON.stringify(step)} === "before") die();
        await storage.secrets.rekey(...keys);
        die();
      };
      return { ...storage, secrets: { ...storage.secrets, rekey } };
    };
    const io = processIo();
    const args = ["secrets", "rekey", "--data", ${JSON.stringify(data)}];
    await runProgram(new Command().addCommand(secretsCommand(io, open)), args, io);`;
  // Without --input-type: the store's thread would inherit it.
  const args = ["--conditions", "trulinks-source", "--eval", program];
  const child = spawn(process.execPath, args, {
    stdio: ["ignore", "ignore", "inherit"],
    env: {},
    cwd: import.meta.dirname,
  });
  assert.deepEqual(await once(child, "exit"), [null, "SIGKILL"]);
}

for (const [step, isNew] of [
  ["before", false],
  ["after", true],
] as const) {
  test(`killed ${step} the store is sealed anew, the next start finds the key that holds`, async () => {
    const data = newPath();
    const masterKey = await start(data);
    const oldKey = keyIn(data);
    await runKilled(data, step);
    assert(existsSync(pendingKeyPath(data)));
    assert.equal(keyIn(data), oldKey);

    assert.equal(await start(data), masterKey);
    assert.equal(keyIn(data) !== oldKey, isNew);
    assert(!existsSync(pendingKeyPath(data)));
    assert.equal(await start(data), masterKey);
  });

  test(`killed ${step} the store is sealed anew, rekeying once more works, too`, async () => {
    const data = newPath();
    const masterKey = await start(data);
    await runKilled(data, step);
    const { exitCode, stderr } = await run(["rekey", "--data", data]);
    assert.deepEqual([exitCode, stderr], [0, ""]);
    assert.equal(await start(data), masterKey);
  });
}
