import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { systemClock } from "../../base/clock.ts";
import { type Child, startChild } from "./child.ts";

let folder: string;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), "demo-child-"));
});
after(() => rm(folder, { recursive: true }));

const STOPS = `process.on("SIGTERM", () => process.exit(0)); process.on("disconnect", () => process.exit(0));`;

async function start(program: string): Promise<{ readonly child: Child; readonly lines: string[] }> {
  const main = join(folder, "program.mjs");
  await writeFile(main, program);
  const lines: string[] = [];
  const onLine = (line: string): void => void lines.push(line);
  return { child: startChild({ name: "The program", main, env: {}, clock: systemClock, onLine }), lines };
}

async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await sleep(5);
}

test("it is ready with its first line, and stopped without a word", async () => {
  const { child, lines } = await start(`${STOPS} console.log("ready"); setInterval(() => {}, 1000);`);
  await child.ready;
  await child.stop();
  assert.deepEqual(lines, []);
});

test("one that cannot start says why, in one sentence", async () => {
  const { child } = await start(`console.error("Port 80 is taken."); process.exit(1);`);
  await assert.rejects(child.ready, { message: "The program ended with exit code 1: Port 80 is taken." });
  await child.stop();
});

test("what it says to its operator is passed on, and its crash reported in one sentence", async () => {
  const { child, lines } = await start(
    `console.log("ready"); console.error("careful"); setTimeout(() => process.kill(process.pid, "SIGKILL"), 50);`,
  );
  await child.ready;
  await until(() => lines.length === 2);
  assert.deepEqual(lines, ["The program: careful", "The program ended by SIGKILL: careful"]);
  await child.stop();
});

test("it hears of it when its parent is killed", async () => {
  const gone = join(folder, "gone");
  await writeFile(
    join(folder, "program.mjs"),
    `import { writeFileSync } from "node:fs";
     process.on("disconnect", () => { writeFileSync(${JSON.stringify(gone)}, ""); process.exit(0); });
     console.log("ready");
     setInterval(() => {}, 1000);`,
  );
  const source = (path: string): string => JSON.stringify(new URL(path, import.meta.url).href);
  await writeFile(
    join(folder, "parent.mjs"),
    `import { startChild } from ${source("./child.ts")};
     import { systemClock } from ${source("../../base/clock.ts")};
     const main = ${JSON.stringify(join(folder, "program.mjs"))};
     const child = startChild({ name: "The program", main, env: {}, clock: systemClock, onLine() {} });
     await child.ready;
     console.log("ready");
     setInterval(() => {}, 1000);`,
  );
  const parent = spawn(process.execPath, ["--conditions", "trulinks-source", join(folder, "parent.mjs")], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  await once(parent.stdout, "data");
  assert.equal(existsSync(gone), false);
  parent.kill("SIGKILL");
  await until(() => existsSync(gone));
});
