/** The whole demo, as `npm start` runs it: real processes, real ports, and what its screen tells people to paste. */
import assert from "node:assert/strict";
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { makeSelfSigned } from "../../../../../test/certificates.ts";

const MAIN = new URL("../../main.ts", import.meta.url).pathname;
const FIRST_LIVE_LINE = /^\d+ requests? · /m;

interface Run {
  readonly process: ChildProcess;
  /** What stood on standard output when everything was ready. */
  readonly screen: string;
  stdout(): string;
  stderr(): string;
}

const started: ChildProcess[] = [];
let folder: string;
let dataFolder: string;
let listen: { TRULINKS_PUBLIC: string; TRULINKS_PROVIDER: string };
before(async () => {
  folder = await mkdtemp(join(tmpdir(), "demo-run-"));
  dataFolder = join(folder, "data");
  const [publicPort, providerPort] = [await freePort(), await freePort()];
  listen = { TRULINKS_PUBLIC: `127.0.0.1:${publicPort}`, TRULINKS_PROVIDER: `127.0.0.1:${providerPort}` };
});
after(async () => {
  // A promise that was broken above may have left one running.
  for (const process of started) process.kill("SIGKILL");
  await rm(folder, { recursive: true });
});

async function startRun(env: Record<string, string>): Promise<Run> {
  const child = spawn(process.execPath, ["--conditions", "trulinks-source", MAIN, "up", "--demo"], {
    cwd: folder,
    env: { TRULINKS_DATA: dataFolder, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  started.push(child);
  let stdout = "";
  let stderr = "";
  child.stdout.on("data", (chunk) => {
    stdout += chunk;
  });
  child.stderr.on("data", (chunk) => {
    stderr += chunk;
  });
  while (!FIRST_LIVE_LINE.test(stdout)) {
    assert.equal(child.exitCode, null, stderr);
    await sleep(10);
  }
  return { process: child, screen: stdout, stdout: () => stdout, stderr: () => stderr };
}

async function stopRun(run: Run): Promise<void> {
  run.process.kill("SIGINT");
  const [code] = await once(run.process, "exit");
  assert.equal(code, 0, run.stderr());
  assert.equal(run.stderr(), "");
}

/** The lines that people are told to paste, each run by a shell as it stands. */
async function paste(run: Run): Promise<unknown[]> {
  const lines = run.screen.split("\n").filter((line) => line.startsWith("curl "));
  assert.equal(lines.length, 3);
  const answers: unknown[] = [];
  for (const line of lines) {
    assert.doesNotMatch(line, /[|$]/);
    const { stdout } = await promisify(execFile)("sh", ["-c", line]);
    answers.push(JSON.parse(stdout));
  }
  return answers;
}

function shownAt(run: Run, label: string): string {
  return new RegExp(`${label} +(\\S+)`).exec(run.screen)?.[1] ?? "";
}

test("the screen's lines work as printed, and the greeter greets", async () => {
  const run = await startRun(listen);
  const [issue, deliveries, quota] = await paste(run);
  assert.partialDeepStrictEqual(issue, { number: 1, title: "Hello", author: "ada" });
  assert.ok(Array.isArray((deliveries as { data: unknown }).data));
  assert.partialDeepStrictEqual(quota, { resources: { core: { limit: 5_000 } } });

  const publicUrl = shownAt(run, "for integrators");
  assert.equal(publicUrl, `http://${listen.TRULINKS_PUBLIC}`);
  const comments = await waitFor(async () => {
    const answer = await fetch(`${publicUrl}/projects/1/issues/1/comments`);
    const found = (await answer.json()) as { body: string }[];
    return found.length > 0 ? found : null;
  });
  assert.equal(comments.length, 1);
  assert.match(comments[0]?.body ?? "", /@ada/);

  const operatorKey = await readFile(shownAt(run, "operator key"), "utf8");
  assert.equal(run.screen.includes(operatorKey.trim()), false);
  await waitFor(async () => (/ [1-9][0-9]* events · [1-9][0-9]* delivered/.test(run.stdout()) ? true : null));
  await stopRun(run);
  assert.ok(
    [...run.stdout()].every((character) => character >= " " || character === "\n"),
    "no control codes",
  );
});

test("a second start finds its data, on any ports, with a fresh token", async () => {
  const first = await startRun(listen);
  const before = shownAt(first, "fresh token");
  await stopRun(first);

  const run = await startRun({ TRULINKS_PUBLIC: "127.0.0.1:0", TRULINKS_PROVIDER: "127.0.0.1:0" });
  assert.notEqual(shownAt(run, "fresh token"), before);
  assert.equal(shownAt(run, "tracker "), shownAt(first, "tracker "));
  const publicUrl = shownAt(run, "for integrators");
  const stale = await fetch(`${publicUrl}/rate_limit`, { headers: { authorization: `Bearer ${before}` } });
  assert.equal(stale.status, 401);
  const [issue] = await paste(run);
  assert.partialDeepStrictEqual(issue, { number: 2 });

  const authorization = `Bearer ${(await readFile(shownAt(run, "operator key"), "utf8")).trim()}`;
  const hooks = await fetch(`${shownAt(run, "for the provider")}/v1/hooks`, { headers: { authorization } });
  assert.equal(
    ((await hooks.json()) as { data: unknown[] }).data.length,
    1,
    "the greeter found its hook again",
  );
  await stopRun(run);
});

test("under TLS everything trusts the certificate that was given, and a given key is named, not shown", async () => {
  const [cert, key] = [join(folder, "cert.pem"), join(folder, "key.pem")];
  const issued = await makeSelfSigned({ hosts: ["127.0.0.1"] });
  await writeFile(cert, issued.cert);
  await writeFile(key, issued.key);
  const run = await startRun({
    TRULINKS_DATA: join(folder, "tls"),
    TRULINKS_PUBLIC: "127.0.0.1:0",
    TRULINKS_PROVIDER: "127.0.0.1:0",
    TRULINKS_OPERATOR_KEY: "operator-key-of-the-demo-under-tls",
    TRULINKS_TLS_CERT: cert,
    TRULINKS_TLS_KEY: key,
  });
  const [issue] = await paste(run);
  assert.partialDeepStrictEqual(issue, { number: 1 });
  assert.match(run.screen, /operator key +given by TRULINKS_OPERATOR_KEY$/m);
  // The issue was told through the provider listener and delivered to the greeter.
  await waitFor(async () => (/ [1-9][0-9]* events · [1-9][0-9]* delivered/.test(run.stdout()) ? true : null));
  await stopRun(run);
});

test("whatever happens to the platform, its programs do not outlive it", async () => {
  const run = await startRun(listen);
  run.process.kill("SIGKILL");
  await once(run.process, "exit");
  for (const label of ["tracker ", "greeter "]) {
    const { port } = new URL(shownAt(run, label));
    await waitFor(async () => ((await isListening(Number(port))) ? null : true));
  }
  await stopRun(await startRun(listen));
});

async function waitFor<Found>(look: () => Promise<Found | null>): Promise<Found> {
  for (;;) {
    const found = await look();
    if (found !== null) return found;
    await sleep(20);
  }
}

function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === "object" && address ? address.port : 0;
}
