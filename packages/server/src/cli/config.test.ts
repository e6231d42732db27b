import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { Command } from "commander";
import { OPTION_PATHS } from "../config/options.ts";
import type { CommandIo } from "./command-io.ts";
import { configCommand } from "./config.ts";
import { runRecorded } from "./recorded-io.contract.ts";

const root = mkdtempSync(join(tmpdir(), "trulinks-config-"));
after(() => rmSync(root, { recursive: true, force: true }));

const KEY = "s3cret-s3cret-s3cret-s3cret";

let folders = 0;
async function run(
  args: readonly string[],
  { env = {}, files = {} }: { env?: Record<string, string>; files?: Record<string, string> } = {},
) {
  const cwd = mkdtempSync(join(root, `${folders++}-`));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(cwd, name), text);
  const build = (io: CommandIo) => new Command("trulinks").addCommand(configCommand(io));
  return { ...(await runRecorded(build, ["config", ...args], { env, cwd })), cwd };
}

test("a good configuration is said to be good", async () => {
  const none = await run(["check"]);
  assert.deepEqual(
    [none.stdout, none.stderr, none.exitCode],
    ["The configuration is good (no file).\n", "", 0],
  );
  const some = await run(["check"], { files: { "trulinks.yaml": "log: {level: warn}\n" } });
  assert.deepEqual([some.stdout, some.exitCode], ["The configuration is good (trulinks.yaml).\n", 0]);
});

test("all flaws are told on standard error, one a line, and the exit code is 1", async () => {
  const { stdout, stderr, exitCode } = await run(["check", "--public", "x"], {
    files: { "trulinks.yaml": "log: {levle: warn}\n" },
    env: { TRULINKS_OPERATOR_KEY: "s3cret" },
  });
  assert.equal(stdout, "");
  assert.equal(exitCode, 1);
  const lines = stderr.trimEnd().split("\n");
  assert.equal(lines.length, 3, stderr);
  assert.match(
    lines[0] ?? "",
    /^trulinks\.yaml:1:7: There is no option log\.levle\. Did you mean log\.level\?$/,
  );
  assert.doesNotMatch(stderr, /s3cret/);
});

test("programs get the flaws as JSON, and the exit code is 1 all the same", async () => {
  const { stdout, stderr, exitCode } = await run(["check", "--json", "--public", "x"]);
  assert.deepEqual([stderr, exitCode], ["", 1]);
  const { ok, flaws } = JSON.parse(stdout);
  assert.equal(ok, false);
  assert.deepEqual(flaws[0].place, { kind: "flag", flag: "--public" });
  assert.equal(flaws[0].path, "public.listen");
  const good = await run(["check", "--json"]);
  assert.deepEqual([JSON.parse(good.stdout), good.exitCode], [{ ok: true, flaws: [] }, 0]);
});

test("the files that options name are checked too", async () => {
  const { stderr, exitCode } = await run(
    ["check", "--policy", "policy.yaml", "--tls-cert", "no.pem", "--tls-key", "no.key"],
    { files: { "policy.yaml": "webhooks: {ack_deadline_ms: 1}\n" } },
  );
  assert.equal(exitCode, 1);
  assert.match(stderr, /^--tls-cert: tls\.cert: The file .*no\.pem is not there\.$/m);
  assert.match(stderr, /^--tls-key: tls\.key: /m);
  assert.match(stderr, /^policy\.yaml:1:29: webhooks\.ack_deadline_ms is 1\. Expected a whole number/m);
});

test("every option is shown with its value and where it comes from, secrets masked", async () => {
  const { stdout, cwd, exitCode } = await run(["print", "--provider", "127.0.0.1:9"], {
    files: { "trulinks.yaml": "upstream:\n  timeout_ms: 500\n" },
    env: {
      TRULINKS_OPERATOR_KEY: KEY,
      TRULINKS_SECRET_KEY: Buffer.alloc(32).toString("base64"),
      TRULINKS_DATABASE_URL: "postgres://u:s3cret@db/x",
      TRULINKS_ALLOW_ADDRESSES: "127.0.0.0/8,::1",
    },
  });
  assert.equal(exitCode, 0);
  const rows = stdout
    .trimEnd()
    .split("\n")
    .map((line) => line.split(/ {2,}/));
  assert.deepEqual(
    rows.map(([path]) => path),
    [...OPTION_PATHS],
  );
  const shown = Object.fromEntries(rows.map(([path, ...rest]) => [path, rest]));
  assert.deepEqual(shown["upstream.timeout_ms"], ["500", "trulinks.yaml:2:15"]);
  assert.deepEqual(shown["upstream.url"], ["-", "default"]);
  assert.deepEqual(shown["provider.listen"], ["127.0.0.1:9", "--provider"]);
  assert.deepEqual(shown.operator_key, ["•••", "TRULINKS_OPERATOR_KEY"]);
  assert.deepEqual(shown["database.url"], ["postgres://u:•••@db/x", "TRULINKS_DATABASE_URL"]);
  assert.deepEqual(shown["hooks.allow_addresses"], ["[127.0.0.0/8, ::1/128]", "TRULINKS_ALLOW_ADDRESSES"]);
  assert.deepEqual(shown.data, [join(cwd, ".trulinks"), "default"]);
  assert.doesNotMatch(stdout, /s3cret/);
});

test("programs get the same as JSON", async () => {
  const { stdout } = await run(["print", "--json", "--log-level", "debug"], {
    env: { TRULINKS_OPERATOR_KEY: KEY },
  });
  const { options } = JSON.parse(stdout);
  assert.deepEqual(Object.keys(options), [...OPTION_PATHS]);
  assert.deepEqual(options["log.level"], { value: "debug", source: { kind: "flag", flag: "--log-level" } });
  assert.deepEqual(options["upstream.timeout_ms"], { value: 30_000, source: { kind: "default" } });
  assert.equal(options.operator_key.value, "•••");
});

test("what cannot be loaded is not printed", async () => {
  const { stdout, stderr, exitCode } = await run(["print", "--log-level", "loud"]);
  assert.deepEqual([stdout, exitCode], ["", 1]);
  assert.match(stderr, /^--log-level: log\.level is "loud"\. Expected one of debug/);
});

for (const [reason, args] of [
  ["an unknown flag", ["check", "--publik", "x"]],
  ["a flag without its value", ["check", "--public"]],
  ["an unknown command", ["chek"]],
  ["an argument too many", ["check", "x"]],
] as const) {
  test(`${reason} is called wrong on standard error, and the exit code is 2`, async () => {
    const { stdout, stderr, exitCode } = await run(args);
    assert.deepEqual([stdout, exitCode], ["", 2]);
    assert.match(stderr, /^error: .*/);
    assert.match(stderr, /--help/);
  });
}

test("the help has examples that work as written", async () => {
  const { stdout, exitCode } = await run(["--help"]);
  assert.equal(exitCode, 0);
  const examples = [...stdout.matchAll(/^ +\$ trulinks config (.*?)(?: {2,}.*)?$/gm)].map(
    ([, args = ""]) => args,
  );
  assert(examples.length >= 4);
  for (const example of examples) {
    const ended = await run(example.split(" "), { files: { "trulinks.yaml": "" } });
    assert.deepEqual([ended.exitCode, ended.stderr], [0, ""], example);
  }
});
