/** The command file as people meet it: started by any Node, from any folder, with and without the pinned Node. */
import assert from "node:assert/strict";
import { type SpawnSyncReturns, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";

const BIN = fileURLToPath(new URL(".", import.meta.url));
const GUARD = fileURLToPath(new URL("../../../scripts", import.meta.url));
const MISSING =
  /^TruLinks needs Node 26, but this is Node [\d.]+ and .*: run `npm ci` without `--ignore-scripts`\.\n$/;
const TOO_OLD =
  /^TruLinks needs Node 26 or newer, but this is Node [\d.]+: install one from https:\/\/nodejs\.org\.\n$/;

const folders: string[] = [];
after(() => {
  for (const folder of folders) rmSync(folder, { recursive: true });
});

interface Checkout {
  readonly root: string;
  readonly command: string;
}

/** A checkout in small, whose `main.ts` (TypeScript, so that only the right Node can run it) is given. */
function makeCheckout(main: string | null, pinned: "node" | "without binary" | "none"): Checkout {
  const root = mkdtempSync(join(tmpdir(), "trulinks-command-"));
  folders.push(root);
  const server = join(root, "packages/server");
  cpSync(BIN, join(server, "bin"), { recursive: true });
  cpSync(GUARD, join(root, "scripts"), { recursive: true });
  writeFileSync(join(server, "package.json"), '{ "type": "module" }');
  writeFileSync(join(root, "package.json"), '{ "type": "module" }');
  if (main !== null) {
    mkdirSync(join(server, "src"));
    writeFileSync(join(server, "src/main.ts"), main);
  }
  if (pinned !== "none") {
    mkdirSync(join(root, "node_modules/node/bin"), { recursive: true });
    writeFileSync(join(root, "node_modules/node/package.json"), '{ "name": "node" }');
  }
  if (pinned === "node") symlinkSync(process.execPath, join(root, "node_modules/node/bin/node"));
  return { root, command: join(server, "bin/trulinks.js") };
}

function run(node: string, args: readonly string[], cwd: string): SpawnSyncReturns<string> {
  return spawnSync(node, args, { cwd, encoding: "utf8" });
}

/** A Node that is older than the pinned one, if this machine has one outside the checkout. */
function findOlderNode(): string | null {
  const places = (process.env["PATH"] ?? "").split(":").map((folder) => join(folder, "node"));
  for (const place of [...places, "/usr/local/bin/node", "/usr/bin/node"]) {
    if (!existsSync(place)) continue;
    const major = Number(run(place, ["--print", "process.versions.node.split('.')[0]"], "/").stdout);
    if (major > 0 && major < 26) return place;
  }
  return null;
}

/** Pretends to be an old Node: the command only looks at the version that the process tells. */
function asOldNode(checkout: Checkout): readonly string[] {
  const preload = join(checkout.root, "old.mjs");
  writeFileSync(
    preload,
    'Object.defineProperty(process.versions, "node", { value: "20.20.2" }); process.execve = undefined;',
  );
  return ["--import", preload];
}

const TELL =
  "const argv: string[] = process.argv; console.log(process.pid, process.version, ...argv.slice(2));";

test("it becomes the pinned Node: same process, arguments as given, nothing else printed", async () => {
  const { root, command } = makeCheckout(TELL, "node");
  const child = spawn(process.execPath, [command, "up", "--data", "a b"], { cwd: root });
  let output = "";
  child.stdout.on("data", (chunk) => {
    output += chunk;
  });
  let complaints = "";
  child.stderr.on("data", (chunk) => {
    complaints += chunk;
  });
  const [code] = await once(child, "close");
  assert.equal(output, `${child.pid} ${process.version} up --data a b\n`);
  assert.equal(complaints, "");
  assert.equal(code, 0);
});

test("a Node that cannot replace itself starts the pinned one, and ends as it ends", () => {
  const checkout = makeCheckout(`${TELL} process.exitCode = 7;`, "node");
  const ended = run(
    process.execPath,
    [...asOldNode(checkout), checkout.command, "config", "print"],
    checkout.root,
  );
  assert.match(ended.stdout, / config print\n$/);
  assert.equal(ended.stderr, "");
  assert.equal(ended.status, 7);
});

test("what stops that older Node stops the pinned one, once and cleanly", async () => {
  const main = `let stops: number = 0;
    process.on("SIGTERM", () => { stops++; setTimeout(() => { console.log("stopped", stops); process.exit(5); }, 50); });
    setInterval(() => {}, 1_000);
    console.log("ready");`;
  const checkout = makeCheckout(main, "node");
  const child = spawn(process.execPath, [...asOldNode(checkout), checkout.command, "up"], {
    cwd: checkout.root,
  });
  let output = "";
  child.stdout.on("data", (chunk) => {
    output += chunk;
    if (output === "ready\n") child.kill("SIGTERM");
  });
  const [code] = await once(child, "close");
  assert.equal(output, "ready\nstopped 1\n");
  assert.equal(code, 5);
});

// The cases above pretend; where a real one is at hand, it has to agree.
const older = findOlderNode();
if (older !== null) {
  test("a real older Node does the same", () => {
    const checkout = makeCheckout(TELL, "node");
    const ended = run(older, [checkout.command, "up"], join(checkout.root, "packages"));
    assert.match(ended.stdout, new RegExp(` ${process.version} up\n$`));
    assert.equal(ended.status, 0);
  });
}

const without: readonly [string, "without binary" | "none", string | null, RegExp][] = [
  ["an install without scripts", "without binary", TELL, MISSING],
  ["no install at all", "none", TELL, MISSING],
  ["a published package under an old Node", "none", null, TOO_OLD],
];

for (const [name, pinned, main, sentence] of without) {
  test(`${name} ends in one sentence that says how to mend it`, () => {
    const checkout = makeCheckout(main, pinned);
    const ended = run(process.execPath, [...asOldNode(checkout), checkout.command, "up"], checkout.root);
    assert.match(ended.stderr, sentence);
    assert.equal(ended.stdout, "");
    assert.equal(ended.status, 1);
  });
}

test("npm scripts go through a guard that says the same", () => {
  const checkout = makeCheckout(TELL, "without binary");
  const guard = join(checkout.root, "scripts/require-node.js");
  const old = run(process.execPath, [...asOldNode(checkout), guard], checkout.root);
  assert.match(old.stderr, MISSING);
  assert.equal(old.status, 1);
  const good = run(process.execPath, [guard], checkout.root);
  assert.deepEqual([good.status, good.stdout, good.stderr], [0, "", ""]);
});
