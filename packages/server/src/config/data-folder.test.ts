import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, test } from "node:test";
import type { Clock } from "../base/clock.ts";
import { systemClock } from "../base/clock.ts";
import { openDataFolder } from "./data-folder.ts";

const root = mkdtempSync(join(tmpdir(), "trulinks-data-folder-"));
after(() => rmSync(root, { recursive: true, force: true }));

/** Five seconds of waiting pass at once. */
function hurriedClock(): Clock & { waitedMs(): number } {
  let nowMs = 0;
  return {
    ...systemClock,
    monotonic: () => nowMs,
    sleep: async (delayMs) => {
      nowMs += delayMs;
    },
    waitedMs: () => nowMs,
  };
}

async function startHolder(
  folder: string,
): Promise<{ pid: number; end(signal: NodeJS.Signals): Promise<void> }> {
  const url = (file: string) => JSON.stringify(new URL(file, import.meta.url).href);
  const program = `
    import { openDataFolder } from ${url("./data-folder.ts")};
    import { systemClock } from ${url("../base/clock.ts")};
    await openDataFolder(${JSON.stringify(folder)}, systemClock);
    console.log("held");
    setInterval(() => {}, 1000);`;
  const args = ["--conditions", "trulinks-source", "--input-type=module", "--eval", program];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  const [line] = await once(createInterface({ input: child.stdout }), "line");
  assert.equal(line, "held");
  return {
    pid: child.pid ?? 0,
    async end(signal) {
      child.kill(signal);
      await once(child, "exit");
    },
  };
}

test("a data folder is made with its parents, for its owner alone", async () => {
  const path = join(root, "made", "deep");
  const folder = await openDataFolder(path, systemClock);
  assert.equal(statSync(path).mode & 0o777, 0o700);
  assert.equal(folder.path, path);
  folder.release();
});

test("who holds the folder, and since when, lies beside the lock and goes with it", async () => {
  const path = join(root, "sidecar");
  const folder = await openDataFolder(path, { ...systemClock, now: () => Date.UTC(2026, 10, 23) });
  const { pid, since } = JSON.parse(readFileSync(join(path, "lock.json"), "utf8"));
  assert.deepEqual([pid, since], [process.pid, "2026-11-23T00:00:00.000Z"]);
  folder.release();
  assert(!existsSync(join(path, "lock.json")));
});

test("releasing twice is releasing once, and the next one gets in", async () => {
  const path = join(root, "released");
  const first = await openDataFolder(path, systemClock);
  first.release();
  const second = await openDataFolder(path, systemClock);
  first.release();
  await assert.rejects(openDataFolder(path, hurriedClock()), /is in use by process/);
  second.release();
});

test("a second one waits five seconds, then is told who holds the folder", async () => {
  const path = join(root, "held");
  const holder = await startHolder(path);
  const clock = hurriedClock();
  await assert.rejects(openDataFolder(path, clock), (error: Error) => {
    assert.equal(error.name, "StartRefused");
    assert.match(
      error.message,
      new RegExp(`^The data folder ${path} is in use by process ${holder.pid} on .+ since 20`),
    );
    return true;
  });
  assert(clock.waitedMs() >= 5_000 && clock.waitedMs() < 6_000);
  await holder.end("SIGTERM");
});

test("one that waits gets in as soon as the holder is gone", async () => {
  const path = join(root, "waited");
  const first = await openDataFolder(path, systemClock);
  const waiting = openDataFolder(path, systemClock);
  await systemClock.sleep(100);
  first.release();
  (await waiting).release();
});

test("a holder that was killed leaves nothing that stands in the way", async () => {
  const path = join(root, "killed");
  const holder = await startHolder(path);
  await holder.end("SIGKILL");
  assert(existsSync(join(path, "lock.json")), "it had no time to tidy up");
  const clock = hurriedClock();
  const folder = await openDataFolder(path, clock);
  assert.equal(clock.waitedMs(), 0);
  assert.equal(JSON.parse(readFileSync(join(path, "lock.json"), "utf8")).pid, process.pid);
  folder.release();
});

test("of many that start at once, one gets in", async () => {
  const path = join(root, "raced");
  const opened = await Promise.allSettled(
    Array.from({ length: 8 }, () => openDataFolder(path, hurriedClock())),
  );
  const held = opened.filter((one) => one.status === "fulfilled");
  assert.equal(held.length, 1);
  for (const { value } of held) value.release();
});

test("what lies beside the lock decides nothing and need not be readable", async () => {
  const path = join(root, "garbled");
  const folder = await openDataFolder(path, systemClock);
  writeFileSync(join(path, "lock.json"), "{");
  await assert.rejects(openDataFolder(path, hurriedClock()), /is in use by another process\./);
  folder.release();
});

const unusable: readonly (readonly [reason: string, message: RegExp, make: (path: string) => string])[] = [
  ["it is a file", /is a file, not a folder\. Choose another folder with --data DIR/, makeFile],
  ["it lies below a file", /lies below a file/, (path) => join(makeFile(path), "sub")],
  ["it cannot be made", /^The data folder \/proc\/.* cannot be made there/, () => "/proc/trulinks/data"],
  ["it is a circle of links", /is a circle of links/, (path) => join(makeCircle(path), "sub")],
  ["its lock is no database", /^The lock .*lock\.db cannot be taken \(.*\)\. See that/, makeBrokenLock],
];

function makeFile(path: string): string {
  writeFileSync(path, "");
  return path;
}

function makeCircle(path: string): string {
  symlinkSync(path, path);
  return path;
}

function makeBrokenLock(path: string): string {
  mkdirSync(path);
  writeFileSync(join(path, "lock.db"), "x".repeat(4_096));
  return path;
}

for (const [index, [reason, message, make]] of unusable.entries()) {
  test(`a data folder is refused in one clear sentence when ${reason}`, async () => {
    const path = make(join(root, `unusable-${index}`));
    await assert.rejects(openDataFolder(path, hurriedClock()), { name: "StartRefused", message });
  });
}

test("a folder that this process may not write is refused in one clear sentence", async () => {
  const module = JSON.stringify(new URL("./data-folder.ts", import.meta.url).href);
  // Root may write everywhere, so the child becomes nobody before it asks.
  const program = `
    const { openDataFolder } = await import(${module});
    if (process.getuid() === 0) { process.setgid(65534); process.setuid(65534); }
    await openDataFolder("/trulinks-nowhere", {}).catch((error) => console.log(error.message));`;
  const args = ["--conditions", "trulinks-source", "--input-type=module", "--eval", program];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  const [line] = await once(createInterface({ input: child.stdout }), "line");
  assert.match(
    String(line),
    /^The data folder \/trulinks-nowhere cannot be written by this process\. Choose/,
  );
});
