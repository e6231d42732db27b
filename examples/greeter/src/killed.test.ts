/** The greeter is killed again and again: every issue that it acknowledged is greeted, none twice. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { startPlatform } from "./testing/platform.ts";
import { settingsIn } from "./testing/running.ts";
import { until } from "./testing/until.ts";

const MAIN = new URL("./main.ts", import.meta.url).pathname;
const ISSUES = 6;

function spawnGreeter(env: Record<string, string>): ChildProcess {
  const flags = ["--conditions", "trulinks-source", MAIN];
  return spawn(process.execPath, flags, { env, stdio: ["ignore", "pipe", "ignore"] });
}

test("what was acknowledged is greeted once, however often the greeter is killed", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "greeter-killed-"));
  const platform = await startPlatform();
  const { port, tokensFile, clientId, clientSecret } = await settingsIn(folder, platform.url);
  const env = {
    GREETER_LISTEN: `127.0.0.1:${port}`,
    GREETER_DATA: folder,
    GREETER_TRULINKS_URL: platform.url,
    GREETER_CLIENT_ID: clientId,
    GREETER_CLIENT_SECRET: clientSecret,
    GREETER_TOKENS_FILE: tokensFile,
  };
  let asked = 0;
  platform.onComment = () => ({ kind: ++asked % 3 === 0 ? "stored-answer-lost" : "stored" });

  async function start(): Promise<ChildProcess> {
    const child = spawnGreeter(env);
    assert.ok(child.stdout);
    const [line] = await once(child.stdout, "data");
    assert.match(String(line), /^The greeter is ready: hok_1 delivers to http/);
    return child;
  }

  let child = await start();
  t.after(async () => {
    child.kill("SIGKILL");
    await platform.stop();
    await rm(folder, { recursive: true });
  });
  for (let number = 1; number <= ISSUES; number++) {
    const data = { issue: { number, title: "Leak", author: "linus" }, project: { id: 1 } };
    assert.equal(await platform.deliver({ signer: number % 2 ? "ada" : "grace", envelope: { data } }), 202);
    // Sometimes before the comment, sometimes between it and its record, sometimes after.
    const isSent = asked;
    if (number % 2) await until(() => asked > isSent);
    await sleep(Math.random() * 4);
    child.kill("SIGKILL");
    await once(child, "exit");
    child = await start();
  }
  await until(() => new Set(platform.comments.map((comment) => comment.issue)).size === ISSUES);
  assert.equal(platform.comments.length, ISSUES);

  child.kill("SIGTERM");
  const [code] = await once(child, "exit");
  assert.equal(code, 0, "SIGTERM stops it cleanly");
});

test("settings that are missing are all named", async () => {
  const child = spawn(process.execPath, ["--conditions", "trulinks-source", MAIN], {
    env: {},
    stdio: ["ignore", "ignore", "pipe"],
  });
  let text = "";
  child.stderr.on("data", (chunk) => {
    text += chunk;
  });
  await once(child, "close");
  assert.equal(child.exitCode, 1);
  for (const name of ["GREETER_CLIENT_ID", "GREETER_CLIENT_SECRET_FILE", "GREETER_TOKENS_FILE"])
    assert.ok(text.includes(name));
});
