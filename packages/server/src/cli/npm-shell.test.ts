import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, test } from "node:test";

const MAIN = new URL("../main.ts", import.meta.url).pathname;

const root = mkdtempSync(join(tmpdir(), "trulinks-npm-shell-"));
after(() => rmSync(root, { recursive: true, force: true }));

/** The platform as npm starts it: in a shell, which waits for it. */
function startInShell(data: string, env: Readonly<Record<string, string>>) {
  const command = `"${process.execPath}" --conditions trulinks-source "${MAIN}" up & echo $!; wait $!`;
  return spawn("sh", ["-c", command], {
    env: { TRULINKS_DATA: data, TRULINKS_PUBLIC: "127.0.0.1:0", TRULINKS_PROVIDER: "127.0.0.1:0", ...env },
    stdio: ["ignore", "pipe", "ignore"],
  });
}

/** Kills the shell once the platform is up; answers with the platform's own process. */
async function killShell(shell: ReturnType<typeof startInShell>): Promise<number> {
  const lines = createInterface({ input: shell.stdout })[Symbol.asyncIterator]();
  const pid = Number((await lines.next()).value);
  assert.equal((await lines.next()).value, "TruLinks is up.");
  shell.kill("SIGTERM");
  return pid;
}

test("when npm's shell is ended, the platform stops cleanly and frees its data folder", async () => {
  const data = join(root, "npm");
  const shell = startInShell(data, { npm_command: "start" });
  const closed = once(shell, "close");
  await killShell(shell);
  // Standard output is closed by the last who holds it, which is the platform.
  await closed;
  assert.ok(existsSync(join(data, "trulinks.db")));
  assert.ok(!existsSync(join(data, "lock.json")));
});

test("a shell that is not npm's may go, as one that started a server in the background does", async () => {
  const data = join(root, "other");
  const shell = startInShell(data, {});
  const closed = once(shell, "close");
  const exited = once(shell, "exit");
  const pid = await killShell(shell);
  await exited;
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  assert.ok(existsSync(join(data, "lock.json")));
  process.kill(pid, "SIGTERM");
  await closed;
});
