import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { test } from "node:test";

const module = JSON.stringify(new URL("./signals.ts", import.meta.url).href);

async function startChild(onStop: string): Promise<{ child: ChildProcess; nextLine: () => Promise<string> }> {
  const program = `
    import { onStopSignal } from ${module};
    const alive = setInterval(() => {}, 1000);
    const off = onStopSignal((signal) => { console.log("stopping by " + signal); ${onStop} });
    console.log("ready");`;
  const child = spawn(process.execPath, ["--input-type=module", "--eval", program], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const nextLine = async () => String((await lines.next()).value);
  assert.equal(await nextLine(), "ready");
  return { child, nextLine };
}

for (const signal of ["SIGTERM", "SIGINT"] as const) {
  test(`${signal} runs the stop, and the process ends by itself`, async () => {
    const { child, nextLine } = await startChild("clearInterval(alive); off();");
    child.kill(signal);
    assert.equal(await nextLine(), `stopping by ${signal}`);
    assert.deepEqual(await once(child, "exit"), [0, null]);
  });
}

for (const [second, exitCode] of [
  ["SIGTERM", 143],
  ["SIGINT", 130],
] as const) {
  test(`a second signal, ${second}, ends a stop that takes too long at once with ${exitCode}`, async () => {
    const { child, nextLine } = await startChild("");
    child.kill("SIGTERM");
    assert.equal(await nextLine(), "stopping by SIGTERM");
    child.kill(second);
    assert.deepEqual(await once(child, "exit"), [exitCode, null]);
  });
}
