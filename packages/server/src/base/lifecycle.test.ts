import assert from "node:assert/strict";
import { test } from "node:test";
import { createLifecycle, type Part } from "./lifecycle.ts";
import { createLog } from "./log.ts";

function setup() {
  const steps: string[] = [];
  const lines: string[] = [];
  const log = createLog({ level: "info", destination: { write: (line: string) => void lines.push(line) } });
  const part = (name: string, behaviour: Partial<Pick<Part, "start" | "stop">> = {}): Part => ({
    name,
    async start() {
      steps.push(`start ${name}`);
      await behaviour.start?.();
    },
    async stop() {
      await behaviour.stop?.();
      steps.push(`stop ${name}`);
    },
  });
  return { steps, lines, part, lifecycle: createLifecycle(log) };
}

test("parts start in order and stop in reverse", async () => {
  const { steps, part, lifecycle } = setup();
  await lifecycle.start([part("a"), part("b"), part("c")]);
  await lifecycle.stop();
  assert.deepEqual(steps, ["start a", "start b", "start c", "stop c", "stop b", "stop a"]);
});

test("each part has started before the next begins, and has stopped before the next ends", async () => {
  const { steps, part, lifecycle } = setup();
  const slowly = async () => {
    await new Promise((resolve) => setImmediate(resolve));
    steps.push("slow");
  };
  await lifecycle.start([part("a", { start: slowly }), part("b", { stop: slowly })]);
  await lifecycle.stop();
  assert.deepEqual(steps, ["start a", "slow", "start b", "slow", "stop b", "stop a"]);
});

test("when a part fails to start, it and those before it are stopped and its error is thrown", async () => {
  const { steps, part, lifecycle } = setup();
  const broken = part("b", { start: () => Promise.reject(new Error("port taken")) });
  await assert.rejects(lifecycle.start([part("a"), broken, part("c")]), { message: "port taken" });
  assert.deepEqual(steps, ["start a", "start b", "stop b", "stop a"]);
});

test("a part that fails to stop is logged and holds up no other", async () => {
  const { steps, lines, part, lifecycle } = setup();
  const stuck = part("b", { stop: () => Promise.reject(new Error("will not")) });
  await lifecycle.start([part("a"), stuck, part("c")]);
  await lifecycle.stop();
  assert.deepEqual(steps.slice(3), ["stop c", "stop a"]);
  const { msg, part: name, error } = JSON.parse(lines[0] ?? "");
  assert.deepEqual([msg, name, error.message], ["part.stop-failed", "b", "will not"]);
});

test("stopping twice stops once, and both wait for it", async () => {
  const { steps, part, lifecycle } = setup();
  await lifecycle.start([part("a")]);
  await Promise.all([lifecycle.stop(), lifecycle.stop()]);
  await lifecycle.stop();
  assert.deepEqual(steps, ["start a", "stop a"]);
});

test("a stop while starting lets the part at hand finish, starts no other, and stops all", async () => {
  const { steps, part, lifecycle } = setup();
  const gate = Promise.withResolvers<void>();
  const starting = lifecycle.start([part("a"), part("b", { start: () => gate.promise }), part("c")]);
  const rejected = assert.rejects(starting, { name: "StoppedWhileStarting" });
  await new Promise((resolve) => setImmediate(resolve));
  const stopped = lifecycle.stop();
  gate.resolve();
  await Promise.all([rejected, stopped]);
  assert.deepEqual(steps, ["start a", "start b", "stop b", "stop a"]);
});

test("nothing starts after a stop", async () => {
  const { steps, part, lifecycle } = setup();
  await lifecycle.stop();
  await assert.rejects(lifecycle.start([part("a")]), { name: "StoppedWhileStarting" });
  assert.deepEqual(steps, []);
});
